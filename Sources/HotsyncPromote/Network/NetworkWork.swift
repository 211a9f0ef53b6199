import HotsyncConfig
import HotsyncFacts
import HotsyncSystem

/// What the network step does in code of its own. Each work finds all that it needs in its values, and can be done again.
struct NetworkWork {
  let world: PromotionWorld
  let person: any Operator

  /// How long the master's network stays without being confirmed.
  static let patience = 90
  /// The way back is not begun while the answer is on its way.
  private static let margin = 5
  private static let probeLimit = Duration.seconds(3)
  private static let unit = "hotsync-network-return"

  init(_ world: PromotionWorld, _ person: any Operator) {
    self.world = world
    self.person = person
  }

  // MARK: The works

  static func probe(_ plan: NetworkPlan) -> OwnWork {
    let shown = plan.addresses.map { "\($0.address) (\($0.interface))" }.joined(separator: ", ")
    return OwnWork(
      "probe", ["addresses": text(plan.addresses)], shown: "ask the wire whether anybody has \(shown)",
      needsMachine: true)
  }

  static func save(_ plan: NetworkPlan) -> OwnWork {
    OwnWork(
      "save",
      [
        "interfaces": plan.interfaces.joined(separator: " "), "before": plan.before.joined(separator: " "),
        "new": plan.files.map(\.path).joined(separator: "\n"),
      ],
      shown: "save /etc/network and the way back to it", needsMachine: true)
  }

  static func apply(_ plan: NetworkPlan) -> OwnWork {
    var values = [
      "addresses": text(plan.addresses), "interfaces": plan.interfaces.joined(separator: " "),
      "removed": plan.removed.joined(separator: "\n"),
    ]
    for file in plan.files { values["file \(String(file.permissions, radix: 8)) \(file.path)"] = file.text }
    let names = plan.interfaces.joined(separator: " ")
    return OwnWork(
      "apply", values,
      shown: "systemd-run --on-active=\(patience) --unit=\(unit); ifdown --force \(names); ifup --force \(names); "
        + "announce \(plan.addresses.map(\.address.description).joined(separator: " ")); check; "
        + "go back after \(patience) s unless confirmed", needsMachine: true)
  }

  static let check = OwnWork(
    "check", shown: "wait until the network is mended by hand, and check it", needsMachine: true)
  static let takeover = OwnWork("takeover", shown: "run /etc/hotsync/takeover.d", needsMachine: true)

  private static func text(_ places: [NetworkPlan.Place]) -> String {
    places.map { "\($0.interface)=\($0.address)" }.joined(separator: " ")
  }

  static func places(_ work: OwnWork) -> [NetworkPlan.Place] {
    (work.values["addresses"] ?? "").split(separator: " ").compactMap { word in
      let parts = word.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let address = InternetAddress(text: parts[1]) else { return nil }
      return NetworkPlan.Place(interface: String(parts[0]), address: address)
    }
  }

  private static func names(_ work: OwnWork, _ key: String) -> [String] {
    (work.values[key] ?? "").split(separator: " ").map(String.init)
  }

  // MARK: Probe

  func probe(_ work: OwnWork) throws(PromoteError) -> String {
    let places = NetworkWork.places(work)
    for (interface, group) in Dictionary(grouping: places, by: \.interface).sorted(by: { $0.key < $1.key }) {
      let addresses = group.map(\.address)
      let answers: [InternetAddress: HardwareAddress]
      do throws(SystemError) {
        _ = run("ip", ["link", "set", "dev", interface, "up"])
        answers = try LinkProbe(interface).whoHas(addresses, atMost: NetworkWork.probeLimit)
      } catch {
        // A bridge or a bond is not there before it is made: its addresses are asked for when they are up (DAD).
        continue
      }
      guard let taken = answers.min(by: { $0.key.description < $1.key.description }) else { continue }
      throw PromoteError(
        .refused, "cannot take", "\(taken.key) on \(interface)", cause: "\(taken.value) answers at it",
        next: "find out who that is (ip neighbour; arping): switch it off, then go on with hotsync-promote, or go on "
          + "without the address: --network skip")
    }
    return "nobody has them"
  }

  // MARK: Save

  private static let saved = FileName(checked: "network-before")
  private static let script = FileName(checked: "network-return")
  private static let returned = FileName(checked: "network-returned")
  private static let tree = ["interfaces", "interfaces.d"]

  private func folder() throws(PromoteError) -> Folder {
    try PromoteError.telling { () throws(SystemError) in try world.root.folder.folder(at: world.folder.path) }
  }

  private var folderPath: String { "\(world.rootPath)/\(world.folder.path.utf8Text ?? "")" }

  /// Nothing where that was done before: what stands there then is the master's already.
  func save(_ work: OwnWork) throws(PromoteError) -> String {
    let folder = try folder()
    try PromoteError.telling { () throws(SystemError) in
      if try folder.statusIfPresent(NetworkWork.script) != nil { return }
      try folder.removeTree(NetworkWork.saved)
      let saved = try folder.makeOrOpenFolder(NetworkWork.saved)
      guard let path = RelativePath("etc/network"), let network = try world.root.folder.folderIfPresent(at: path) else {
        return
      }
      for name in NetworkWork.tree.compactMap({ FileName($0) }) {
        guard let status = try network.statusIfPresent(name) else { continue }
        if status.kind != .folder {
          try network.copyEntry(name, into: saved, as: name, isDurable: true)
          continue
        }
        let below = try network.folder(name)
        let target = try saved.makeOrOpenFolder(name, permissions: 0o755)
        for file in try below.names() where try below.status(file).kind != .folder {
          try below.copyEntry(file, into: target, as: file, isDurable: true)
        }
        try target.descriptor.takeMetadata(of: below.descriptor)
        try target.synchronize()
      }
      // The way back copies the folders as they are here, modes included.
      try saved.descriptor.takeMetadata(of: network.descriptor)
      try saved.synchronize()
    }
    let text = NetworkWork.returnScript(
      folder: folderPath, interfaces: NetworkWork.names(work, "interfaces"), before: NetworkWork.names(work, "before"),
      new: (work.values["new"] ?? "").split(separator: "\n").map(String.init))
    try PromoteError.telling { () throws(SystemError) in
      try folder.replace(NetworkWork.script, with: Array(text.utf8), permissions: 0o700)
    }
    return ""
  }

  /// What the timer runs: it stands alone, as whoever started it may be gone.
  static func returnScript(folder: String, interfaces: [String], before: [String], new: [String]) -> String {
    let all = interfaces.map(quotedForShell).joined(separator: " ")
    let own = before.map(quotedForShell).joined(separator: " ")
    return """
      #!/bin/sh
      # Gives this machine the network back that it had before the promotion. Made by hotsync-promote.
      cd \(quotedForShell(folder)) || exit 1
      for interface in \(all); do
        ifdown --force "$interface"
        ip address flush dev "$interface" scope global
      done
      rm -f \(new.map(quotedForShell).joined(separator: " "))
      cp -a network-before/. /etc/network/ || exit 1
      for interface in \(own); do ifup --force "$interface"; done
      : >network-returned

      """
  }

  // MARK: Apply

  func apply(_ work: OwnWork) throws(PromoteError) -> String {
    let folder = try folder()
    try PromoteError.telling { () throws(SystemError) in try folder.unlinkIfPresent(NetworkWork.returned) }
    try arm()
    try putFiles(work)
    let interfaces = NetworkWork.names(work, "interfaces")
    down(interfaces)
    var failures: [String] = []
    for name in interfaces {
      if let failure = run("ifup", ["--force", name], limit: .seconds(45)) {
        failures.append("ifup \(name) \(failure)")
      }
    }
    let places = NetworkWork.places(work)
    announce(places)
    let missing = missing(places)
    if !missing.isEmpty { failures.append("\(missing.joined(separator: ", ")) did not come up") }
    guard try isKept(missing.isEmpty, failures) else {
      try goBack()
      throw PromoteError(
        .refused, "cannot keep", "the master's network",
        cause: failures.isEmpty
          ? "nobody confirmed it: this machine has its own network back" : failures.joined(separator: "; "),
        next: "try again: hotsync-promote; or choose another way: hotsync-promote --network manual, or skip")
    }
    disarm()
    // It may have begun while the answer was typed.
    let isBack = try PromoteError.telling { () throws(SystemError) in
      try folder.statusIfPresent(NetworkWork.returned) != nil
    }
    guard !isBack else {
      throw PromoteError(
        .refused, "cannot keep", "the master's network", cause: "the \(NetworkWork.patience) seconds were over",
        next: "try again: hotsync-promote")
    }
    announce(places)
    return failures.isEmpty ? "" : failures.joined(separator: "\n")
  }

  /// A transient unit of systemd's holds the time: this terminal may go with the network.
  private func arm() throws(PromoteError) {
    disarm()
    let arguments = [
      "--collect", "--quiet", "--unit=\(NetworkWork.unit)", "--on-active=\(NetworkWork.patience)",
      "--timer-property=AccuracySec=1s", "/bin/sh", "\(folderPath)/\(NetworkWork.script)",
    ]
    guard let failure = run("systemd-run", arguments) else { return }
    throw PromoteError(
      .failed, "cannot arm", "the way back from the master's network", cause: "systemd-run \(failure)",
      next: "nothing was changed yet: mend that, then hotsync-promote; or give addresses by hand: --network manual")
  }

  private func disarm() { _ = run("systemctl", ["stop", "\(NetworkWork.unit).timer"]) }

  /// The files are there already, unless the way back was gone meanwhile.
  private func putFiles(_ work: OwnWork) throws(PromoteError) {
    for (key, text) in work.values.sorted(by: { $0.key < $1.key }) where key.hasPrefix("file ") {
      let words = key.split(separator: " ", maxSplits: 2)
      guard words.count == 3, let mode = UInt16(words[1], radix: 8), let path = LivePath(String(words[2])) else {
        continue
      }
      try PromoteError.telling { () throws(SystemError) in
        let parent = try world.root.folder.parentFolder(of: path.path)
        guard try parent.content(of: path.path.name, limit: FactFile.limit) != Array(text.utf8) else { return }
        try parent.replace(path.path.name, with: Array(text.utf8), permissions: UInt32(mode))
      }
    }
    for path in (work.values["removed"] ?? "").split(separator: "\n").compactMap({ LivePath(String($0)) }) {
      try PromoteError.telling { () throws(SystemError) in
        try world.root.folder.parentFolder(of: path.path).unlinkIfPresent(path.path.name)
      }
    }
  }

  private func down(_ interfaces: [String]) {
    for name in interfaces {
      _ = run("ifdown", ["--force", name], limit: .seconds(45))
      _ = run("ip", ["address", "flush", "dev", name, "scope", "global"])
    }
  }

  private func announce(_ places: [NetworkPlan.Place]) {
    for (interface, group) in Dictionary(grouping: places, by: \.interface) {
      try? LinkProbe(interface).announce(group.map(\.address))
    }
  }

  private func missing(_ places: [NetworkPlan.Place]) -> [String] {
    guard let now = try? Facts.Network.gathered(below: world.root.folder, isMachine: world.isMachine) else { return [] }
    let there = Set(now.interfaces.flatMap(\.addresses).compactMap { InternetAddress(text: $0.address) })
    return places.map(\.address).filter { !there.contains($0) }.map(\.description)
  }

  // MARK: Confirming

  private var internet: InternetCheck { InternetCheck(targets: world.configuration.promote.internetCheck) }

  private func internetWords(_ answering: String?) -> String {
    if world.configuration.promote.internetCheck.isEmpty { return "promote.internet_check is empty: nobody was asked." }
    return answering.map { "The Internet answers (\($0))." }
      ?? "The Internet does not answer: services that need it may fail to start."
  }

  /// A person decides where there is one; else what can be seen does.
  private func isKept(_ isUp: Bool, _ failures: [String]) throws(PromoteError) -> Bool {
    let start = world.clocks.elapsed()
    let patience = Duration.seconds(NetworkWork.patience - NetworkWork.margin)
    guard person.canBeAsked else { return isUp }
    failures.forEach(person.tell)
    person.tell(isUp ? "The master's addresses are here." : "Not all of the master's addresses are here.")
    person.tell(internetWords(internet.answering()))
    while true {
      let left = patience - (world.clocks.elapsed() - start)
      guard left > .zero else { return false }
      let answer = try person.ask(
        "Keep this network? Type yes within \(Int(left.components.seconds)) s, again to check again; anything else goes back:",
        atMost: left)
      switch answer {
      case "yes": return true
      case "again": person.tell(internetWords(internet.answering()))
      default: return false
      }
    }
  }

  private func goBack() throws(PromoteError) {
    disarm()
    _ = run("/bin/sh", ["\(folderPath)/\(NetworkWork.script)"], limit: .seconds(120))
  }

  /// Until the operator says that it is done.
  func checkByHand() throws(PromoteError) -> String {
    guard person.canBeAsked else { return internetWords(internet.answering()) }
    person.tell("Mend the network in another window. Nothing is changed here meanwhile.")
    while true {
      let answer = try person.ask("Type check to check it, or skip to go on without:", atMost: nil)
      if answer == "skip" { return "the operator goes on without a check" }
      // The terminal was closed.
      guard !answer.isEmpty else {
        throw PromoteError(
          .refused, "cannot go on without", "an answer about the network", cause: "the terminal was closed",
          next: "go on with: hotsync-promote")
      }
      guard answer == "check" else { continue }
      if let answering = internet.answering() { return internetWords(answering) }
      person.tell(internetWords(nil))
    }
  }

  // MARK: Taking back

  /// The files are put back after this, and the interfaces brought up again by `bringBack`.
  func takeDown(_ work: OwnWork) {
    disarm()
    down(NetworkWork.names(work, "interfaces"))
  }

  func bringBack(_ work: OwnWork) throws(PromoteError) {
    var failures: [String] = []
    for name in NetworkWork.names(work, "before") {
      if let failure = run("ifup", ["--force", name], limit: .seconds(45)) {
        failures.append("ifup \(name) \(failure)")
      }
    }
    guard failures.isEmpty else {
      throw PromoteError(
        .failed, "cannot bring back", "this machine's network", cause: failures.joined(separator: "; "),
        next: "bring it up by hand (ifup -a), then go on with: hotsync-promote --rollback")
    }
  }

  // MARK: Programs

  /// - Returns: how it failed; nil where it did not.
  private func run(_ program: String, _ arguments: [String], limit: Duration = .seconds(30)) -> String? {
    let isPath = program.hasPrefix("/")
    let tool = Tool(
      isPath ? String(program.split(separator: "/").last ?? "") : program,
      in: isPath ? ["/bin", "/usr/bin"] : ["/usr/sbin", "/sbin", "/usr/bin", "/bin"], limit: limit)
    do throws(SystemError) {
      let result = try tool.run(arguments, outputLimit: 64 << 10)
      return result.succeeded ? nil : result.failure
    } catch { return "cannot be run: \(error.cause)" }
  }
}

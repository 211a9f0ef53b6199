import HotsyncFacts
import HotsyncSystem
import Logging

/// What the guard looks at and does on the machine that it guards.
final class GuardedMachine {
  let root: Folder
  /// False in a root folder that is not the machine's own: then commands are told and not run.
  let isMachine: Bool
  let log: Logger

  private static let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
  private static let outputLimit = 64 << 10

  init(root: consuming Folder, log: Logger) throws {
    isMachine = try root.isMachineRoot()
    self.root = root
    self.log = log
  }

  // MARK: What it has

  /// The files of interfaces(5); empty where another manager brings the network up.
  func interfaceFiles() throws -> [InterfacesFile] {
    guard let folder = RelativePath("etc/network"), let main = FileName("interfaces"),
      let others = FileName("interfaces.d"), let network = try root.folderIfPresent(at: folder)
    else { return [] }
    var contents = [try network.content(of: main, limit: FactFile.limit)]
    if try network.statusIfPresent(others)?.kind == .folder {
      let below = try network.folder(others)
      for name in try below.names() where try below.status(name).kind == .regular {
        contents.append(try below.content(of: name, limit: FactFile.limit))
      }
    }
    return contents.compactMap { $0 }.map { InterfacesFile(String(decoding: $0, as: UTF8.self)) }
  }

  /// Addresses that stand in the machine's own files: those that whoever is promoted takes over.
  func serviceAddresses() throws -> [InterfacesFile.Address] { try interfaceFiles().flatMap(\.addresses) }

  /// What is enabled and serves.
  func managedUnits() throws -> [String] {
    BaseUnits.managed(try Facts.Services.gathered(below: root, isMachine: isMachine).enabled)
  }

  // MARK: The wire

  /// Which of the addresses another machine answers at.
  ///
  /// - Parameter makesLinks: interfaces are brought up without an address first, as at boot nobody has.
  func taken(
    _ addresses: [InterfacesFile.Address], atMost limit: Duration, makesLinks: Bool, clocks: Clocks
  ) -> [InternetAddress: HardwareAddress] {
    guard isMachine else { return [:] }
    let start = clocks.elapsed()
    let byInterface = Dictionary(grouping: addresses.filter(\.address.isVersion4), by: \.interface)
    let names = byInterface.keys.sorted()
    if makesLinks {
      for name in names { run("ip", ["link", "set", "dev", name, "up"]) }
      awaitCarrier(names, atMost: limit / 2, clocks)
    }
    var found: [InternetAddress: HardwareAddress] = [:]
    let own = ownCards()
    for (place, name) in names.enumerated() {
      let left = max(.zero, limit - (clocks.elapsed() - start)) / (names.count - place)
      do {
        let answers = try LinkProbe(name).whoHas(byInterface[name]?.map(\.address) ?? [], atMost: left, clocks: clocks)
        // A machine with two cards on one wire answers itself.
        found.merge(answers.filter { !own.contains($0.value) }) { first, _ in first }
      } catch { log.debug("guard: \(name) cannot be asked: \(error.cause)") }
    }
    return found
  }

  private func awaitCarrier(_ names: [String], atMost limit: Duration, _ clocks: Clocks) {
    let start = clocks.elapsed()
    while clocks.elapsed() - start < limit, !names.allSatisfy({ kernelSays("carrier", of: $0) == "1" }) {
      Worker.pause(.milliseconds(50))
    }
  }

  private func kernelSays(_ what: String, of interface: String) -> String? {
    let file = try? Descriptor.open("/sys/class/net/\(interface)/\(what)")
    guard file != nil, let bytes = try? file?.readAll(limit: 256) else { return nil }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  private func ownCards() -> Set<HardwareAddress> {
    guard let names = try? Folder.open("/sys/class/net").names() else { return [] }
    return Set(
      names.compactMap { kernelSays("address", of: String(decoding: $0.bytes, as: UTF8.self)) }
        .compactMap { HardwareAddress(text: $0) })
  }

  // MARK: What is done to it

  /// Takes the service addresses off the interfaces that have them.
  ///
  /// - Returns: what was taken off, in words.
  func dropAddresses(_ addresses: [InterfacesFile.Address]) throws -> [String] {
    let service = Set(addresses.map(\.address))
    var done: [String] = []
    let interfaces =
      isMachine ? try Facts.Network.gathered(below: root, isMachine: true).interfaces : []
    for interface in interfaces {
      for address in interface.addresses where !address.isLease {
        guard let known = InternetAddress(text: address.address), service.contains(known) else { continue }
        let words = "\(known)/\(address.prefix)"
        if run("ip", ["address", "del", words, "dev", interface.name]) {
          done.append("took \(words) off \(interface.name)")
        }
      }
    }
    return done
  }

  /// Brings those interfaces up that ask a server for their address, where the network was not started: that is no service
  /// address, and a way in.
  func raiseOthers(_ files: [InterfacesFile]) throws {
    let others = files.map(\.withoutOwnAddresses)
    guard others.contains(where: { !$0.leased.isEmpty }), let name = FileName("interfaces.fenced") else { return }
    let text = others.map(\.text).joined(separator: "\n").split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("source") }.joined(separator: "\n")
    try runFolder().replace(name, with: Array(text.utf8), permissions: 0o644)
    run("ifup", ["--interfaces=/run/hotsync/interfaces.fenced", "--all"])
  }

  func stop(_ units: [String]) { if !units.isEmpty { run("systemctl", ["stop", "--"] + units) } }

  func start(_ units: [String]) {
    if !units.isEmpty { run("systemctl", ["start", "--no-block", "--"] + units) }
  }

  /// Whether it succeeded; always in a root that is not the machine's own, where it is only told.
  @discardableResult
  private func run(_ program: String, _ arguments: [String]) -> Bool {
    let words = ([program] + arguments).joined(separator: " ")
    guard isMachine else {
      log.notice("guard: would run: \(words)")
      return true
    }
    do {
      let tool = Tool(program, in: GuardedMachine.folders, limit: .seconds(90))
      let result = try tool.run(arguments, outputLimit: GuardedMachine.outputLimit)
      if !result.succeeded { log.warning("guard: \(words) \(result.failure)") }
      return result.succeeded
    } catch {
      log.warning("guard: \(words): \(error.cause)")
      return false
    }
  }

  // MARK: What it shows

  private static let flag = "fenced"
  private static let issue = "hotsync.issue"

  /// What units look at (`ConditionPathExists=!/run/hotsync/fenced`): nil, `fenced` or `held`.
  func shownFlag() throws -> String? {
    guard let path = RelativePath("run/hotsync"), let name = FileName(GuardedMachine.flag),
      let folder = try root.folderIfPresent(at: path), let bytes = try folder.content(of: name, limit: 256)
    else { return nil }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Raises the flag and says why above the login, or takes both away.
  func show(_ word: String?, _ lines: [String]) throws {
    guard let flag = FileName(GuardedMachine.flag), let issue = FileName(GuardedMachine.issue) else { return }
    let text = lines.map { $0.filter { $0 != "\\" } + "\n" }.joined()
    if let word {
      try runFolder().replace(flag, with: Array("\(word)\n".utf8), permissions: 0o644)
      let folder = try issueFolder()
      let there = try folder.content(of: issue, limit: 64 << 10)
      if there != Array(text.utf8) { try folder.replace(issue, with: Array(text.utf8), permissions: 0o644) }
    } else {
      try runFolder().unlinkIfPresent(flag)
      try issueFolder().unlinkIfPresent(issue)
    }
  }

  /// Says it at once to whoever sits there.
  func tellConsole(_ lines: [String]) {
    guard isMachine, let console = try? Descriptor.open("/dev/console", .writing) else { return }
    try? console.write(Array(("\r\n" + lines.joined(separator: "\r\n") + "\r\n").utf8))
  }

  private func runFolder() throws -> Folder { try makeWay(["run", "hotsync"]) }
  private func issueFolder() throws -> Folder { try makeWay(["etc", "issue.d"]) }

  private func makeWay(_ names: [String]) throws -> Folder {
    var here = try root.duplicate()
    for text in names {
      if let name = FileName(text) { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
    }
    return here
  }
}

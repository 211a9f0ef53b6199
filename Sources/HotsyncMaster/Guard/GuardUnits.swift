import HotsyncFacts
public import HotsyncSystem

/// What makes the guard's word count: files beside the units that serve, which say that they start after the guard and not on a
/// machine that it holds back. They are plain drop-ins (systemd.unit(5)) with a name of our own, made again as often as
/// `apply` runs, and removed where they have no use any more.
public enum GuardUnits {
  private static let fileName = "50-hotsync.conf"
  /// The network waits for the wire to be asked; a template's drop-in counts for all its instances.
  private static let network = ["networking.service", "ifup@.service"]
  private static let ours = ["hotsync-guard-link.service", "hotsync-guard.service", "hotsync-guard.timer"]

  /// - Parameter isMaster: this machine is master of a connection; false removes all of it.
  /// - Returns: what was changed, in words.
  public static func apply(_ root: borrowing Folder, isMaster: Bool) throws -> [String] {
    let isMachine = try root.isMachineRoot()
    let units =
      isMaster ? BaseUnits.managed(try Facts.Services.gathered(below: root, isMachine: isMachine).enabled) : []
    let early = isMachine ? try earlyUnits(units) : []
    var wanted: [String: String] = [:]
    for unit in units { wanted[unit] = dropIn(of: unit, mayWait: !early.contains(unit)) }
    if isMaster { for unit in network { wanted[unit] = networkDropIn } }
    var changed = try write(wanted, root)
    guard isMachine, isThere(root) else { return changed }
    if !changed.isEmpty { systemctl(["daemon-reload"]) }
    for unit in ours where isMaster != systemctl(["is-enabled", "--quiet", unit]) {
      let isTimer = unit.hasSuffix(".timer")
      let verb = [isMaster ? "enable" : "disable"] + (isTimer ? ["--now"] : [])
      if systemctl(verb + [unit]) { changed.append("\(unit): \(isMaster ? "enabled" : "disabled")") }
    }
    return changed
  }

  // MARK: Texts

  private static let head = "# Made by hotsync apply; removed again where this machine is no master.\n"

  /// What the machine waits for before it is up cannot wait for the guard, which waits for the network.
  static func dropIn(of unit: String, mayWait: Bool) -> String {
    let waits = mayWait && (unit.hasSuffix(".service") || unit.hasSuffix(".timer"))
    return head + "[Unit]\n" + (waits ? "After=hotsync-guard.service\n" : "")
      + "PartOf=hotsync-managed.target\nConditionPathExists=!/run/hotsync/fenced\n"
  }

  static let networkDropIn =
    head + "[Unit]\nAfter=hotsync-guard-link.service\nConditionPathExists=!/run/hotsync/fenced\n"

  // MARK: Files

  /// Writes what is wanted and differs, and removes what is ours and not wanted.
  static func write(_ wanted: [String: String], _ root: borrowing Folder) throws -> [String] {
    guard let file = FileName(fileName), let place = RelativePath("etc/systemd/system") else { return [] }
    var changed: [String] = []
    for (unit, text) in wanted.sorted(by: { $0.key < $1.key }) {
      guard let name = FileName("\(unit).d") else { continue }
      let folder = try makeWay(root).makeOrOpenFolder(name, permissions: 0o755)
      guard try folder.content(of: file, limit: 65_536) != Array(text.utf8) else { continue }
      try folder.replace(file, with: Array(text.utf8), permissions: 0o644)
      changed.append("\(unit): waits for the guard")
    }
    guard let system = try root.folderIfPresent(at: place) else { return changed }
    for name in try system.names() {
      let text = String(decoding: name.bytes, as: UTF8.self)
      guard text.hasSuffix(".d"), wanted[String(text.dropLast(2))] == nil,
        try system.status(name).kind == .folder
      else { continue }
      let folder = try system.folder(name)
      guard try folder.statusIfPresent(file) != nil else { continue }
      try folder.unlink(file)
      // Where it held nothing else.
      try? system.removeFolder(name)
      changed.append("\(text.dropLast(2)): does not wait for the guard any more")
    }
    return changed
  }

  private static func makeWay(_ root: borrowing Folder) throws -> Folder {
    var here = try root.duplicate()
    for text in ["etc", "systemd", "system"] {
      if let name = FileName(text) { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
    }
    return here
  }

  /// Whether systemd runs here, and our units are installed.
  private static func isThere(_ root: borrowing Folder) -> Bool {
    guard (try? Folder.open("/run/systemd/system")) != nil else { return false }
    return systemctl(["cat", "hotsync-guard.service"])
  }

  // MARK: systemctl

  private static let program = Tool(
    "systemctl", in: ["/usr/bin", "/bin"], variables: ["SYSTEMD_PAGER": ""], limit: .seconds(60))

  @discardableResult
  private static func systemctl(_ arguments: [String]) -> Bool {
    (try? program.run(arguments, outputLimit: 1 << 20).succeeded) ?? false
  }

  /// Those that others of the early boot wait for.
  private static func earlyUnits(_ units: [String]) throws -> Set<String> {
    let plain = units.filter { !$0.contains("@.") }
    guard !plain.isEmpty,
      let result = try? program.run(["show", "--property=Id,Before", "--"] + plain, outputLimit: 4 << 20)
    else { return [] }
    return early(String(decoding: result.output, as: UTF8.self))
  }

  /// What `systemctl show --property=Id,Before` says.
  static func early(_ text: String) -> Set<String> {
    let awaited: Set<String> = [
      "network-pre.target", "network.target", "network-online.target", "sysinit.target", "basic.target",
      "sockets.target", "paths.target", "local-fs.target", "nss-lookup.target", "hotsync-guard.service",
    ]
    var found: Set<String> = []
    var name: Substring?
    var before: [Substring] = []
    // A block a unit, in any order of its lines; an empty line ends it.
    let lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
    for line in lines {
      if line.hasPrefix("Id=") { name = line.dropFirst(3) }
      if line.hasPrefix("Before=") { before = line.dropFirst(7).split(separator: " ") }
      guard line.isEmpty else { continue }
      if let name, before.contains(where: { awaited.contains(String($0)) }) { found.insert(String(name)) }
      (name, before) = (nil, [])
    }
    return found
  }
}

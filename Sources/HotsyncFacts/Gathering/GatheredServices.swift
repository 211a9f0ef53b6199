public import HotsyncSystem

extension Facts.Services: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Services {
    try Facts.Services(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] { ["etc/systemd/system", "etc/rc2.d"] }

  private static let folder = "etc/systemd/system"

  init(gathering source: Source) throws(FactsError) {
    var wanted: [String: Set<String>] = [:]
    var masked: [String] = []
    for name in try source.names(in: Facts.Services.folder) {
      if let unit = Facts.Services.puller(name) {
        for pulled in try source.names(in: "\(Facts.Services.folder)/\(name)") where Words.isUnit(pulled) {
          wanted[pulled, default: []].insert(unit)
        }
      } else if Words.isUnit(name), try Facts.Services.isMasked(name, source) {
        masked.append(name)
      }
    }
    let enabled = wanted.sorted { $0.key < $1.key }.map { Unit(name: $0.key, wantedBy: $0.value.sorted()) }
    self.init(enabled: enabled, masked: masked, scripts: try Facts.Services.scripts(source))
  }

  /// The unit that pulls in what stands in its folder `UNIT.wants` or `UNIT.requires`.
  private static func puller(_ name: String) -> String? {
    for suffix in [".wants", ".requires"] where name.hasSuffix(suffix) {
      let unit = String(name.dropLast(suffix.count))
      return Words.isUnit(unit) ? unit : nil
    }
    return nil
  }

  private static func isMasked(_ name: String, _ source: Source) throws(FactsError) -> Bool {
    let path = "\(folder)/\(name)"
    if try source.link(path) == "/dev/null" { return true }
    guard let status = try source.status(path) else { return false }
    return status.kind == .regular && status.size == 0
  }

  /// `S01cron` in `/etc/rc2.d` starts the script `cron`.
  private static func scripts(_ source: Source) throws(FactsError) -> [String] {
    let names = try source.names(in: "etc/rc2.d").filter { $0.hasPrefix("S") }.map { name in
      String(name.dropFirst().drop { $0.isASCII && $0.isNumber })
    }
    return Set(names.filter { Words.isUnit("\($0).service") }).sorted()
  }
}

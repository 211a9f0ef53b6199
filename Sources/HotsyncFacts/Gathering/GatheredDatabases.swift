public import HotsyncSystem

extension Facts.Databases: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Databases {
    try Facts.Databases(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] { ["var/lib/dpkg/status", "etc/postgresql"] }

  init(gathering source: Source) throws(FactsError) {
    let packages = try Facts.Packages.installed(source)
    func version(_ names: [String]) -> String? {
      // `mariadb-server` as well as `mariadb-server-10.5`; of several majors the newest.
      let found = packages.filter { package in
        names.contains { package.name == $0 || Facts.Databases.isMajor(package.name, of: $0) }
      }
      return found.max { Facts.Databases.major($0.version) < Facts.Databases.major($1.version) }?.version
    }
    var clusters: [String] = []
    for major in try source.names(in: "etc/postgresql") {
      for name in try source.names(in: "etc/postgresql/\(major)") {
        if try source.status("etc/postgresql/\(major)/\(name)")?.kind == .folder { clusters.append("\(major)/\(name)") }
      }
    }
    let engines = [
      Engine(
        engine: "mariadb", serverVersion: version(["mariadb-server", "mysql-server", "mysql-community-server"]),
        clientVersion: version(["mariadb-client", "mysql-client", "mysql-community-client"]), clusters: []),
      Engine(
        engine: "postgresql", serverVersion: version(["postgresql"]), clientVersion: version(["postgresql-client"]),
        clusters: clusters),
    ]
    self.init(engines: engines.filter { $0.serverVersion != nil || $0.clientVersion != nil })
  }

  /// Whether a package is the name with a number behind it: `postgresql-15`.
  private static func isMajor(_ package: String, of name: String) -> Bool {
    guard package.hasPrefix("\(name)-") else { return false }
    let rest = package.dropFirst(name.count + 1)
    return !rest.isEmpty && rest.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
  }

  /// The first number of a version behind its epoch.
  private static func major(_ version: String) -> Int {
    let upstream = version.split(separator: ":").last ?? ""
    return Int(upstream.prefix { $0.isASCII && $0.isNumber }) ?? 0
  }
}

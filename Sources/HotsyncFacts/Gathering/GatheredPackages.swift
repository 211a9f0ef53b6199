public import HotsyncSystem

extension Facts.Packages: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Packages {
    try Facts.Packages(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] {
    ["var/lib/dpkg/status", "var/lib/apt/extended_states", "usr/share/keyrings"] + sourcePlaces
  }

  private static let sourcePlaces = [
    "etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/preferences", "etc/apt/preferences.d",
    "etc/apt/auth.conf", "etc/apt/auth.conf.d", "etc/apt/keyrings", "etc/apt/trusted.gpg", "etc/apt/trusted.gpg.d",
  ]

  init(gathering source: Source) throws(FactsError) {
    let automatic = try Facts.Packages.automatic(source)
    var packages = try Facts.Packages.installed(source)
    for (index, package) in packages.enumerated() where automatic.contains("\(package.name) \(package.architecture)") {
      packages[index] = Package(
        name: package.name, version: package.version, architecture: package.architecture, isHeld: package.isHeld,
        isAutomatic: true)
    }
    var files = try source.files(at: Facts.Packages.sourcePlaces)
    // A keyring that a source names with `Signed-By`; the folder holds those of packages as well.
    let texts = files.compactMap(\.text)
    for name in try source.names(in: "usr/share/keyrings") {
      let path = "usr/share/keyrings/\(name)"
      guard texts.contains(where: { $0.contains("/\(path)") }), let file = try source.file(path) else { continue }
      files.append(file)
    }
    self.init(packages: packages, sources: files)
  }

  /// What dpkg has installed, in the order of names.
  static func installed(_ source: Source) throws(FactsError) -> [Package] {
    let status = try source.content("var/lib/dpkg/status") ?? []
    var packages: [Package] = []
    for fields in ControlFile.paragraphs(status, fields: ["Package", "Status", "Architecture", "Version"]) {
      let words = (fields["Status"] ?? "").split(separator: " ")
      guard words.count == 3, words[2] == "installed", let name = fields["Package"], let version = fields["Version"],
        let architecture = fields["Architecture"], Words.isPackage(name), Words.isVersion(version),
        Words.isArchitecture(architecture)
      else { continue }
      packages.append(
        Package(
          name: name, version: version, architecture: architecture, isHeld: words[0] == "hold", isAutomatic: false))
    }
    return packages.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  /// `NAME ARCHITECTURE` of what apt installed only because another package needs it.
  private static func automatic(_ source: Source) throws(FactsError) -> Set<String> {
    let states = try source.content("var/lib/apt/extended_states") ?? []
    let marked = ControlFile.paragraphs(states, fields: ["Package", "Architecture", "Auto-Installed"])
    return Set(
      marked.filter { $0["Auto-Installed"] == "1" }.map { "\($0["Package"] ?? "") \($0["Architecture"] ?? "")" })
  }
}

public import HotsyncSystem

extension Facts.Machine: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Machine {
    try Facts.Machine(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] { ["etc/hostname", "etc/os-release", "usr/lib/os-release"] + keyFiles }

  private static let keyFiles = ["ecdsa", "ed25519", "rsa"].map { "etc/ssh/ssh_host_\($0)_key.pub" }

  init(gathering source: Source) throws(FactsError) {
    let configured = try source.lines("etc/hostname").first?.split(separator: " ").first.map(String.init)
    let names = [configured, Environment.hostName].compactMap(\.self)
    let release = try Facts.Machine.release(source)
    var keys: [String] = []
    for path in Facts.Machine.keyFiles {
      // Without the comment, which says who made it and when.
      let words = try source.lines(path).first?.split(separator: " ").prefix(2) ?? []
      if words.count == 2, words[0].hasPrefix("ssh-") || words[0].hasPrefix("ecdsa-") {
        keys.append(words.joined(separator: " "))
      }
    }
    self.init(
      hostName: names.first(where: Words.isHost) ?? "localhost",
      system: OperatingSystem(
        id: release["ID"] ?? "", version: release["VERSION_ID"] ?? "", name: release["PRETTY_NAME"] ?? ""),
      architecture: Facts.Machine.ownArchitecture, hostKeys: keys.filter { Words.isLine($0, atMost: 8_192) })
  }

  /// This program runs on the machine whose files are read.
  private static var ownArchitecture: String {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  /// The settings of os-release(5); `/etc/os-release` is a link to the other one on most machines.
  private static func release(_ source: Source) throws(FactsError) -> [String: String] {
    let own = try source.lines("etc/os-release")
    var settings: [String: String] = [:]
    for line in own.isEmpty ? try source.lines("usr/lib/os-release") : own {
      guard let equals = line.firstIndex(of: "=") else { continue }
      var value = line[line.index(after: equals)...]
      for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
        value = value.dropFirst().dropLast()
      }
      if Words.isLine(String(value)) { settings[String(line[..<equals])] = String(value) }
    }
    return settings
  }
}

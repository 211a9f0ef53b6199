import HotsyncSystem

extension Facts {
  /// What is installed, and where it comes from.
  public struct Packages: FactsDocument {
    public static let name = "packages"

    /// In the order of their names.
    public let packages: [Package]
    /// apt's sources, preferences, credentials and keyrings.
    public let sources: [FactFile]

    public struct Package: Codable, Equatable, Sendable {
      public let name: String
      public let version: String
      public let architecture: String
      /// Not to be changed by upgrades.
      public let isHeld: Bool
      /// Installed only because another needs it.
      public let isAutomatic: Bool

      public init(name: String, version: String, architecture: String, isHeld: Bool, isAutomatic: Bool) {
        self.name = name
        self.version = version
        self.architecture = architecture
        self.isHeld = isHeld
        self.isAutomatic = isAutomatic
      }

      private enum Key: String, CodingKey { case name, version, architecture, held, automatic }

      public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        name = try container.decode(String.self, forKey: .name)
        version = try container.decode(String.self, forKey: .version)
        architecture = try container.decode(String.self, forKey: .architecture)
        isHeld = try container.decodeIfPresent(Bool.self, forKey: .held) ?? false
        isAutomatic = try container.decodeIfPresent(Bool.self, forKey: .automatic) ?? false
      }

      public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(version, forKey: .version)
        try container.encode(architecture, forKey: .architecture)
        if isHeld { try container.encode(true, forKey: .held) }
        if isAutomatic { try container.encode(true, forKey: .automatic) }
      }
    }

    public init(packages: [Package], sources: [FactFile]) {
      self.packages = packages
      self.sources = sources
    }

    /// Where its sources may stand.
    static let places = ["etc/apt", "usr/share/keyrings"]

    public var objection: String? {
      HotsyncFacts.objection(packages, "packages") {
        Words.isPackage($0.name) && Words.isVersion($0.version) && Words.isArchitecture($0.architecture)
          ? nil : "the package \(shown($0.name.utf8.prefix(100))) cannot be one"
      }
        ?? HotsyncFacts.objection(sources, "files") { $0.objection(in: Packages.places) }
    }
  }
}

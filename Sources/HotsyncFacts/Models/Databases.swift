import HotsyncSystem

extension Facts {
  /// The database servers that are installed.
  public struct Databases: FactsDocument {
    public static let name = "databases"

    /// In the order of their names.
    public let engines: [Engine]

    public struct Engine: Codable, Equatable, Sendable {
      /// As in the configuration: `mariadb`, `postgresql`.
      public let engine: String
      /// Of the package: `1:10.11.14-0+deb12u2`; nil where only its client is installed.
      public let serverVersion: String?
      /// Nil where no client is installed.
      public let clientVersion: String?
      /// PostgreSQL's clusters, as `VERSION/NAME`: `15/main`.
      public let clusters: [String]

      public init(engine: String, serverVersion: String?, clientVersion: String?, clusters: [String]) {
        self.engine = engine
        self.serverVersion = serverVersion
        self.clientVersion = clientVersion
        self.clusters = clusters
      }

      private enum CodingKeys: String, CodingKey {
        case engine
        case serverVersion = "server_version"
        case clientVersion = "client_version"
        case clusters
      }
    }

    public init(engines: [Engine]) { self.engines = engines }

    public var objection: String? {
      HotsyncFacts.objection(engines, "engines") { engine in
        let isSound =
          Words.isLine(engine.engine, atMost: 64) && engine.serverVersion.map(Words.isVersion) ?? true
          && engine.clientVersion.map(Words.isVersion) ?? true && engine.clusters.count <= 1_024
          && engine.clusters.allSatisfy { RelativePath($0)?.levels == 2 && Words.isLine($0, atMost: 255) }
        return isSound ? nil : "the engine \(shown(engine.engine.utf8.prefix(100))) cannot be one"
      }
    }
  }
}

import HotsyncSystem

extension Facts {
  /// What is started at boot. Whether it runs at the moment is no fact.
  public struct Services: FactsDocument {
    public static let name = "services"

    /// In the order of their names.
    public let enabled: [Unit]
    /// Units that nothing may start.
    public let masked: [String]
    /// Names of scripts in `/etc/init.d` that runlevel 2 starts.
    public let scripts: [String]

    public struct Unit: Codable, Equatable, Sendable {
      /// `nginx.service`; of a template its instance: `hotsync@standby.timer`.
      public let name: String
      /// The units that pull it in: `multi-user.target`.
      public let wantedBy: [String]

      public init(name: String, wantedBy: [String]) {
        self.name = name
        self.wantedBy = wantedBy
      }

      private enum CodingKeys: String, CodingKey {
        case name
        case wantedBy = "wanted_by"
      }
    }

    public init(enabled: [Unit], masked: [String], scripts: [String]) {
      self.enabled = enabled
      self.masked = masked
      self.scripts = scripts
    }

    public var objection: String? {
      HotsyncFacts.objection(enabled, "units") {
        Words.isUnit($0.name) && $0.wantedBy.count <= 1_024 && $0.wantedBy.allSatisfy(Words.isUnit)
          ? nil : "the unit \(shown($0.name.utf8.prefix(100))) cannot be one"
      }
        ?? HotsyncFacts.objection(masked, "units") {
          Words.isUnit($0) ? nil : "the masked unit \(shown($0.utf8.prefix(100))) cannot be one"
        }
        ?? HotsyncFacts.objection(scripts, "scripts") {
          Words.isUnit("\($0).service") ? nil : "the script \(shown($0.utf8.prefix(100))) cannot be one"
        }
    }
  }
}

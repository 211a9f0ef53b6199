import HotsyncSystem

extension Facts {
  /// What the machine is.
  public struct Machine: FactsDocument {
    public static let name = "machine"

    /// Without its domain, or with it, as the machine is configured.
    public let hostName: String
    public let system: OperatingSystem
    /// As Debian names it: `amd64`.
    public let architecture: String
    /// The public host keys of its SSH server, each a line `ssh-ed25519 AAAA…`: who shows one of them is this machine.
    public let hostKeys: [String]

    public struct OperatingSystem: Codable, Equatable, Sendable {
      /// As in os-release(5): `debian`.
      public let id: String
      /// `12`; empty where it has none.
      public let version: String
      /// `Debian GNU/Linux 12 (bookworm)`.
      public let name: String

      public init(id: String, version: String, name: String) {
        self.id = id
        self.version = version
        self.name = name
      }
    }

    public init(hostName: String, system: OperatingSystem, architecture: String, hostKeys: [String]) {
      self.hostName = hostName
      self.system = system
      self.architecture = architecture
      self.hostKeys = hostKeys
    }

    private enum CodingKeys: String, CodingKey {
      case hostName = "host_name"
      case system, architecture
      case hostKeys = "host_keys"
    }

    public var objection: String? {
      guard Words.isHost(hostName) else { return "its host name cannot be one" }
      guard [system.id, system.version, system.name].allSatisfy({ Words.isLine($0) }) else {
        return "its system's name cannot be one"
      }
      guard Words.isArchitecture(architecture) else { return "its architecture cannot be one" }
      return HotsyncFacts.objection(hostKeys, "host keys") {
        Words.isLine($0, atMost: 8_192) ? nil : "a host key cannot be one"
      }
    }
  }
}

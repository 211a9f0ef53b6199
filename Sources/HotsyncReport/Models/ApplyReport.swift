public import HotsyncSystem

/// What `hotsync-slave apply` has to say.
public struct ApplyReport: Report {
  /// Where a store lies.
  public struct Place: Sendable, Equatable {
    public let connection: String
    public let path: String
    /// The kind of file system.
    public let fileSystem: String
    public let freeBytes: UInt64

    public init(connection: String, path: String, fileSystem: String, freeBytes: UInt64) {
      self.connection = connection
      self.path = path
      self.fileSystem = fileSystem
      self.freeBytes = freeBytes
    }
  }

  /// In words: "folder /etc/hotsync/keys".
  public var changed: [String] = []
  public var stores: [Place] = []
  /// What is to be done then, in words that end in a command.
  public var next: [String] = []

  public init() {}

  public var isRoutine: Bool { true }

  public var json: JSONValue {
    .object([
      ("changed", .strings(changed)),
      (
        "stores",
        .array(
          stores.map {
            .object([
              ("connection", .string($0.connection)), ("path", .string($0.path)),
              ("file_system", .string($0.fileSystem)), ("free_bytes", .size($0.freeBytes)),
            ])
          })
      ),
      ("next_steps", .strings(next)),
    ])
  }

  public func text(now: Timestamp) -> String {
    let lines = changed.isEmpty ? ["nothing to change"] : changed.map { "made \(harmless($0))" }
    let places = stores.map {
      "store of \($0.connection): \(harmless($0.path)) on \(harmless($0.fileSystem)), \(Units.size($0.freeBytes)) free"
    }
    return (lines + places + next.map { "next:  \(harmless($0))" }).joined(separator: "\n")
  }
}

public import HotsyncSystem

/// What `hotsync-slave restore` has to say.
public struct RestoreReport: Report {
  /// An owner whose number here is another than on the master.
  public struct Mapping: Sendable, Equatable {
    public let isUser: Bool
    public let name: String
    public let from: UInt32
    public let to: UInt32

    public init(isUser: Bool, name: String, from: UInt32, to: UInt32) {
      self.isUser = isUser
      self.name = name
      self.from = from
      self.to = to
    }
  }

  public let connection: String
  public let generation: UInt64
  public let files: UInt64
  public let bytes: UInt64
  public let duration: Duration
  public var mappings: [Mapping] = []
  /// Not written under their names.
  public var damaged: [VerifyReport.Damage] = []
  public var problems: [Problem] = []

  public init(connection: String, generation: UInt64, files: UInt64, bytes: UInt64, duration: Duration) {
    self.connection = connection
    self.generation = generation
    self.files = files
    self.bytes = bytes
    self.duration = duration
  }

  public var exitCode: ExitCode { damaged.isEmpty ? .done : .damaged }

  public var isRoutine: Bool { damaged.isEmpty }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("generation", .size(generation)), ("files", .size(files)),
      ("bytes", .size(bytes)), ("seconds", .seconds(duration)),
      ("mapped_owners", .array(mappings.map(RestoreReport.json))),
      ("damaged", .array(damaged.map { .object($0.path.fields("path") + [("what", .string($0.what))]) })),
      ("problems", .array(problems.map(\.json))),
    ])
  }

  private static func json(_ mapping: Mapping) -> JSONValue {
    .object([
      ("kind", .string(mapping.isUser ? "user" : "group")), ("name", .string(mapping.name)),
      ("from", .size(UInt64(mapping.from))), ("to", .size(UInt64(mapping.to))),
    ])
  }

  public func text(now: Timestamp) -> String {
    let what = "\(Units.count(files, "file")), \(Units.size(bytes)) of generation \(generation)"
    var lines = ["restored \(what) in \(Units.duration(duration))"]
    for mapping in mappings {
      let kind = mapping.isUser ? "user" : "group"
      lines.append("  \(kind) \(harmless(mapping.name)): \(mapping.from) became \(mapping.to)")
    }
    if !problems.isEmpty { lines.append(Problem.text(problems)) }
    for damage in damaged { lines.append("  damaged \(damage.path): \(harmless(damage.what))") }
    if !damaged.isEmpty { lines.append("next: hotsync-slave verify --full, then hotsync sync on the master") }
    return lines.joined(separator: "\n")
  }
}

public import HotsyncSystem

/// What `hotsync-slave seed` has to say.
public struct SeedReport: Report {
  public let connection: String
  /// The one that was made; nil for a dry run.
  public let generation: UInt64?
  /// What the folder holds at its top, as it is on the master.
  public let roots: [ReportedPath]
  public let files: UInt64
  public let skipped: UInt64
  public let bytes: UInt64
  /// Content that was written, and content that shares its blocks with the folder's files.
  public let copied: UInt64
  public let cloned: UInt64
  public let duration: Duration
  public let problems: [Problem]

  public init(
    connection: String, generation: UInt64?, roots: [ReportedPath], files: UInt64, skipped: UInt64, bytes: UInt64,
    copied: UInt64, cloned: UInt64, duration: Duration, problems: [Problem]
  ) {
    self.connection = connection
    self.generation = generation
    self.roots = roots
    self.files = files
    self.skipped = skipped
    self.bytes = bytes
    self.copied = copied
    self.cloned = cloned
    self.duration = duration
    self.problems = problems
  }

  private var leftOut: UInt64 { UInt64(problems.count { $0.leftOut }) }

  public var exitCode: ExitCode { leftOut > 0 ? .incomplete : .done }

  public var isRoutine: Bool { exitCode == .done && generation != nil }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("generation", .known(generation)), ("dry_run", .bool(generation == nil)),
      ("roots", .array(roots.map { .object($0.fields("path")) })),
      ("files", .counts([("total", files), ("skipped", skipped)])),
      ("bytes", .counts([("total", bytes), ("copied", copied), ("cloned", cloned)])), ("seconds", .seconds(duration)),
      ("problems", .array(problems.map(\.json))),
    ])
  }

  public func text(now: Timestamp) -> String {
    let what = "\(Units.count(files, "file")), \(Units.size(bytes))"
    let left = leftOut > 0 ? ", with \(Units.count(leftOut, "file")) left out" : ""
    var lines: [String] = []
    if let generation {
      lines.append(
        "\(harmless(connection)): generation \(generation) is a seed of \(what), in \(Units.duration(duration))\(left)")
    } else {
      lines.append("\(harmless(connection)): a dry run, nothing is written; it would take \(what)\(left)")
    }
    let shownRoots = roots.prefix(10).map(\.description).joined(separator: ", ")
    lines.append(
      "  as     \(shownRoots)" + (roots.count > 10 ? " and \(roots.count - 10) more" : "") + " on the master")
    if generation != nil { lines.append("  bytes  \(Units.size(cloned)) cloned, \(Units.size(copied)) copied") }
    if !problems.isEmpty { lines.append(Problem.text(problems)) }
    lines.append(
      generation == nil
        ? "next: the same without --dry-run" : "next: on the master: hotsync sync, which sends only what differs")
    return lines.joined(separator: "\n")
  }
}

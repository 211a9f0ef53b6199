public import HotsyncSystem

/// What `hotsync-slave generations` has to say, newest first.
public struct GenerationsReport: Report {
  public struct Generation: Sendable, Equatable {
    public let connection: String
    public let number: UInt64
    public let time: Timestamp
    public let epoch: UInt64
    public let files: UInt64
    public let bytes: UInt64
    /// How many files differ from the generation before; nil where it is not known.
    public let changed: UInt64?
    /// Periods of the schedule, and `snapshot:NAME`.
    public let keptBy: [String]
    public let verified: Timestamp?
    /// It came from a folder of the slave's, and no master ever had it.
    public let isSeed: Bool

    public init(
      connection: String, number: UInt64, time: Timestamp, epoch: UInt64, files: UInt64, bytes: UInt64,
      changed: UInt64?, keptBy: [String], verified: Timestamp?, isSeed: Bool = false
    ) {
      self.connection = connection
      self.number = number
      self.time = time
      self.epoch = epoch
      self.files = files
      self.bytes = bytes
      self.changed = changed
      self.keptBy = keptBy
      self.verified = verified
      self.isSeed = isSeed
    }
  }

  public let generations: [Generation]

  public init(generations: [Generation]) { self.generations = generations }

  public var json: JSONValue {
    .object([
      (
        "generations",
        .array(
          generations.map {
            .object([
              ("connection", .string($0.connection)), ("generation", .size($0.number)), ("time", .time($0.time)),
              ("epoch", .size($0.epoch)), ("files", .size($0.files)), ("bytes", .size($0.bytes)),
              ("changed", .known($0.changed)), ("kept_by", .strings($0.keptBy)), ("verified", .time($0.verified)),
              ("from", .string($0.isSeed ? "seed" : "master")),
            ])
          })
      )
    ])
  }

  public func text(now: Timestamp) -> String {
    guard !generations.isEmpty else { return "no generation yet: the master's first hotsync sync makes one" }
    let several = Set(generations.map(\.connection)).count > 1
    var table = TextTable(
      (several ? [("connection", .left)] : []) + [
        ("number", .right), ("UTC time", .left), ("files", .right), ("size", .right), ("changed", .right),
        ("verified", .left), ("kept by", .left),
      ])
    for generation in generations {
      table.add(
        (several ? [generation.connection] : []) + [
          String(generation.number), Units.time(generation.time), Units.count(generation.files),
          Units.size(generation.bytes), generation.changed.map { Units.count($0) } ?? "-",
          generation.verified.map { String(Units.time($0).prefix(10)) } ?? "-",
          GenerationsReport.keepers(of: generation),
        ])
    }
    return table.text
  }

  private static func keepers(of generation: Generation) -> String {
    let keepers =
      generation.keptBy.isEmpty ? "nothing: the next prune drops it" : generation.keptBy.joined(separator: ",")
    return generation.isSeed ? "\(keepers) (a seed)" : keepers
  }
}

/// What `hotsync-slave verify` has to say.
public struct VerifyReport: Report {
  public struct Damage: Sendable, Equatable {
    /// Nil where there is one only.
    public let connection: String?
    public let path: ReportedPath
    public let generation: UInt64
    /// In words: "content differs from the catalog".
    public let what: String

    public init(connection: String? = nil, path: ReportedPath, generation: UInt64, what: String) {
      self.connection = connection
      self.path = path
      self.generation = generation
      self.what = what
    }
  }

  public let filesChecked: UInt64
  public let bytesChecked: UInt64
  public let damaged: [Damage]
  /// The generation that a cycle mends; nil where there are several stores.
  public let newest: UInt64?

  /// Of the connections whose stores could not be verified.
  public let failures: [ErrorReport]

  public init(
    filesChecked: UInt64, bytesChecked: UInt64, damaged: [Damage], newest: UInt64? = nil, failures: [ErrorReport] = []
  ) {
    self.newest = newest
    self.failures = failures
    self.filesChecked = filesChecked
    self.bytesChecked = bytesChecked
    self.damaged = damaged
  }

  public var exitCode: ExitCode { .ofSeveral(failures.map(\.exitCode) + (damaged.isEmpty ? [] : [.damaged])) }

  public var json: JSONValue {
    let places = damaged.map { damage in
      JSONValue.object(
        (damage.connection.map { [("connection", .string($0))] } ?? []) + damage.path.fields("path")
          + [("generation", .size(damage.generation)), ("what", .string(damage.what))])
    }
    let errors = failures.isEmpty ? [] : [("errors", JSONValue.array(failures.map(\.json)))]
    return .object(
      [
        ("result", .string(exitCode == .done ? "sound" : "damaged")), ("files_checked", .size(filesChecked)),
        ("bytes_checked", .size(bytesChecked)), ("damaged", .array(places)),
      ] + errors)
  }

  public func text(now: Timestamp) -> String {
    let checked = "\(Units.count(filesChecked, "file")), \(Units.size(bytesChecked)) checked"
    guard !damaged.isEmpty else { return failures.isEmpty ? "sound: \(checked)" : checked }
    let places = grouped
    let lines = places.map {
      "  \($0.connection.map { "\(harmless($0)) " } ?? "")\($0.path): \(harmless($0.what)): \(VerifyReport.words($0.generations))"
    }
    let isMendable = newest == nil || damaged.contains { $0.generation == newest }
    let isLost = damaged.contains { $0.generation != newest }
    let next =
      (isMendable ? ["next: on the master: hotsync sync, which sends again what the newest generation has"] : [])
      + (isLost
        ? ["next: what an older generation has lost is in others, perhaps: hotsync-slave history PATH"] : [])
    return
      (["damaged: \(Units.count(UInt64(places.count), "place")); \(checked)"] + lines + next).joined(separator: "\n")
  }

  /// Each path once for each kind of damage, with all generations that have it.
  private var grouped: [(connection: String?, path: ReportedPath, what: String, generations: [UInt64])] {
    var places: [(connection: String?, path: ReportedPath, what: String, generations: [UInt64])] = []
    for one in damaged {
      if let index = places.firstIndex(where: {
        $0.connection == one.connection && $0.path == one.path && $0.what == one.what
      }) {
        places[index].generations.append(one.generation)
      } else {
        places.append((one.connection, one.path, one.what, [one.generation]))
      }
    }
    return places
  }

  private static func words(_ generations: [UInt64]) -> String {
    (generations.count == 1 ? "generation " : "generations ")
      + generations.sorted().map(String.init).joined(separator: ", ")
  }
}

/// What `hotsync-slave history PATH` has to say, newest first.
public struct HistoryReport: Report {
  public struct Version: Sendable, Equatable {
    public let generation: UInt64
    public let time: Timestamp
    /// `file`, `folder`, `link`, `fifo`, `device`, or `deleted`.
    public let kind: String
    /// Nil where that kind has none.
    public let size: UInt64?
    /// The permission bits.
    public let mode: UInt16?
    /// Of the content.
    public let digest: [UInt8]?

    public init(
      generation: UInt64, time: Timestamp, kind: String, size: UInt64?, mode: UInt16?, digest: [UInt8]?
    ) {
      self.generation = generation
      self.time = time
      self.kind = kind
      self.size = size
      self.mode = mode
      self.digest = digest
    }

    /// In octal, as chmod(1) takes it: `0644`.
    var modeText: String? {
      mode.map {
        let digits = String($0, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      }
    }
  }

  public let path: ReportedPath
  public let versions: [Version]

  public init(path: ReportedPath, versions: [Version]) {
    self.path = path
    self.versions = versions
  }

  public var json: JSONValue {
    .object([
      (
        "versions",
        .array(
          versions.map {
            .object([
              ("generation", .size($0.generation)), ("time", .time($0.time)), ("kind", .string($0.kind)),
              ("size", .known($0.size)), ("mode", .known($0.modeText)),
              ("digest", .known($0.digest.map { hexadecimal($0) })),
            ])
          })
      )
    ])
  }

  public func text(now: Timestamp) -> String {
    guard !versions.isEmpty else { return "no kept generation has \(path)" }
    var table = TextTable([
      ("generation", .right), ("UTC time", .left), ("kind", .left), ("mode", .left), ("size", .right),
      ("digest", .left),
    ])
    for version in versions {
      table.add([
        String(version.generation), Units.time(version.time), version.kind, version.modeText ?? "-",
        version.size.map(Units.size) ?? "-", version.digest.map { hexadecimal($0.prefix(8)) } ?? "-",
      ])
    }
    return "\(path)\n\(table.text)"
  }
}

import HotsyncCatalog
public import HotsyncSystem

/// A stretch of a new content that is staged, and the digest of its bytes.
public struct StagedRun: Hashable, Sendable {
  public let stretch: Stretch
  public let digest: Digest

  public init(_ stretch: Stretch, digest: Digest) {
    self.stretch = stretch
    self.digest = digest
  }
}

/// A patch of a large file that a broken cycle left: the runs of the new content that are staged, in order.
public struct BegunPatch: Hashable, Sendable {
  public let number: UInt64
  public let path: RelativePath
  public private(set) var runs: [StagedRun]

  /// How many runs one message takes.
  public static let runsInMessage = 16_384

  public init(number: UInt64, path: RelativePath, runs: [StagedRun]) {
    self.number = number
    self.path = path
    self.runs = runs
  }

  /// The same as messages of a length that a frame takes.
  public var pieces: [BegunPatch] {
    stride(from: 0, to: runs.count, by: BegunPatch.runsInMessage).map { start in
      let end = min(runs.count, start + BegunPatch.runsInMessage)
      return BegunPatch(number: number, path: path, runs: Array(runs[start..<end]))
    }
  }

  /// Takes the next piece of the same patch; false where it is none.
  public mutating func join(_ next: BegunPatch) -> Bool {
    guard next.number == number, next.path == path, let last = runs.last, let first = next.runs.first,
      last.stretch.end <= first.stretch.offset
    else { return false }
    runs += next.runs
    return true
  }
}

extension BegunPatch {
  func encode(to writer: inout ByteWriter) {
    writer.integer(number)
    writer.data(path.bytes)
    writer.integer(UInt64(runs.count))
    for run in runs {
      run.stretch.encode(to: &writer)
      writer.digest(run.digest)
    }
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    number = try reader.integer(atMost: Limits.number)
    path = try reader.path()
    runs = []
    for _ in 0..<(try reader.count(atMost: BegunPatch.runsInMessage, minimumBytes: 18)) {
      let stretch = try Stretch(from: &reader)
      guard stretch.length > 0, stretch.length <= Limits.stagedRun else { throw Malformed("a run of no use") }
      guard stretch.offset >= runs.last?.stretch.end ?? 0 else { throw Malformed("runs out of order") }
      runs.append(StagedRun(stretch, digest: try reader.digest()))
    }
    guard !runs.isEmpty else { throw Malformed("a patch of which nothing is staged") }
  }
}

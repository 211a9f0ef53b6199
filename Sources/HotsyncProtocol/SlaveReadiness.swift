import HotsyncCatalog
public import HotsyncSystem

/// The slave's answer to "would a promotion work now?", as it tells it to its master.
public struct SlaveReadiness: Hashable, Sendable {
  public struct Blocker: Hashable, Sendable {
    public let code: String
    public let message: String
    public let nextStep: String

    public init(code: String, message: String, nextStep: String) {
      self.code = code
      self.message = message
      self.nextStep = nextStep
    }
  }

  /// When it was found out.
  public let time: Timestamp
  public let isReady: Bool
  /// The first of them.
  public let blockers: [Blocker]
  /// How long a promotion would take; nil where it is not known.
  public let estimatedSeconds: UInt64?

  /// As many as are told.
  public static let mostBlockers = 16

  public init(time: Timestamp, isReady: Bool, blockers: [Blocker], estimatedSeconds: UInt64?) {
    self.time = time
    self.isReady = isReady
    self.blockers = Array(blockers.prefix(SlaveReadiness.mostBlockers))
    self.estimatedSeconds = estimatedSeconds
  }

  func encode(to writer: inout ByteWriter) {
    writer.timestamp(time)
    writer.flag(isReady)
    writer.integer(UInt64(blockers.count))
    for blocker in blockers {
      writer.text(String(decoding: blocker.code.utf8.prefix(64), as: UTF8.self))
      writer.boundedText(blocker.message)
      writer.boundedText(blocker.nextStep)
    }
    writer.flag(estimatedSeconds != nil)
    if let estimatedSeconds { writer.integer(estimatedSeconds) }
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    time = try reader.timestamp()
    isReady = try reader.flag()
    var blockers: [Blocker] = []
    for _ in 0..<(try reader.count(atMost: SlaveReadiness.mostBlockers, minimumBytes: 3)) {
      let code = try reader.text(atMost: 256)
      let message = try reader.text()
      blockers.append(Blocker(code: code, message: message, nextStep: try reader.text()))
    }
    self.blockers = blockers
    estimatedSeconds = try reader.flag() ? try reader.integer(atMost: Limits.number) : nil
  }
}

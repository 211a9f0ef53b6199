import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem

/// The steps of a cycle in a file without a name, between the scan and the push: a plan may be longer than memory.
final class PlanSpool {
  private let file: Descriptor
  private var pending = ByteWriter(reserving: 1 << 20)
  private var length: UInt64 = 0
  private var readAt: UInt64 = 0
  private var buffer: ArraySlice<UInt8> = []
  /// Bytes of the step that was read last.
  private(set) var lastLength = 0

  init(_ file: consuming Descriptor) { self.file = file }

  func append(_ step: Step) throws(MasterError) {
    var one = ByteWriter()
    one.step(step)
    pending.data(one.bytes)
    if pending.count >= 1 << 19 { try flush() }
  }

  private func flush() throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in try file.write(pending.bytes, at: length) }
    length += UInt64(pending.count)
    pending.removeAll()
  }

  /// From here on the steps are read, from the first.
  func rewind() throws(MasterError) {
    try flush()
    readAt = 0
    buffer = []
  }

  /// The next step; nil at the end.
  func next() throws(MasterError) -> Step? {
    while true {
      if let step = try parse() { return step }
      guard readAt < length else { return nil }
      var piece = [UInt8](repeating: 0, count: Int(min(1 << 19, length - readAt)))
      let count = try MasterError.telling { () throws(SystemError) in
        try file.read(into: &piece, count: piece.count, at: readAt)
      }
      readAt += UInt64(count)
      buffer = Array(buffer)[...] + piece[..<count]
    }
  }

  /// Nil where a whole step is not in memory yet.
  private func parse() throws(MasterError) -> Step? {
    guard !buffer.isEmpty else { return nil }
    var reader = ByteReader(buffer)
    guard let bytes = try? reader.data(atMost: Limits.frame * 2) else { return nil }
    var step = ByteReader(bytes)
    buffer = reader.rest
    lastLength = bytes.count
    do throws(Malformed) { return try step.step() } catch {
      throw MasterError(.bug, "cannot read", "the plan of this cycle", cause: error.reason, next: "report this")
    }
  }
}

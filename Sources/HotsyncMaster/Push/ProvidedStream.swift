import HotsyncCatalog
import HotsyncDatabases
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// Content that is read once, from its start to its end, and that nobody knows the size of before.
protocol ProvidedStream: AnyObject {
  /// - Returns: how many bytes came; 0 at the end of a content that is good.
  /// - Throws: where what came is worth nothing.
  func read(into buffer: inout [UInt8]) throws -> Int
  /// Ends it early. Without effect after its end.
  func cancel()
}

/// Bytes that are in memory.
final class BytesStream: ProvidedStream {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  func read(into buffer: inout [UInt8]) -> Int {
    let piece = rest.prefix(buffer.count)
    buffer.replaceSubrange(0..<piece.count, with: piece)
    rest = rest.dropFirst(piece.count)
    return piece.count
  }

  func cancel() {}
}

/// A dump as its engine's client writes it.
final class DumpContent: ProvidedStream {
  let dump: any DumpStream

  init(_ dump: any DumpStream) { self.dump = dump }

  func read(into buffer: inout [UInt8]) throws -> Int { try dump.read(into: &buffer) }
  func cancel() { dump.cancel() }
}

/// Reads a stream in windows, and digests what passes.
struct StreamReader: ~Copyable {
  private let stream: any ProvidedStream
  private var hasher: ContentHasher
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  /// What was read and not taken yet.
  private(set) var pending: [UInt8] = []
  private(set) var isAtEnd = false
  private(set) var size: UInt64 = 0

  init(_ stream: any ProvidedStream, key: HashKey) {
    self.stream = stream
    hasher = ContentHasher(key: key)
  }

  /// Reads until so much waits, or to the end.
  ///
  /// - Parameter check: called now and then, to end what is done for nobody.
  /// - Throws: `LeftOut` where the stream fails.
  mutating func fill(to count: Int, check: () throws -> Void) throws {
    pending.reserveCapacity(count + buffer.count)
    while pending.count < count, !isAtEnd {
      try check()
      let got: Int
      do { got = try stream.read(into: &buffer) } catch let error as any HotsyncError {
        throw LeftOut.unreadable(error)
      }
      guard got > 0 else {
        isAtEnd = true
        return
      }
      size += UInt64(got)
      guard size <= Limits.fileSize else { throw LeftOut.oversized }
      hasher.update(buffer[..<got])
      pending += buffer[..<got]
    }
  }

  mutating func drop(_ count: Int) { pending.removeFirst(count) }

  /// The last call.
  mutating func digest() -> Digest { hasher.finish() }
}

/// Where the data of a stream is looked for in the old one.
struct StreamSearch {
  static let window = 32 << 20
  private static let nearReach: UInt64 = 1 << 20
  private static let farReach = (Limits.deltaWindow - UInt64(window)) / 2

  private let baseSize: UInt64
  /// The base's offset minus the stream's, of what was found last, and where that ended in the base.
  private var drift: Int64 = 0
  private var anchor: UInt64 = 0
  /// Windows in a row of which little was found.
  private var lost = 0

  init(baseSize: UInt64) { self.baseSize = baseSize }

  mutating func note(found base: UInt64, length: Int, at offset: UInt64) {
    drift = Int64(base) - Int64(offset)
    anchor = base + UInt64(length)
  }

  /// Called at the end of a window, with what share of it was found.
  mutating func adapt(found: UInt64, of length: UInt64) { lost = found >= length / 4 ? 0 : lost + 1 }

  /// What was put in leaves the rest where the last find ended; what was changed in place leaves it at the same distance. Once
  /// nothing is found both are tried in turn.
  func base(of offset: UInt64) -> Stretch {
    if lost % 2 == 1 {
      let start = anchor - min(anchor, StreamSearch.nearReach)
      return Stretch(offset: start, length: min(Limits.deltaWindow, baseSize - min(start, baseSize)))
    }
    let reach = Int64(lost == 0 ? StreamSearch.nearReach : StreamSearch.farReach)
    func place(_ offset: Int64) -> UInt64 { UInt64(max(0, min(Int64(baseSize), offset))) }
    let start = place(Int64(offset) + drift - reach)
    let end = place(Int64(offset) + Int64(StreamSearch.window) + drift + reach)
    return Stretch(offset: start, length: end - start)
  }
}

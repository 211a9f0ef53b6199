public import HotsyncSystem
import Synchronization

extension MappingHasher {
  /// What one thread digests at a time: whole nodes.
  private static let share = UInt64(32 * ContentDigest.nodeLength)

  /// Reads a file like `update(from:)`, every other share on a second thread: nodes do not depend on each other, and the slave
  /// has nothing to do until it is known what changed.
  ///
  /// - Parameter range: begins at a node; ends at one, or with the file.
  /// - Returns: false where the file ended before.
  public mutating func updateOnTwoThreads(
    from file: borrowing Descriptor, _ range: Range<UInt64>, size: UInt64, buffer: inout [UInt8]
  ) throws(DeltaError) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let middle = min(range.upperBound, position + MappingHasher.share)
      let end = min(range.upperBound, middle + MappingHasher.share)
      guard middle < end else { return try update(from: file, position..<end, size: size, buffer: &buffer) }
      let second = try DeltaError.telling { () throws(SystemError) in
        SecondShare(try file.duplicate(), middle..<end, size: size, key: key)
      }
      let worker = Worker { second.run() }
      let isWhole: Result<Bool, DeltaError>
      do throws(DeltaError) {
        isWhole = .success(try update(from: file, position..<middle, size: size, buffer: &buffer))
      } catch { isWhole = .failure(error) }
      worker.join()
      guard try isWhole.get(), let nodes = try second.nodes() else { return false }
      for node in nodes { try append(node) }
      position = end
    }
    return true
  }
}

/// The nodes of a stretch of a file, digested on a thread of its own.
private final class SecondShare: Sendable {
  private let file: Descriptor
  private let range: Range<UInt64>
  private let size: UInt64
  private let key: HashKey
  private let result = Mutex<Result<[MapNode]?, DeltaError>>(.success(nil))

  init(_ file: consuming Descriptor, _ range: Range<UInt64>, size: UInt64, key: HashKey) {
    self.file = file
    self.range = range
    self.size = size
    self.key = key
  }

  func run() {
    let nodes: Result<[MapNode]?, DeltaError>
    do throws(DeltaError) { nodes = .success(try digest()) } catch { nodes = .failure(error) }
    result.withLock { $0 = nodes }
  }

  /// Nil where the file ended before.
  func nodes() throws(DeltaError) -> [MapNode]? { try result.withLock { $0 }.get() }

  private func digest() throws(DeltaError) -> [MapNode]? {
    var hasher = ContentHasher(key: key)
    var nodes: [MapNode] = []
    var buffer = [UInt8](repeating: 0, count: 512 << 10)
    let isWhole = try readParts(
      of: file, range, size: size, buffer: &buffer,
      zeros: { (count) throws(DeltaError) in hasher.skipZeros(count) { nodes.append($0) } },
      // SAFETY: bytes have no padding.
      bytes: { (bytes) throws(DeltaError) in hasher.update(unsafe bytes.span.bytes) { nodes.append($0) } })
    guard isWhole else { return nil }
    _ = hasher.finish { nodes.append($0) }
    return nodes
  }
}

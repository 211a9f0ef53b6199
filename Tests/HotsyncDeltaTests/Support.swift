import HotsyncDelta
import HotsyncSystem
import TestSupport

/// What files of a test hold.
extension SeededGenerator {
  /// A file of random stretches and stretches of zeros, whole leaves and nodes of them among others.
  mutating func fileWithHoles(_ count: Int) -> [UInt8] {
    var file: [UInt8] = []
    while file.count < count {
      let unit = [700, 4096, 65_536, 1 << 20].randomElement(using: &self) ?? 4096
      let length = min(count - file.count, unit * Int.random(in: 1...2, using: &self))
      file += Bool.random(using: &self) ? [UInt8](repeating: 0, count: length) : cheapBytes(length)
    }
    return file
  }

  /// Bytes that are quick to make in a debug build and differ from leaf to leaf.
  mutating func cheapBytes(_ count: Int) -> [UInt8] {
    var file = [UInt8](repeating: UInt8.random(in: 1...255, using: &self), count: count)
    for at in stride(from: 0, to: count, by: 500) { file[at] = UInt8(truncatingIfNeeded: next()) }
    return file
  }

  /// The file after a few random edits in place, growth or truncation.
  mutating func edited(_ file: [UInt8]) -> [UInt8] {
    var new = file
    for _ in 0..<Int.random(in: 0...5, using: &self) where !new.isEmpty {
      let at = Int.random(in: 0..<new.count, using: &self)
      let length = min(new.count - at, [1, 100, 4096, 20_000, 1 << 20].randomElement(using: &self) ?? 1)
      let zeros = Bool.random(using: &self)
      new.replaceSubrange(at..<at + length, with: zeros ? [UInt8](repeating: 0, count: length) : cheapBytes(length))
    }
    switch Int.random(in: 0..<4, using: &self) {
    case 0: new.removeLast(Int.random(in: 0...new.count, using: &self))
    case 1: new += fileWithHoles(Int.random(in: 0...1_500_000, using: &self))
    default: break
    }
    return new
  }
}

/// A key whose bytes count up from 1.
let testKey = HashKey(bytes: (0..<HashKey.byteCount).map { UInt8($0 + 1) })!

/// The definition of the content digest, word for word.
func referenceDigest(_ file: [UInt8], key: HashKey = testKey) -> Digest {
  let leaves = stride(from: 0, to: file.count, by: 4096).map { key.digest(of: file[$0..<min($0 + 4096, file.count)]) }
  let nodes = stride(from: 0, to: leaves.count, by: 256).map {
    key.digest(of: leaves[$0..<min($0 + 256, leaves.count)].flatMap(\.bytes))
  }
  let size = (0..<8).map { UInt8(truncatingIfNeeded: file.count >> ($0 * 8)) }
  return key.digest(of: nodes.flatMap(\.bytes) + size)
}

func nodes(of file: [UInt8]) -> [MapNode] {
  var hasher = ContentHasher(key: testKey)
  var nodes: [MapNode] = []
  hasher.update(file) { nodes.append($0) }
  _ = hasher.finish { nodes.append($0) }
  return nodes
}

func map(of nodes: [MapNode]) throws(DeltaError) -> [UInt8] {
  var writer = DigestMapWriter(key: testKey)
  var bytes: [UInt8] = []
  for node in nodes { try writer.append(node) { bytes += $0 } }
  try writer.finish { bytes += $0 }
  return bytes
}

func map(of file: [UInt8]) throws(DeltaError) -> [UInt8] { try map(of: nodes(of: file)) }

/// A source of a map's bytes, in pieces of at most `step`.
func source(_ bytes: [UInt8], step: Int = .max) -> DigestMapReader.Source {
  var at = 0
  return { (atMost) throws(DeltaError) in
    let piece = bytes[at..<min(bytes.count, at + min(atMost, step))]
    at += piece.count
    return Array(piece)
  }
}

func readMap(_ bytes: [UInt8], step: Int = .max, key: HashKey = testKey) throws(DeltaError) -> [MapNode] {
  var reader = DigestMapReader(key: key)
  let source = source(bytes, step: step)
  var nodes: [MapNode] = []
  while let node = try reader.next(from: source) { nodes.append(node) }
  return nodes
}

/// The bytes in random pieces.
func pieces(_ bytes: [UInt8], _ random: inout SeededGenerator, largest: Int = 100_000) -> [[UInt8]] {
  var rest = bytes[...]
  var pieces: [[UInt8]] = []
  while !rest.isEmpty {
    let piece = rest.prefix(Int.random(in: 0...largest, using: &random))
    pieces.append(Array(piece))
    rest = rest.dropFirst(piece.count)
  }
  return pieces
}

func signature(of old: [[UInt8]], _ parameters: SignatureParameters) throws(DeltaError) -> [UInt8] {
  var job = try SignatureJob(parameters)
  var bytes: [UInt8] = []
  for piece in old { try job.update(piece) { bytes += $0 } }
  try job.finish { bytes += $0 }
  return bytes
}

func load(_ signature: [UInt8], maximumBlocks: Int = 100_000, step: Int = .max) throws(DeltaError) -> LoadedSignature {
  var loader = try SignatureLoader(length: UInt64(signature.count), maximumBlocks: maximumBlocks)
  var rest = signature[...]
  while !rest.isEmpty {
    try loader.update(Array(rest.prefix(step)))
    rest = rest.dropFirst(step)
  }
  return try loader.finish()
}

func delta(_ signature: [UInt8], to new: [[UInt8]]) throws(DeltaError) -> [UInt8] {
  var job = try DeltaJob(try load(signature))
  var bytes: [UInt8] = []
  for piece in new { try job.update(piece) { bytes += $0 } }
  try job.finish { bytes += $0 }
  return bytes
}

func patch(_ old: [UInt8], _ delta: [[UInt8]], size: Int) throws(DeltaError) -> [UInt8] {
  var job = try PatchJob(baseSize: UInt64(old.count), outputSize: UInt64(size))
  let read: PatchJob.BaseReader = { (offset, length) throws(DeltaError) in
    Array(old[Int(offset)..<Int(offset) + length])
  }
  var bytes: [UInt8] = []
  for piece in delta { try job.update(piece, base: read) { bytes += $0 } }
  try job.finish(base: read) { bytes += $0 }
  return bytes
}

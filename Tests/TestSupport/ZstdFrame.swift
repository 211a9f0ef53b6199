/// A zstd frame put together by hand (RFC 8878, 3.1.1), so that its header can say anything.
public struct ZstdFrame: Sendable {
  public enum Block: Sendable {
    case raw([UInt8])
    /// One byte, so many times: at most 131,072.
    case run(UInt8, Int)
  }

  public var magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  /// What the header says that it holds, in this many bytes (1, 2, 4 or 8); nil where it does not say.
  public var size: (value: UInt64, width: Int)?
  /// The byte that tells the window; nil for a single segment.
  public var window: UInt8?
  /// Further bits of the descriptor, and what stands for a dictionary.
  public var bits: UInt8 = 0
  public var dictionary: [UInt8] = []
  public var blocks: [Block]
  public var tail: [UInt8] = []

  public init(_ blocks: Block...) { self.init(blocks) }

  /// Says truly what it holds.
  public init(_ blocks: [Block]) {
    self.blocks = blocks
    size = (UInt64(blocks.reduce(0) { $0 + $1.count }), 4)
  }

  public var bytes: [UInt8] {
    let flag = [1: 0, 2: 1, 4: 2, 8: 3][size?.width ?? 1] ?? 0
    var bytes = magic + [UInt8(flag << 6) | (window == nil ? 0x20 : 0) | bits]
    if let window { bytes.append(window) }
    bytes += dictionary
    if let size {
      let value = size.width == 2 ? size.value &- 256 : size.value
      for index in 0..<size.width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
    }
    for (index, block) in blocks.enumerated() {
      let last = index == blocks.count - 1 ? 1 : 0
      let (type, content) =
        switch block {
        case .raw(let content): (0, content)
        case .run(let byte, _): (1, [byte])
        }
      let head = last | type << 1 | block.count << 3
      bytes += [0, 8, 16].map { UInt8(truncatingIfNeeded: head >> $0) } + content
    }
    return bytes + tail
  }
}

extension ZstdFrame.Block {
  public var count: Int {
    switch self {
    case .raw(let content): content.count
    case .run(_, let count): count
    }
  }
}

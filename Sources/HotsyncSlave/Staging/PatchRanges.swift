import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// What a patch writes: stretches of the new file in order, whole leaves each (the last may end with the file). Their bytes
/// stand in the staged file beside this list.
struct PatchRanges: Equatable {
  struct Range: Equatable {
    let stretch: Stretch
    /// Where its bytes stand in the staged file; nil for a hole, of which nothing stands there.
    let position: UInt64?

    var isZeros: Bool { position == nil }
  }

  /// The file that is patched.
  let path: RelativePath
  /// Its size before and after.
  let oldSize: UInt64
  let newSize: UInt64
  var ranges: [Range] = []

  /// Small ones are made whole as soon as they came.
  var isLarge: Bool { min(oldSize, newSize) >= LargeFile.minimum }

  private static let magic = Array("HSRANGE2".utf8)
  static let limit = 64 << 20

  func encode(key: HashKey) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(PatchRanges.magic)
    writer.data(path.bytes)
    writer.integer(oldSize)
    writer.integer(newSize)
    writer.integer(UInt64(ranges.count))
    for range in ranges {
      writer.integer(range.stretch.offset)
      writer.integer(range.stretch.length)
      writer.flag(range.isZeros)
      if let position = range.position { writer.integer(position) }
    }
    return SealedBytes.seal(writer, key: key)
  }

  static func parse(_ bytes: [UInt8], key: HashKey) throws(StoreError) -> PatchRanges {
    guard let body = SealedBytes.open(bytes, key: key) else {
      throw .damaged("a staged patch", "its list of ranges is cut short or altered")
    }
    var reader = ByteReader(body)
    do throws(Malformed) {
      guard Array(try reader.raw(magic.count)) == magic else { throw Malformed("not a list of ranges") }
      let path = try reader.path()
      let oldSize = try reader.integer(atMost: Limits.fileSize)
      var patch = PatchRanges(path: path, oldSize: oldSize, newSize: try reader.integer(atMost: Limits.fileSize))
      for _ in 0..<(try reader.count(atMost: Limits.patchRanges, minimumBytes: 3)) {
        let offset = try reader.integer(atMost: Limits.fileSize)
        let length = try reader.integer(atMost: Limits.fileSize - offset)
        let isZeros = try reader.flag()
        let position = isZeros ? nil : try reader.integer(atMost: Limits.fileSize)
        patch.ranges.append(Range(stretch: Stretch(offset: offset, length: length), position: position))
      }
      try reader.end()
      return patch
    } catch { throw .damaged("a staged patch", error.reason) }
  }
}

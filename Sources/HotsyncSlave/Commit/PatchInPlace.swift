import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem

/// Writing a patch's ranges into a file, and saving what they overwrite.
extension PatchRanges {
  private static let pieceLength = 1 << 20

  /// Sets aside the space that the new blocks will need, so that writing them later cannot fail for it. False where the file
  /// system cannot promise that.
  ///
  /// The kernel takes this for a change of the file: what it alters beside the space is put back at once.
  func allocate(in file: borrowing Descriptor) throws(SystemError) -> Bool {
    var holes: [Range] = []
    for range in ranges where !range.isZeros {
      if try !PatchRanges.isData(range.stretch, in: file, size: oldSize) { holes.append(range) }
    }
    guard !holes.isEmpty else { return true }
    let before = try file.status()
    let capability = try file.extendedAttributes().first { $0.name == Array("security.capability".utf8) }
    let outcome = PatchRanges.allocate(holes, in: file)
    if let capability { try file.setExtendedAttribute(capability) }
    try file.setPermissions(before.permissions)
    try file.setModified(before.modified)
    return try outcome.get()
  }

  private static func allocate(_ holes: [Range], in file: borrowing Descriptor) -> Result<Bool, SystemError> {
    do throws(SystemError) {
      for hole in holes where try !file.allocate(offset: hole.stretch.offset, length: hole.stretch.length) {
        return .success(false)
      }
      return .success(true)
    } catch { return .failure(error) }
  }

  private static func isData(_ stretch: Stretch, in file: borrowing Descriptor, size: UInt64) throws(SystemError)
    -> Bool
  {
    guard let data = try file.nextData(after: stretch.offset, size: size) else { return false }
    return data.lowerBound == stretch.offset && data.upperBound >= stretch.end
  }

  /// What writing them overwrites or cuts off: stretches of the old file.
  var overwritten: [Swift.Range<UInt64>] {
    let written = Stretches.clipping(ranges.map { $0.stretch.offset..<$0.stretch.end }, to: oldSize)
    guard newSize < oldSize else { return written }
    return Stretches.clipping(written, to: newSize) + [newSize..<oldSize]
  }

  /// Writes the ranges into the file and gives it its new size. As often as it is done the result is the same.
  func write(from staged: borrowing Descriptor, into file: borrowing Descriptor) throws(SystemError) {
    if newSize < oldSize { try file.truncate(to: newSize) }
    let longest = ranges.reduce(0) { max($0, $1.isZeros ? 0 : $1.stretch.length) }
    var buffer = [UInt8](repeating: 0, count: Int(min(UInt64(PatchRanges.pieceLength), longest)))
    for range in ranges {
      crashPoint("carry-out")
      guard let position = range.position else {
        try PatchRanges.zero(range.stretch, in: file, oldSize: oldSize)
        continue
      }
      let (stretch, end) = (range.stretch, position + range.stretch.length)
      try staged.copy(position..<end, into: file, at: stretch.offset, buffer: &buffer)
    }
    try file.truncate(to: newSize)
  }

  private static func zero(
    _ stretch: Stretch, in file: borrowing Descriptor, oldSize: UInt64
  ) throws(SystemError) {
    // Beyond the old end there is nothing but what an interrupted attempt wrote: the same zeros.
    guard try !file.punchHole(offset: stretch.offset, length: stretch.length) else { return }
    let zeros = [UInt8](repeating: 0, count: pieceLength)
    var position = stretch.offset
    while position < stretch.end {
      let count = min(UInt64(zeros.count), stretch.end - position)
      try file.write(zeros[..<Int(count)], at: position)
      position += count
    }
  }
}

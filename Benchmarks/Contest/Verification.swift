import HotsyncSystem
import TestSupport

/// Whether a copy is what the source is.
enum Verification {
  enum Depth {
    /// All that rsync compares, contents by their digests.
    case tree
    /// All that rsync compares but contents, and those of the only file byte by byte.
    case largeFile(String)
    /// The same for one with large holes, which no reading of zeros would get through in time.
    case sparseFile(String)
  }

  /// What differs; empty where nothing does.
  static func differences(_ source: Place, _ copy: Place, _ depth: Depth) throws -> [String] {
    switch depth {
    case .tree: return try itemised(source, copy, ["-c"])
    case .largeFile(let name):
      let result = try RunningProgram.run(
        "cmp", ["\(source.path)/\(name)", "\(copy.path)/\(name)"], limit: .seconds(600))
      return try itemised(source, copy) + (result.exitCode == 0 ? [] : [result.outputText + result.errorText])
    case .sparseFile(let name):
      return try itemised(source, copy) + dataDiffers(source.open(name, .reading), copy.open(name, .reading))
    }
  }

  private static func itemised(_ source: Place, _ copy: Place, _ options: [String] = []) throws -> [String] {
    let result = try RunningProgram.run(
      "rsync",
      ["-aHAXn", "--delete", "--itemize-changes", "--numeric-ids"] + options + [source.path + "/", copy.path + "/"],
      limit: .seconds(1_200))
    let lines = result.outputText.split(separator: "\n").map(String.init)
    return result.exitCode == 0 ? lines : lines + [result.errorText]
  }

  /// Wherever one of them has data both must read the same; where neither has, both are zeros.
  private static func dataDiffers(_ one: borrowing Descriptor, _ other: borrowing Descriptor) throws -> [String] {
    let size = try one.status().size
    guard try other.status().size == size else { return ["another size"] }
    return try contentDiffers(one, other, size) + contentDiffers(other, one, size)
  }

  private static func contentDiffers(
    _ one: borrowing Descriptor, _ other: borrowing Descriptor, _ size: UInt64
  ) throws -> [String] {
    var mine = [UInt8](repeating: 0, count: 1 << 20)
    var theirs = mine
    var position: UInt64 = 0
    while let range = try one.nextData(after: position, size: size) {
      position = range.lowerBound
      while position < range.upperBound {
        let count = Int(min(UInt64(mine.count), range.upperBound - position))
        let got = try (
          one.read(into: &mine, count: count, at: position), other.read(into: &theirs, count: count, at: position)
        )
        guard got == (count, count), mine[..<count] == theirs[..<count] else { return ["bytes from \(position) on"] }
        position += UInt64(count)
      }
    }
    return []
  }
}

import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncCatalog

@Suite struct SegmentDamageTests {
  /// A segment, of a few blocks where it is large, and its bytes.
  private func sample(_ files: SegmentFiles, isLarge: Bool = true) throws -> (entries: [SegmentEntry], bytes: [UInt8]) {
    var random = SeededGenerator(announcing: "damage")
    var entries: [RelativePath: SegmentEntry] = [:]
    while entries.count < 40 {
      let path = random.path()
      entries[path] = random.below(3) == 0 ? .removed(path) : .present(random.record(at: path), random.stamp())
    }
    guard isLarge else {
      let sorted = entries.values.sorted { $0.path < $1.path }
      _ = try files.write("whole", sorted)
      return (sorted, try files.content("whole"))
    }
    let large = try RelativePath.of("large")
    entries[large] = .present(
      Record(
        path: large, content: .folder,
        metadata: Metadata(
          permissions: 0, owner: Metadata.ofLeader.owner, group: Metadata.ofLeader.group, modified: .zero,
          attributes: [ExtendedAttribute(name: Array("user.fill".utf8), value: random.bytes(17_000))])), nil)
    let sorted = entries.values.sorted { $0.path < $1.path }
    #expect(try files.write("whole", sorted).blocks.count > 1)
    return (sorted, try files.content("whole"))
  }

  /// Reads all that a segment holds; nil where it says that it is damaged.
  private func read(_ files: SegmentFiles, _ name: String) throws -> [SegmentEntry]? {
    do {
      let segment = try files.open(name)
      let entries = try MergedCursor([segment], keepsRemovals: true).rest()
      #expect(segment.entries == UInt64(entries.count))
      return entries
    } catch let error as CatalogError {
      #expect(error.kind == .damaged)
      return nil
    }
  }

  @Test("one bit flipped in any byte of a segment is an error", arguments: [(false, 1), (true, 13)])
  func flips(_ isLarge: Bool, _ step: Int) throws {
    let files = try SegmentFiles()
    let (entries, bytes) = try sample(files, isLarge: isLarge)
    let file = try files.scratch.folder.open(.of("whole"), .readingAndWriting)
    for place in bytes.indices where place % step == 0 || place >= bytes.count - 150 {
      for bit in step == 1 ? Array(0..<8) : [place % 8] {
        try file.write([bytes[place] ^ 1 << UInt8(bit)], at: UInt64(place))
        if try read(files, "whole") != nil { Issue.record("bit \(bit) of byte \(place)") }
      }
      try file.write([bytes[place]], at: UInt64(place))
    }
    #expect(try read(files, "whole") == entries)
  }

  @Test("a segment cut at any length, or longer than it was, is an error")
  func cuts() throws {
    let files = try SegmentFiles()
    let (_, bytes) = try sample(files)
    let file = try files.scratch.folder.open(.of("whole"), .readingAndWriting)
    try file.write([0], at: UInt64(bytes.count))
    #expect(try read(files, "whole") == nil)
    for length in stride(from: bytes.count - 1, through: 0, by: -1) {
      try file.truncate(to: UInt64(length))
      if try read(files, "whole") != nil { Issue.record("\(length) bytes") }
    }
  }

  @Test("random bytes in the numbers of the end are an error and no trap")
  func numbers() throws {
    let files = try SegmentFiles()
    let (_, bytes) = try sample(files)
    var random = SeededGenerator(announcing: "footers")
    let file = try files.scratch.folder.open(.of("whole"), .readingAndWriting)
    let end = bytes.count - SegmentWriter.footerLength
    for _ in 0..<3_000 {
      let values: [UInt64] = (0..<3).map { _ in
        [0, 1, UInt64(bytes.count), .max, .max - 48, UInt64(Int64.max), random.next(), random.next() >> 40][
          random.below(8)]
      }
      var numbers = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
      // Often the first two fit together, so that what comes after the sum is reached.
      if random.below(2) == 0 { numbers.replaceSubrange(0..<16, with: bytes[end..<(end + 16)]) }
      guard numbers != Array(bytes[end..<(end + 24)]) else { continue }
      try file.write(numbers, at: UInt64(end))
      #expect(try read(files, "whole") == nil, "HOTSYNC_SEED=\(random.seed)")
    }
  }

  @Test("a segment of another key is no segment of this catalog")
  func otherKey() throws {
    let files = try SegmentFiles()
    _ = try sample(files)
    let error = try #require(throws: CatalogError.self) {
      _ = try Segment(files.scratch.folder.open(.of("whole")), key: key(9))
    }
    #expect(error.kind == .damaged)
  }

  @Test("a catalog whose segment is missing is damaged")
  func missing() throws {
    let files = try SegmentFiles()
    let error = try #require(throws: CatalogError.self) {
      _ = try Catalog.open([.of("gone")], in: files.scratch.folder, key: files.key)
    }
    #expect(error.kind == .damaged)
  }
}

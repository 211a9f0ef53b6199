import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncCatalog

@Suite struct EntryFactsTests {
  @Test("the facts of an encoded entry are those of its record")
  func facts() throws {
    var random = SeededGenerator(announcing: "facts")
    let files = try SegmentFiles()
    var entries: [RelativePath: SegmentEntry] = [:]
    while entries.count < 1_500 {
      let path = random.path()
      entries[path] = random.below(9) == 0 ? .removed(path) : .present(random.record(at: path), random.stamp())
    }
    let sorted = entries.values.sorted { $0.path < $1.path }
    let cursor = try EncodedCursor([files.write("facts", sorted)], keepsRemovals: true)
    for entry in sorted {
      #expect(cursor.isAt(entry.path.bytes) && !cursor.isBefore(entry.path.bytes))
      #expect(try cursor.entry() == entry)
      expect(try #require(cursor.facts), of: entry, cursor, seed: random.seed)
      try cursor.advance()
    }
    #expect(cursor.facts == nil)
    #expect(try cursor.entry() == nil)
  }

  private func expect(_ facts: EntryFacts, of entry: SegmentEntry, _ cursor: EncodedCursor, seed: UInt64) {
    guard case .present(let record, let stamp) = entry else { return #expect(facts.kind == .removed) }
    let kind: EntryFacts.Kind =
      switch record.content {
      case .regular: .regular
      case .folder: .folder
      case .symbolicLink: .symbolicLink
      case .fifo: .fifo
      case .device: .device
      case .hardLink: .hardLink
      }
    #expect(facts.kind == kind && facts.stamp == stamp, "HOTSYNC_SEED=\(seed)")
    guard kind != .hardLink else { return }
    let metadata = record.metadata
    #expect(
      facts.permissions == metadata.permissions && facts.modified == metadata.modified && facts.size == record.size)
    var owners = ByteWriter()
    owners.owners(metadata.owner, metadata.group)
    #expect(cursor.hasOwners(owners.bytes))
    #expect(!cursor.hasOwners(owners.bytes + [0]) && !cursor.hasOwners(Array(owners.bytes.dropLast())))
    var others = owners.bytes
    others[others.count / 2] ^= 1
    #expect(!cursor.hasOwners(others))
  }

  @Test("whatever bytes a block holds are read or refused, and never trap")
  func hostile() throws {
    var random = SeededGenerator(announcing: "blocks")
    var writer = ByteWriter()
    var last: [UInt8] = []
    for name in ["a", "a/b", "c"] {
      let path = try RelativePath.of(name)
      EntryCoding.write(.present(random.record(at: path), random.stamp()), after: last, to: &writer)
      last = path.bytes
    }
    for _ in 0..<20_000 {
      var bytes = random.below(3) == 0 ? random.bytes(random.below(60)) : writer.bytes
      for _ in 0..<random.below(4) where !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      var block = EncodedBlock(Array(bytes.prefix(random.below(bytes.count + 1))))
      do throws(Malformed) { while try block.next() { _ = try? block.entry() } } catch {}
    }
  }
}

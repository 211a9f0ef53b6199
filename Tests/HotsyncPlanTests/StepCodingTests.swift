import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@Suite struct StepCodingTests {
  @Test("every kind of step with every kind of entry comes back as it was")
  func roundTrip() throws {
    for kind in try kinds() {
      for old in try kinds() {
        for step in steps(try Entry("b/c", kind).sighting, try Entry("b/c", old).record) {
          #expect(try decoded(encoded(step)) == step)
        }
      }
    }
  }

  @Test("each fact of a sighting comes back in its own place")
  func keepsFacts() throws {
    for (isOnTheWay, hasFurtherNames) in [(false, false), (false, true), (true, false), (true, true)] {
      let sighting = Sighting(
        path: try .of("a"), kind: .regular(size: 1), permissions: 0o4711, owner: Entry.owner(2, "two"),
        group: Entry.owner(3, "three"), modified: try #require(Timestamp(seconds: -4, nanoseconds: 5)), allocated: 6,
        inode: 7, changed: try #require(Timestamp(seconds: 8, nanoseconds: 9)),
        born: try #require(Timestamp(seconds: 10, nanoseconds: 999_999_999)), isOnTheWay: isOnTheWay,
        hasFurtherNames: hasFurtherNames)
      #expect(try decoded(encoded(.create(sighting))) == .create(sighting))
    }
  }

  @Test("odd names come back byte by byte")
  func keepsNames() throws {
    let names: [[UInt8]] = [
      [0xFF, 0xFE], [0x0A], [0x20], [0x5C, 0x22, 0x27], Array("-rf".utf8), Array("...".utf8), Array("a//b".utf8),
      Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), [UInt8](repeating: 0xC3, count: FileName.maximumLength),
    ].filter { RelativePath($0) != nil }
    #expect(names.count == 9, "all but the path with an empty name in it")
    for name in names {
      var entry = try Entry("b")
      entry.path = try #require(RelativePath(Array("b/".utf8) + name))
      for kind in try kinds() + [.hardLink(leader: #require(RelativePath(name)))] {
        entry.kind = kind
        #expect(try decoded(encoded(.create(entry.sighting))) == .create(entry.sighting))
      }
      entry.kind = .symbolicLink
      for step in steps(entry.sighting, entry.record) { #expect(try decoded(encoded(step)) == step) }
    }
  }

  @Test("the longest path, name, target and numbers come back")
  func keepsLimits() throws {
    let name = [UInt8](repeating: 0x7A, count: FileName.maximumLength)
    let long = (0..<256).flatMap { _ in name + [UInt8(ascii: "/")] }.dropLast()
    #expect(long.count == RelativePath.maximumLength)
    let deep = Array(repeating: "d", count: RelativePath.maximumLevels).joined(separator: "/")
    let owner = try #require(Owner(id: .max - 1, name: [UInt8](repeating: 0xFF, count: Limits.ownerName)))
    for path in [RelativePath(long), RelativePath(deep)] {
      let path = try #require(path)
      for time in [Timestamp(seconds: .min, nanoseconds: 0), Timestamp(seconds: .max, nanoseconds: 999_999_999)] {
        let time = try #require(time)
        let sighting = Sighting(
          path: path, kind: .regular(size: .max), permissions: 0o7777, owner: owner, group: owner, modified: time,
          allocated: .max, inode: .max, changed: time, born: time)
        let metadata = Metadata(permissions: 0o7777, owner: owner, group: owner, modified: time, attributes: [])
        for content in [
          Content.regular(size: Limits.fileSize, digest: Digest(high: .max, low: .max)),
          .symbolicLink(target: [UInt8](repeating: 0xFF, count: Limits.linkTarget)),
        ] {
          for step in steps(sighting, Record(path: path, content: content, metadata: metadata)) {
            #expect(try decoded(encoded(step)) == step)
          }
        }
      }
    }
  }

  @Test("steps one after the other are read one after the other")
  func readsSequences() throws {
    var writer = ByteWriter()
    let all = steps(try Entry("a").sighting, try Entry("a", .folder).record)
    for step in all { writer.step(step) }
    var reader = ByteReader(writer.bytes)
    for step in all { #expect(try reader.step() == step) }
    try reader.end()
  }

  @Test("a step that is cut anywhere is refused")
  func refusesCuts() throws {
    for kind in try kinds() {
      let entry = try Entry("b/c", kind)
      for step in steps(entry.sighting, entry.record) {
        let bytes = encoded(step)
        for length in bytes.indices { #expect(throws: Malformed.self) { try decoded(Array(bytes.prefix(length))) } }
      }
    }
  }

  @Test("unknown marks and kinds, and facts that cannot be, are refused")
  func refusesWhatCannotBe() throws {
    // The mark, the path, the kind, permissions, owner and its name, group and its name, then times and numbers.
    let good: [UInt8] = [1, 1, 0x61, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(throws: Never.self) { try decoded(good) }
    func replaced(_ range: Range<Int>, _ bytes: [UInt8]) -> [UInt8] {
      var all = good
      all.replaceSubrange(range, with: bytes)
      return all
    }
    let minusOne: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]
    let bad: [(String, [UInt8])] = [
      ("no mark", replaced(0..<1, [0])), ("a fifth mark", replaced(0..<1, [5])),
      ("an empty path", replaced(1..<3, [0])), ("an absolute path", replaced(2..<3, [0x2F])),
      ("a way out", replaced(1..<3, [2, 0x2E, 0x2E])), ("no kind", replaced(3..<4, [0])),
      ("an eighth kind", replaced(3..<4, [8])), ("a leader outside", replaced(3..<4, [4, 2, 0x2E, 0x2E])),
      ("a device beyond 12 bits", replaced(3..<4, [6, 0x80, 0x20, 0])),
      ("a device beyond 20 bits", replaced(3..<4, [7, 0, 0x80, 0x80, 0x40])),
      ("13 bits of mode", replaced(4..<5, [0x80, 0x20])), ("owner -1", replaced(5..<6, minusOne)),
      ("group -1", replaced(7..<8, minusOne)), ("an owner's name with a colon", replaced(6..<7, [1, 0x3A])),
      ("a second of nanoseconds", replaced(10..<11, [0x80, 0x94, 0xEB, 0xDC, 0x03])),
      ("a flag of 2", replaced(17..<18, [2])), ("another flag of 2", replaced(18..<19, [2])),
      ("a byte too many", good + [0]),
    ]
    for (what, bytes) in bad { #expect(throws: Malformed.self, "\(what)") { try decoded(bytes) } }
  }

  @Test("mutated steps decode to nothing, or to a step of exactly these bytes: nothing traps")
  func survivesMutation() throws {
    var random = SeededGenerator(announcing: "mutated steps")
    let kinds = try kinds()
    var taken = 0
    for _ in 0..<20_000 {
      let entry = try Entry("b/c", kinds[random.below(kinds.count)])
      let old = try Entry("b/c", kinds[random.below(kinds.count)])
      var bytes = encoded(steps(entry.sighting, old.record)[random.below(4)])
      for _ in 0...random.below(3) { mutate(&bytes, &random) }
      guard let step = try? decoded(bytes) else { continue }
      taken += 1
      if encoded(step) != bytes { Issue.record("HOTSYNC_SEED=\(random.seed): \(bytes)") }
    }
    #expect(taken > 500, "the mutations leave some steps whole: HOTSYNC_SEED=\(random.seed)")
    for _ in 0..<20_000 {
      let bytes = random.bytes(random.below(60))
      if let step = try? decoded(bytes), encoded(step) != bytes {
        Issue.record("HOTSYNC_SEED=\(random.seed): \(bytes)")
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let place = random.below(bytes.count)
    switch random.below(5) {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
    case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    case 3: bytes.insert(contentsOf: [UInt8](repeating: 0xFF, count: 9) + [1], at: place)
    default: if bytes.count > 1 { bytes.remove(at: place) }
    }
  }

  private func kinds() throws -> [Sighting.Kind] {
    let number = try #require(DeviceNumber(major: 8, minor: 0xF_FFFF))
    return [
      .regular(size: 1_000), .folder, .symbolicLink, .hardLink(leader: try .of("b/a")), .fifo,
      .device(isBlock: false, number), .device(isBlock: true, number),
    ]
  }

  private func steps(_ sighting: Sighting, _ old: Record) -> [Step] {
    [.create(sighting), .examine(sighting, old: old), .replace(sighting, old: old), .remove(old)]
  }

  private func encoded(_ step: Step) -> [UInt8] {
    var writer = ByteWriter()
    writer.step(step)
    return writer.bytes
  }

  /// The step that exactly these bytes are.
  private func decoded(_ bytes: [UInt8]) throws(Malformed) -> Step {
    var reader = ByteReader(bytes)
    let step = try reader.step()
    try reader.end()
    return step
  }
}

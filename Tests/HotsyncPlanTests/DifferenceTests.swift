import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@Suite struct DifferenceTests {
  /// What alone makes an entry that the catalog knows be looked at.
  enum Fact: CaseIterable {
    case inode, changed, changedByNanoseconds, modified, modifiedBackwards, larger, smaller
    case owner, ownerName, group, groupName, tooFresh, noStamp, full
  }

  private static func kinds() throws -> [Sighting.Kind] {
    let number = try #require(DeviceNumber(major: 8, minor: 0xF_FFFF))
    return [
      .regular(size: 1_000), .folder, .symbolicLink, .hardLink(leader: try .of("a")), .fifo,
      .device(isBlock: false, number), .device(isBlock: true, number),
    ]
  }

  @Test("what the catalog does not know is created, whatever it is")
  func creates() throws {
    for kind in try Self.kinds() {
      for isFull in [false, true] {
        var difference = Difference(isFull: isFull)
        let sighting = try Entry("b", kind).sighting
        #expect(difference.step(nil, sighting) == .create(sighting))
      }
    }
  }

  @Test("what its stamp shows to be untouched needs nothing, whatever it is")
  func trustsStamps() throws {
    for kind in try Self.kinds() {
      var difference = Difference(isFull: false)
      let entry = try Entry("b", kind)
      #expect(difference.step(entry.known, entry.sighting) == nil, "\(kind)")
    }
  }

  @Test("any one fact that differs makes a file be examined", arguments: Fact.allCases)
  func examines(fact: Fact) throws {
    let before = try Entry("b")
    var now = before
    var (record, stamp) = (before.record, Optional(before.stamp))
    switch fact {
    case .inode: now.inode += 1
    case .changed: now.changed = Timestamp(seconds: before.changed.seconds + 1)
    case .changedByNanoseconds:
      now.changed = try #require(Timestamp(seconds: before.changed.seconds, nanoseconds: 1))
    case .modified: now.modified = Timestamp(seconds: before.modified.seconds + 1)
    case .modifiedBackwards: now.modified = Timestamp(seconds: -1)
    case .larger: now.kind = .regular(size: 1_001)
    case .smaller: now.kind = .regular(size: 0)
    case .owner: now.owner = Entry.owner(1_001, "anna")
    case .ownerName: now.owner = Entry.owner(1_000, "berta")
    case .group: now.group = Entry.owner(101, "users")
    case .groupName: now.group = Entry.owner(100, "staff")
    case .tooFresh:
      var fresh = before
      fresh.isTooFresh = true
      (record, stamp) = (fresh.record, fresh.stamp)
    case .noStamp: stamp = nil
    case .full: break
    }
    var difference = Difference(isFull: fact == .full)
    #expect(difference.step((record, stamp), now.sighting) == .examine(now.sighting, old: record))
  }

  @Test("a full scan reads all kinds of entries again, a further name after its file")
  func fullTrustsNothing() throws {
    var difference = Difference(isFull: true)
    for kind in try Self.kinds() {
      let entry = try Entry(kind == .regular(size: 1_000) ? "a" : "b", kind)
      #expect(difference.step(entry.known, entry.sighting) == .examine(entry.sighting, old: entry.record), "\(kind)")
    }
  }

  @Test("space that a file got after it was read is no reason to read it again")
  func ignoresSpace() throws {
    var entry = try Entry("b")
    let known = entry.known
    entry.allocated = 0
    var difference = Difference(isFull: false)
    #expect(difference.step(known, entry.sighting) == nil)
  }

  @Test("a folder on the way to a root may get another time, one of the tree may not")
  func ignoresTimeOnTheWay() throws {
    for isOnTheWay in [false, true] {
      var entry = try Entry("home", .folder)
      entry.isOnTheWay = isOnTheWay
      let known = entry.known
      entry.modified = Timestamp(seconds: 5)
      entry.changed = Timestamp(seconds: 6)
      var difference = Difference(isFull: false)
      let expected: Step? = isOnTheWay ? nil : .examine(entry.sighting, old: known.record)
      #expect(difference.step(known, entry.sighting) == expected)
    }
  }

  @Test("a folder on the way is looked at for all else", arguments: ["mode", "owner", "group", "inode", "full"])
  func looksOnTheWay(fact: String) throws {
    var entry = try Entry("home", .folder)
    entry.isOnTheWay = true
    let known = entry.known
    entry.changed = Timestamp(seconds: 6)
    switch fact {
    case "mode": entry.permissions = 0o700
    case "owner": entry.owner = Entry.owner(0, "root")
    case "group": entry.group = Entry.owner(0, "root")
    case "inode": entry.inode += 1
    default: break
    }
    var difference = Difference(isFull: fact == "full")
    #expect(difference.step(known, entry.sighting) == .examine(entry.sighting, old: known.record))
  }

  @Test("another kind of entry replaces the old one, in any direction and though the stamp agrees")
  func replaces() throws {
    for old in try Self.kinds() {
      for new in try Self.kinds() where new != old {
        var entry = try Entry("b", old)
        let known = entry.known
        entry.kind = new
        var difference = Difference(isFull: false)
        #expect(
          difference.step(known, entry.sighting) == .replace(entry.sighting, old: known.record), "\(old) to \(new)")
      }
    }
  }

  @Test("what the slave found damaged is examined though its stamp agrees, and nothing else is")
  func examinesDamaged() throws {
    for kind in try Self.kinds() {
      for isOnTheWay in [false, kind == .folder] {
        var difference = Difference(isFull: false, damaged: [try .of("b")])
        var entry = try Entry("b", kind)
        entry.isOnTheWay = isOnTheWay
        #expect(difference.step(entry.known, entry.sighting) == .examine(entry.sighting, old: entry.record), "\(kind)")
        for path in ["a.b", "b/c", "B"] {
          let other = try Entry(path, kind)
          #expect(difference.step(other.known, other.sighting) == nil, "\(kind) \(path)")
        }
      }
    }
  }

  @Test("damage makes no difference to what is new or of another kind")
  func damageChangesNoOtherStep() throws {
    let sighting = try Entry("b").sighting
    let old = try Entry("b", .folder)
    var difference = Difference(isFull: false, damaged: [try .of("b")])
    #expect(difference.step(nil, sighting) == .create(sighting))
    #expect(difference.step(old.known, sighting) == .replace(sighting, old: old.record))
  }

  @Test("a step tells what was seen and what was known")
  func tellsBothSides() throws {
    let entry = try Entry("b")
    let (sighting, record) = (entry.sighting, entry.record)
    #expect(Step.create(sighting).sighting == sighting && Step.create(sighting).old == nil)
    #expect(Step.remove(record).sighting == nil && Step.remove(record).old == record)
    for step in [Step.examine(sighting, old: record), .replace(sighting, old: record)] {
      #expect(step.sighting == sighting && step.old == record)
    }
  }
}

@Suite struct HardLinkDifferenceTests {
  /// What becomes of the file whose further name is asked for.
  enum Leader: CaseIterable { case unchanged, created, examined, replaced, damaged }

  @Test("a further name follows when its file may get another inode", arguments: Leader.allCases)
  func followsItsLeader(leader: Leader) throws {
    var difference = Difference(isFull: false, damaged: leader == .damaged ? [try .of("a")] : [])
    var file = try Entry("a")
    let known = file.known
    let step: Step?
    switch leader {
    case .unchanged, .damaged: step = difference.step(known, file.sighting)
    case .created: step = difference.step(nil, file.sighting)
    case .examined:
      file.modified = .zero
      step = difference.step(known, file.sighting)
    case .replaced: step = difference.step(try Entry("a", .folder).known, file.sighting)
    }
    #expect((step == nil) == (leader == .unchanged))

    let name = try Entry("b", .hardLink(leader: .of("a")))
    let expected: Step? = leader == .unchanged ? nil : .examine(name.sighting, old: name.record)
    #expect(difference.step(name.known, name.sighting) == expected)
    let other = try Entry("d", .hardLink(leader: .of("c")))
    #expect(difference.step(other.known, other.sighting) == nil, "another file's name is not concerned")
  }

  @Test("a name of another file than before, or of one with another inode, is linked anew")
  func linksAnew() throws {
    var entry = try Entry("c", .hardLink(leader: .of("a")))
    let known = entry.known
    func step(_ stamp: Stamp?) -> Step? {
      var difference = Difference(isFull: false)
      return difference.step((known.record, stamp), entry.sighting)
    }
    #expect(step(known.stamp) == nil)
    #expect(step(nil) == .examine(entry.sighting, old: known.record))
    entry.kind = .hardLink(leader: try .of("b"))
    #expect(step(known.stamp) == .examine(entry.sighting, old: known.record))
    entry.inode += 1
    #expect(step(known.stamp) == .replace(entry.sighting, old: known.record))
    entry.kind = .hardLink(leader: try .of("a"))
    #expect(step(known.stamp) == .replace(entry.sighting, old: known.record), "the slave has the former file there")
  }

  @Test("a further name has no times of its own: those of its file do not count for it")
  func ignoresTimes() throws {
    var entry = try Entry("b", .hardLink(leader: .of("a")))
    let known = entry.known
    entry.modified = .zero
    entry.changed = .zero
    var difference = Difference(isFull: false)
    #expect(difference.step(known, entry.sighting) == nil)
  }
}

import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@Suite struct DepartedFilesTests {
  private func moved(_ entry: Entry) throws -> Entry {
    var moved = entry
    moved.path = try .of("new/name")
    return moved
  }

  @Test("a file that is seen again under another path is the one that left, for certain")
  func finds() throws {
    let old = try Entry("old/name")
    var departed = DepartedFiles()
    #expect(departed.isEmpty)
    #expect(departed.origin(of: try moved(old).sighting) == nil)
    departed.note(old.record, old.stamp)
    #expect(!departed.isEmpty)
    let origin = try #require(departed.origin(of: try moved(old).sighting))
    #expect(origin.record == old.record && origin.isCertain)
  }

  @Test("any one fact that differs makes it another file", arguments: ["inode", "size", "birth", "modified"])
  func needsAllFacts(fact: String) throws {
    let old = try Entry("old/name")
    var departed = DepartedFiles()
    departed.note(old.record, old.stamp)
    var new = try moved(old)
    switch fact {
    case "inode": new.inode += 1
    case "size": new.kind = .regular(size: 1_001)
    case "birth": new.born = Timestamp(seconds: old.born.seconds + 1)
    default: new.modified = try #require(Timestamp(seconds: old.modified.seconds, nanoseconds: 1))
    }
    #expect(departed.origin(of: new.sighting) == nil)
  }

  @Test("what says nothing about the content does not make it another file", arguments: ["mode", "owner", "space"])
  func ignoresOtherFacts(fact: String) throws {
    let old = try Entry("old/name")
    var departed = DepartedFiles()
    departed.note(old.record, old.stamp)
    var new = try moved(old)
    switch fact {
    case "mode": new.permissions = 0o600
    case "owner": new.owner = Entry.owner(0, "root")
    default: new.allocated = 0
    }
    #expect(departed.origin(of: new.sighting)?.record == old.record)
  }

  @Test("it is certain only with the same time of change, and a stamp that was not too fresh")
  func knowsWhenItMayHaveChanged() throws {
    for isTooFresh in [false, true] {
      for isChanged in [false, true] {
        var old = try Entry("old/name")
        old.isTooFresh = isTooFresh
        var departed = DepartedFiles()
        departed.note(old.record, old.stamp)
        var new = try moved(old)
        if isChanged { new.changed = try #require(Timestamp(seconds: old.changed.seconds, nanoseconds: 1)) }
        let origin = try #require(departed.origin(of: new.sighting))
        #expect(origin.isCertain == (!isTooFresh && !isChanged))
      }
    }
  }

  @Test("empty files, what is no file and what has no stamp are never noted")
  func notesFilesOnly() throws {
    var departed = DepartedFiles()
    let kinds: [Sighting.Kind] = [.regular(size: 0), .folder, .symbolicLink, .hardLink(leader: try .of("a"))]
    for kind in kinds {
      let old = try Entry("old/name", kind)
      departed.note(old.record, old.stamp)
      #expect(departed.origin(of: try moved(old).sighting) == nil)
    }
    let old = try Entry("old/name")
    departed.note(old.record, nil)
    #expect(departed.isEmpty)
  }

  @Test("only a file comes from a file")
  func findsForFilesOnly() throws {
    let old = try Entry("old/name")
    var departed = DepartedFiles()
    departed.note(old.record, old.stamp)
    for kind in [Sighting.Kind.folder, .symbolicLink, .hardLink(leader: try .of("a"))] {
      var new = try moved(old)
      new.kind = kind
      #expect(departed.origin(of: new.sighting) == nil)
    }
  }

  @Test("files beyond the limit are forgotten, those before it are not")
  func isBounded() throws {
    var entry = try Entry("old/name")
    let record = entry.record
    var departed = DepartedFiles()
    for inode in 1...UInt64(DepartedFiles.limit + 1) {
      departed.note(record, Stamp(inode: inode, changed: entry.changed, born: entry.born, isTooFresh: false))
    }
    let limit = UInt64(DepartedFiles.limit)
    for (inode, isKnown) in [(1, true), (limit, true), (limit + 1, false)] as [(UInt64, Bool)] {
      entry.inode = inode
      #expect((departed.origin(of: entry.sighting) != nil) == isKnown, "file \(inode)")
    }
  }
}

import HotsyncCatalog
import HotsyncConfig
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// Local users own folders of a restore's target: what they rename and put in the way while it runs leads it nowhere.
@Suite struct SwapTests {
  private static func changes() -> Changes {
    var changes = Changes()
    changes.put = ["srv": .folder, "srv/link": Entry(.link("nowhere"))]
    for folder in ["srv/a", "srv/a/folder", "srv/a/folder/deep", "srv/b", "srv/b/folder"] {
      changes.put[folder] = .folder
      for name in ["file", "other"] { changes.put["\(folder)/\(name)"] = .file("ours") }
      changes.put["\(folder)/link"] = Entry(.link("file"))
      changes.put["\(folder)/name"] = Entry(.hardLink("srv/a/file"))
    }
    changes.put["srv/a/folder/shared"] = Entry(.folder, permissions: 0o2775)
    return changes
  }

  private func filled() throws -> (TestSlave, Tree) {
    let slave = try TestSlave(limit: .percent(100))
    var tree = Tree()
    try slave.cycle(SwapTests.changes(), on: &tree)
    return (slave, tree)
  }

  /// Links to the canary beside the folders of the target, and what changes places with what.
  private func lures(_ slave: TestSlave, in target: String, at canary: String) throws -> [SwappedNames] {
    let place = Place(path: slave.scratch.path)
    var pairs: [SwappedNames] = []
    for (folder, name) in [("", "srv"), ("srv", "a"), ("srv", "b"), ("srv/a", "folder"), ("srv/a/folder", "deep")] {
      let below = folder.isEmpty ? target : "\(target)/\(folder)"
      try place.makeSymbolicLink("\(below)/lure.\(name)", to: canary)
      pairs.append(SwappedNames(name, "lure.\(name)", in: slave.scratch.path, below: below))
    }
    return pairs
  }

  @Test(
    "folders of the target that change places with links while a restore runs lead it nowhere",
    arguments: [false, true])
  func folders(force: Bool) throws {
    let (slave, _) = try filled()
    let canary = try Canary(at: slave.scratch.path("outside"))
    var (done, swaps) = (0, 0)
    for round in 0..<25 {
      let target = "out\(round)"
      let pairs = try lures(slave, in: target, at: canary.path)
      let (ending, count) = try whileSwapping(pairs) {
        kind { try slave.restore(to: target, force: force, from: nil) }
      }
      #expect(ending == nil || ending == .unwritable || ending == .failed, "round \(round)")
      done += ending == nil ? 1 : 0
      swaps += count
      #expect(try canary.touches() == [], "round \(round)")
    }
    #expect(swaps > 25, "nothing was swapped")
  }

  @Test("what a restore has under way under a name of its own cannot be swapped for what is not its own")
  func aside() throws {
    let (slave, _) = try filled()
    let scratch = slave.scratch.path
    let place = Place(path: scratch)
    // Somebody else's file in a folder that a local user owns: he may rename it, and not read it.
    for round in 0..<25 {
      let target = "out\(round)"
      try place.makeFolder("\(target)/srv/a")
      try place.write(Canary.secret, to: "\(target)/srv/a/.victim", permissions: 0o600)
      // Held open, so that no other file gets its number: a restore that meets it under a name of its own may remove it.
      let held = try place.open("\(target)/srv/a/.victim")
      let before = try held.status()
      let path = try #require(RelativePath("\(target)/srv/a"))
      let mischief: @Sendable () -> Void = {
        guard let folder = try? Folder.open(scratch).folder(at: path), let victim = FileName(".victim"),
          let names = try? folder.names()
        else { return }
        for name in names where String(decoding: name.bytes, as: UTF8.self).hasPrefix(".hotsync-") {
          try? folder.exchange(name, with: victim, in: folder)
        }
      }
      _ = try whileSwapping([], each: mischief) { _ = kind { try slave.restore(to: target) } }
      var found = 0
      for entry in try walkTree(Folder.open("\(scratch)/\(target)")) where entry.status.inode == before.inode {
        found += 1
        #expect(entry.status.owner == before.owner && entry.status.permissions == before.permissions, "\(entry.path)")
        #expect(entry.status.modified == before.modified, "\(entry.path)")
      }
      #expect(found <= 1)
      let after = try held.status()
      #expect(after.owner == before.owner && after.permissions == before.permissions)
      #expect(after.modified == before.modified)
    }
  }

  @Test("a link whose place was taken by a file before it gets its owner is refused, and the file stays whose it is")
  func takenPlace() throws {
    let scratch = try ScratchFolder("taken")
    try scratch.folder.replace(.of("file"), with: [1])
    let record = try Entry(.link("x")).record(at: path("srv/x"), key: TestSlave().store().key)
    let file = try scratch.folder.open(.of("file"), .nameOnly)
    let before = try file.status()
    #expect(throws: SystemError.self) {
      try MetadataWriter(accounts: Accounts()).apply(record, to: file, isNew: true)
    }
    #expect(try file.status() == before)
  }

  @Test(
    "links that take the place of folders in the mirror and in history lead neither cycle nor prune nor reader outside")
  func store() throws {
    let (slave, before) = try filled()
    var tree = before
    let canary = try Canary(at: slave.scratch.path("outside"))
    let top = "var/lib/hotsync/standby"
    let place = Place(path: slave.scratch.path)
    for round in 0..<12 {
      var changes = Changes()
      for folder in ["srv/a", "srv/a/folder"] { changes.put["\(folder)/other"] = .file("round \(round)") }
      try slave.cycle(changes, on: &tree)
    }
    var pairs: [SwappedNames] = []
    let numbers = try slave.store().generations().all.map(\.number)
    let levels = numbers.dropLast().map { "\(top)/history/\($0)/files/srv" } + ["\(top)/mirror/files/srv"]
    for level in levels {
      try place.makeSymbolicLink("\(level)/lure", to: canary.path)
      pairs.append(SwappedNames("a", "lure", in: slave.scratch.path, below: level))
    }
    var kinds: [FailureKind?] = []
    _ = try whileSwapping(pairs) {
      for round in 0..<6 {
        kinds.append(kind { _ = try slave.pruner("1s/1s").runWhole(accepts: true) })
        kinds.append(kind { try slave.restore(to: "out\(round)") })
        kinds.append(kind { _ = try StoreVerification(slave.store(), share: 1, accounts: Accounts()).run() })
        var changes = Changes()
        changes.put = ["srv/a/other": .file("later \(round)")]
        kinds.append(kind { try slave.cycle(changes, on: &tree) })
      }
    }
    #expect(try canary.touches() == [])
    #expect(!kinds.contains(.bug), "\(kinds)")
    #expect(try files(below: slave.scratch.path(top), holding: Canary.secret) == [])
  }
}

import HotsyncCatalog
import HotsyncConfig
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

/// Dumps and facts in a store: how they come, and how they are read.
@Suite struct ReservedTests {
  private static func with(_ dump: [UInt8]) -> Changes {
    var changes = Changes()
    for folder in [".hotsync", ".hotsync/dumps", ".hotsync/facts"] {
      changes.put[folder] = Entry(.folder, permissions: 0o700)
    }
    changes.put[".hotsync/dumps/shop.sql"] = Entry(.file(dump), permissions: 0o600)
    changes.put[".hotsync/facts/machine.json"] = .file("{}\n")
    return changes
  }

  private func bytes(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
  }

  @Test("facts and dumps of any generation are read from it, also after later ones changed them")
  func read() throws {
    let slave = try TestSlave()
    var tree = Tree()
    let (first, second) = (bytes(1, 300_000), bytes(2, 200_000))
    try slave.cycle(ReservedTests.with(first), on: &tree)
    var changes = Changes()
    changes.put[".hotsync/dumps/shop.sql"] = Entry(.file(second), permissions: 0o600)
    changes.put[".hotsync/facts/machine.json"] = .file("{\"a\": 1}\n")
    try slave.cycle(changes, on: &tree)
    for (generation, dump, fact) in [("1", first, "{}\n"), ("2", second, "{\"a\": 1}\n")] {
      let pinned = try slave.pin(generation)
      #expect(try pinned.facts() == ["machine": Array(fact.utf8)])
      #expect(try pinned.dumps().map(\.size) == [UInt64(dump.count)])
      let file = try pinned.dump(try path(".hotsync/dumps/shop.sql"))
      #expect(try file.readAll(limit: 1 << 20) == dump)
    }
    #expect(kind { _ = try slave.pin().dump(try path(".hotsync/dumps/none.sql")) } == .usage)
  }

  @Test("the mirror's own file is lent of the newest generation, and none is made")
  func lent() throws {
    let slave = try TestSlave()
    var tree = Tree()
    try slave.cycle(ReservedTests.with(bytes(1, 300_000)), on: &tree)
    let file = try slave.pin().dump(try path(".hotsync/dumps/shop.sql"))
    let own = try slave.mirror().open(at: try path(".hotsync/dumps/shop.sql"))
    #expect(try file.status().inode == own.status().inode)
  }

  @Test("a fact that the disk has altered is not handed out")
  func damaged() throws {
    let slave = try TestSlave()
    var tree = Tree()
    try slave.cycle(ReservedTests.with(bytes(1, 300)), on: &tree)
    try slave.damage(".hotsync/facts/machine.json")
    #expect(kind { _ = try slave.pin().facts() } == .damaged)
  }

  @Test("dumps and facts are not counted as files, and dropping them is no deletion that max_delete could stop")
  func counts() throws {
    let slave = try TestSlave(limit: .count(0))
    var tree = Tree()
    var changes = ReservedTests.with(bytes(1, 300))
    changes.put["srv"] = .folder
    changes.put["srv/a"] = .file("a")
    try slave.cycle(changes, on: &tree)
    #expect(try slave.pin().generation.files == 1 && slave.pin().generation.bytes == 1)
    try slave.serve { master in
      try master.greet()
      try master.begin(deletions: 0, acceptsDeletions: false)
      try master.send(.remove(try path(".hotsync/dumps/shop.sql")))
      tree.entries[try path(".hotsync/dumps/shop.sql")] = nil
      let key = try #require(master.welcome?.hashKey)
      try master.send(.seal(try tree.digest(key: key)))
      guard case .sealed = try master.answer() else { throw ScriptedMaster.Unexpected() }
      try master.send(.commit)
      guard case .committed = try master.answer() else { throw ScriptedMaster.Unexpected() }
    }
    #expect(try slave.pin().generation.files == 1 && slave.pin().dumps().isEmpty)
  }

  @Test("a store of an older version gets the links in the place of its empty folders, and keeps what is in them")
  func links() throws {
    let slave = try TestSlave()
    let mirror = try slave.scratch.open().folder(at: try path("var/lib/hotsync/standby/mirror"))
    for (name, target) in StoreLayout.mirrorLinks {
      #expect(try mirror.readLink(name) == Array("files/".utf8) + target.bytes)
      try mirror.unlink(name)
      try mirror.makeFolder(name)
    }
    try mirror.folder(StoreLayout.facts).makeFolder(StoreLayout.name("mine"))
    _ = try Store.create(connection: "standby", root: try slave.scratch.open(), path: "/var/lib/hotsync")
    #expect(try mirror.status(StoreLayout.dumps).kind == .symbolicLink)
    #expect(try mirror.status(StoreLayout.facts).kind == .folder)
  }

  // MARK: Streams

  @Test("a stream takes what its base has and what comes, and one that came out wrong is asked for again")
  func streams() throws {
    let slave = try TestSlave()
    var tree = Tree()
    let base = bytes(1, 3 << 20)
    try slave.cycle(ReservedTests.with(base), on: &tree)
    let place = try path(".hotsync/dumps/shop.sql")
    for (round, isWrong) in [false, true].enumerated() {
      let former = round == 0 ? base : Array("rows".utf8) + base
      let after = Array("\(round) more ".utf8) + former.dropLast(1_000)
      try slave.serve { master in
        try master.greet()
        try master.begin()
        let key = try #require(master.welcome?.hashKey)
        let number = master.claim()
        let size = UInt64(try slave.mirror().open(at: place).status().size)
        try master.send(.openContent(number: number, .streamed(path: place, baseSize: size)))
        let head = UInt64(after.count - (former.count - 1_000))
        try master.send(
          .data(offset: 0, isWrong ? [UInt8](repeating: 0, count: Int(head))[...] : after.prefix(Int(head))))
        let rest = Stretch(offset: head, length: UInt64(after.count) - head)
        try master.send(isWrong ? .data(offset: head, after[Int(head)..<(Int(head) + 9)]) : .copied(from: 0, rest))
        try master.send(.closeStream(size: UInt64(after.count), digest: ContentDigest.of(after, key: key)))
        let entry = Entry(.file(after), permissions: 0o600)
        try master.send(.entry(try entry.record(at: place, key: key), .content(number)))
        tree.entries[place] = entry
        try master.send(.seal(try tree.digest(key: key)))
        if isWrong {
          guard case .mismatched([number]) = try master.answer() else { throw ScriptedMaster.Unexpected() }
          try master.send(.openContent(number: number, .streamed(path: place, baseSize: 0)))
          for start in stride(from: 0, to: after.count, by: 1 << 19) {
            try master.send(.data(offset: UInt64(start), after[start..<min(after.count, start + 1 << 19)]))
          }
          try master.send(.closeStream(size: UInt64(after.count), digest: ContentDigest.of(after, key: key)))
          try master.send(.seal(try tree.digest(key: key)))
        }
        guard case .sealed = try master.answer() else { throw ScriptedMaster.Unexpected() }
        try master.send(.commit)
        guard case .committed = try master.answer() else { throw ScriptedMaster.Unexpected() }
      }
      #expect(try slave.mirror().open(at: place).readAll(limit: 1 << 24) == after)
      #expect(try tree.differences(in: try slave.mirror()) == [])
      guard round == 0 else { continue }
      var changes = Changes()
      changes.put[".hotsync/dumps/shop.sql"] = Entry(.file(Array("rows".utf8) + base), permissions: 0o600)
      try slave.cycle(changes, on: &tree)
    }
  }

  @Test("what a broken cycle had of a stream is not kept, and what it had whole is offered")
  func broken() throws {
    let slave = try TestSlave()
    let content = bytes(5, 2 << 20)
    for isWhole in [false, true] {
      try slave.serve { master in
        try master.greet()
        try master.begin()
        let key = try #require(master.welcome?.hashKey)
        try master.send(
          .openContent(number: master.claim(), .streamed(path: try path(".hotsync/dumps/a.sql"), baseSize: 0)))
        for start in stride(from: 0, to: content.count, by: 1 << 19) {
          try master.send(.data(offset: UInt64(start), content[start..<(start + 1 << 19)]))
        }
        guard isWhole else { return try master.channel.flush() }
        try master.send(.closeStream(size: UInt64(content.count), digest: ContentDigest.of(content, key: key)))
        try master.channel.flush()
      }
      try slave.serve { master in
        try master.greet()
        try master.send(
          .begin(Announcement(entries: 0, deletions: 0, bytes: 0, acceptsDeletions: true)))
        var staged = 0
        while true {
          switch try master.answer() {
          case .staged(let contents): staged += contents.count
          case .ready:
            #expect(staged == (isWhole ? 1 : 0))
            return
          default: Issue.record("something else is offered")
          }
        }
      }
    }
  }
}

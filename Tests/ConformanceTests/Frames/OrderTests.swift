import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// Every message in every state in which it may not come (docs/protocol.md, "Order"), over a real login.
@Suite struct OrderTests {
  enum State: String, CaseIterable {
    case silent, greeted, looking, asking, pushing, inContent, inDelta, sealed, committed

    /// The messages that may come, by their types.
    var allowed: Set<UInt8> {
      switch self {
      case .silent: [1]
      case .greeted: [2, 3, 18, 19, 21, 22]
      case .looking: [2, 18, 19, 21]
      case .asking: [2, 18, 19, 21, 23]
      case .pushing: [4, 5, 13, 14, 15, 16, 18, 19, 22, 24]
      case .inContent: [4, 6, 7, 8, 11, 12, 18, 20, 24, 25, 26]
      case .inDelta: [4, 9, 10, 18]
      // 5 only for what was told to be mismatched.
      case .sealed: [17, 18, 19]
      case .committed: [18, 19, 22]
      }
    }
  }

  /// Brings a login to a state.
  private func login(_ ordeal: Ordeal, in state: State) throws -> RawMaster {
    let master = try ordeal.login()
    if state == .silent {
      master.say(Preamble.bytes)
      return master
    }
    let purpose: Hello.Purpose = state == .looking ? .look : state == .asking ? .snapshots : .cycle
    try master.greet(RawMaster.hello(ordeal.pair, purpose))
    guard ![.greeted, .looking, .asking].contains(state) else { return master }
    try master.begin()
    switch state {
    case .inContent: try open(master)
    case .inDelta:
      try open(master)
      master.say(
        .openDelta(base: Stretch(offset: 0, length: 8_192), new: Stretch(offset: 0, length: 8_192)))
    case .sealed, .committed:
      master.say(.seal(try master.catalog()))
      try master.wait(for: 74)
      guard state == .committed else { break }
      master.say(.commit)
      try master.wait(for: 75)
    default: break
    }
    return master
  }

  private func open(_ master: RawMaster) throws {
    guard let base = RelativePath(Ordeal.largePath) else { throw SupportError(Ordeal.largePath) }
    let size = Ordeal.largeSize
    master.say(.openContent(number: master.claim(), .patch(base: base, baseSize: size, size: size, dirty: size)))
  }

  /// A well-formed message of every type.
  private func messages(_ ordeal: Ordeal) throws -> [MasterMessage] {
    guard let path = RelativePath("srv/data/new"), let key = HashKey(bytes: [UInt8](repeating: 7, count: 192)),
      let name = SnapshotName("before")
    else { throw SupportError("no path, no key or no name") }
    let record = try RawMaster.record("srv/data/new", of: [1], key)
    let stretch = Stretch(offset: 0, length: 4_096)
    return [
      .hello(RawMaster.hello(ordeal.pair)), .fetchCatalog,
      .begin(Announcement(entries: 0, deletions: 0, bytes: 0, acceptsDeletions: true)),
      .requestSignature(SignatureRequest(id: 1, base: path, stretch: stretch, blockLength: 2_048, strongLength: 16)),
      .openContent(number: 100, .whole(path: path, size: 1, resumeAt: 0)), .data(offset: 0, [1]), .zeros(stretch),
      .openDelta(base: stretch, new: stretch), .delta([1]), .closeDelta, .closeContent(digest: .zero), .dropContent,
      .entry(try RawMaster.record("srv/data/new", .folder), .none), .file(record, number: 100, [1]), .remove(path),
      .seal(.empty), .commit, .ping, .bye, .kept(stretch),
      .listSnapshots, .pin(name, generation: 1), .askToUnpin(name),
      .requestChunks(ChunkRequest(id: 1, base: path, stretch: stretch)), .copied(from: 0, stretch),
      .closeStream(size: 1, digest: .zero),
    ]
  }

  @Test("a message that the order does not have is refused, and nothing changes", arguments: State.allCases)
  func outOfOrder(_ state: State) throws {
    let ordeal = try Ordeal()
    let messages = try messages(ordeal)
    #expect(Set(messages.map(\.type)) == Set(1...26))
    for message in messages where !state.allowed.contains(message.type) {
      let words = state == .sealed && message.type == 5 ? "" : "message \(message.type) out of order"
      let offence = Offence("\(state): message \(message.type)", state == .silent ? 76 : 65, words) {
        $0.say(message)
      }
      try ordeal.expectRefused(offence, on: try login(ordeal, in: state))
    }
    // The master knows of no commit but its own.
    if state == .committed { try ordeal.expectTrueCycle("--adopt") } else { try ordeal.expectTrueCycle() }
  }

  @Test("after good-bye nothing is heard any more")
  func afterBye() throws {
    let ordeal = try Ordeal()
    let before = try ordeal.pair.storeSnapshot()
    for message in try messages(ordeal) {
      let master = try ordeal.greeted()
      master.say(.bye, message)
      #expect(try master.hearOut() == [] && master.code() == 0, "message \(message.type)")
    }
    #expect(try ordeal.changes(since: before) == [])
    try ordeal.expectTrueCycle()
  }

  @Test("paths that come twice, backwards, below nothing or below what is no folder are refused")
  func paths() throws {
    func files(_ name: String, _ paths: String..., words: String = "it comes after") -> Offence {
      Offence(name, 65, words) { master in
        try master.begin()
        master.say(try paths.flatMap { RawMaster.frame(try master.file($0)) })
      }
    }
    func removals(_ name: String, _ paths: String..., words: String) -> Offence {
      Offence(name, 65, words) { master in
        try master.begin()
        master.say(try paths.flatMap { RawMaster.frame(.remove(try path($0))) })
        master.say(.seal(.empty))
      }
    }
    let ordeal = try Ordeal()
    try ordeal.expectRefusedOnceGreeted([
      files("a path twice", "srv/data/new", "srv/data/new"),
      files("a path after a later one", "srv/data/new", "srv/data/middle"),
      // In the order of bytes it would be right: a blank is less than a slash.
      files("a folder's content after its neighbour", "srv/data/a b", "srv/data/a"),
      files("a file below a file", "srv/data/first.txt/new", words: ""),
      files("a file below one of this cycle", "srv/data/new", "srv/data/new/er", words: "no folder"),
      files("a file in no folder", "srv/nowhere/new", words: "never sent"),
      removals("a removal twice", "srv/data/first.txt", "srv/data/first.txt", words: "it comes after"),
      removals("a removal of nothing", "srv/data/never", words: "was never there"),
      removals("a folder without what it holds", "srv/data", words: "below it does not"),
    ])
    let number = Offence("a number twice", 65, "its number was used") { master in
      try master.begin()
      let used = master.claim()
      master.say(try master.file("srv/data/n", number: used), try master.file("srv/data/o", number: used))
    }
    try ordeal.expectRefused(number, on: try ordeal.greeted())
    try ordeal.expectTrueCycle()
  }

  private func path(_ text: String) throws -> RelativePath {
    guard let path = RelativePath(text) else { throw SupportError("no path: \(text)") }
    return path
  }
}

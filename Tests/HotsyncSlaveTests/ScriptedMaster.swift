import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import Synchronization
import Testing

@testable import HotsyncSlave

/// A folder that goes when its owner does.
final class Scratch: Sendable {
  let path: String
  private let name: FileName

  init() throws {
    let base = Environment.value("TMPDIR") ?? "/tmp"
    let text = "hotsync-slave-tests-" + hexadecimal(Environment.randomBytes(8))
    name = try #require(FileName(text))
    try Folder.open(base).makeFolder(name)
    path = base + "/" + text
  }

  deinit { try? Folder.open(Environment.value("TMPDIR") ?? "/tmp").removeTree(name) }

  func folder() throws -> Folder { try Folder.open(path) }

  func make(_ text: String) throws -> Folder {
    try folder().makeOrOpenFolder(try #require(FileName(text)))
  }
}

func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

/// An entry as a test wants it on the master.
struct Entry: Equatable {
  enum Content: Equatable {
    case file([UInt8])
    case folder
    case link(String)
    /// A further name of the file at that path.
    case hardLink(String)
  }

  var content: Content
  var permissions: UInt16
  var modified: Timestamp
  var attributes: [ExtendedAttribute] = []

  init(_ content: Content, permissions: UInt16? = nil, modified: Int64 = 1_700_000_000) {
    self.content = content
    self.permissions = permissions ?? (content == .folder ? 0o755 : 0o640)
    self.modified = Timestamp(seconds: modified, nanoseconds: 123_456_789) ?? .zero
  }

  static func file(_ text: String) -> Entry { Entry(.file(Array(text.utf8))) }
  static var folder: Entry { Entry(.folder) }

  func record(at path: RelativePath, key: HashKey) throws -> Record {
    let owner = try #require(Owner(id: Environment.userID, name: []))
    var metadata = Metadata(
      permissions: permissions, owner: owner, group: owner, modified: modified, attributes: attributes)
    let content: HotsyncCatalog.Content
    switch self.content {
    case .file(let bytes):
      content = .regular(size: UInt64(bytes.count), digest: ContentDigest.of(bytes, key: key))
    case .folder: content = .folder
    case .link(let target):
      content = .symbolicLink(target: Array(target.utf8))
      metadata.permissions = 0o777
    case .hardLink(let leader):
      content = .hardLink(leader: try #require(RelativePath(leader)))
      metadata = .ofLeader
    }
    return Record(path: path, content: content, metadata: metadata)
  }
}

/// What a test has a cycle do.
struct Changes {
  var put: [String: Entry] = [:]
  var remove: [String] = []
  /// New paths whose content is the mirror's file at another.
  var moved: [String: String] = [:]
  /// Paths that are sent as patches of what is there.
  var patched: Set<String> = []
}

/// A master in a test's hand: speaks to an agent message by message, or whole cycles, and knows what the slave must hold then.
final class ScriptedMaster {
  typealias Channel = MessageChannel<MasterMessage, SlaveMessage>

  let channel: Channel
  let connection: String
  private(set) var welcome: Welcome?
  private var nextNumber: UInt64 = 1

  init(_ stream: any ByteStream, connection: String = "standby") {
    channel = Channel(stream)
    self.connection = connection
  }

  // MARK: Messages

  func send(_ message: MasterMessage) throws { try channel.send(message) }

  /// The next message that is no ping and no notice.
  func answer() throws -> SlaveMessage {
    try channel.flush()
    while let message = try channel.receive() {
      switch message {
      case .ping, .notice: continue
      case .refusal(let refusal): throw refusal.error
      default: return message
      }
    }
    throw TransportError(.unreachable, "lost", "the agent", cause: "it ended", next: "")
  }

  func hello(epoch: Epoch = .first, generation: UInt64 = 0, purpose: Hello.Purpose = .cycle, adopts: Bool = true) -> Hello {
    Hello(
      program: "test", connection: connection, purpose: purpose, epoch: epoch,
      position: Position(generation: generation, catalog: .empty), store: nil, adopts: adopts)
  }

  @discardableResult
  func greet() throws -> Welcome {
    try send(.hello(hello()))
    guard case .welcome(let welcome) = try answer() else { throw Unexpected() }
    channel.handshakeDone()
    self.welcome = welcome
    return welcome
  }

  /// Begins a cycle; the slave's first free number is taken.
  func begin(entries: Int = 0, deletions: Int = 0, bytes: UInt64 = 0, acceptsDeletions: Bool = true) throws {
    try send(
      .begin(
        Announcement(
          entries: UInt64(entries), deletions: UInt64(deletions), bytes: bytes, acceptsDeletions: acceptsDeletions)))
    while true {
      if case .ready(let number) = try answer() {
        nextNumber = number
        return
      }
    }
  }

  func claim() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  struct Unexpected: Error {}

  // MARK: Whole cycles

  /// Sends a cycle up to its seal, which it checks.
  func push(_ changes: Changes, to tree: inout Tree) throws {
    let key = try #require(welcome?.hashKey)
    var after = tree
    for name in changes.remove { after.entries[try path(name)] = nil }
    for (name, entry) in changes.put { after.entries[try path(name)] = entry }
    try begin(deletions: changes.remove.count)
    let touched = try changes.remove.map(path) + changes.put.keys.map(path)
    for place in touched.sorted() {
      guard let entry = after.entries[place] else {
        try send(.remove(place))
        continue
      }
      try send(entry, at: place, old: tree.entries[place], changes, key)
    }
    try send(.seal(try after.digest(key: key)))
    guard case .sealed = try answer() else { throw Unexpected() }
    tree = after
  }

  /// A whole cycle.
  @discardableResult
  func cycle(_ changes: Changes, on tree: inout Tree) throws -> UInt64 {
    try greet()
    try push(changes, to: &tree)
    try send(.commit)
    guard case .committed(let generation, _) = try answer() else { throw Unexpected() }
    try send(.bye)
    try channel.flush()
    return generation
  }

  private func send(_ entry: Entry, at place: RelativePath, old: Entry?, _ changes: Changes, _ key: HashKey) throws {
    let record = try entry.record(at: place, key: key)
    let name = String(decoding: place.bytes, as: UTF8.self)
    switch entry.content {
    case .folder, .hardLink: try send(.entry(record, .none))
    case .link where old?.content == entry.content, .file where old?.content == entry.content:
      try send(.entry(record, .none))
    case .link: try send(.entry(record, .made(claim())))
    case .file(let bytes):
      if let from = changes.moved[name] {
        try send(.entry(record, .moved(claim(), from: try path(from))))
      } else if changes.patched.contains(name), case .file(let base) = old?.content {
        try send(.entry(record, .content(try sendPatch(bytes, of: place, base, key))))
      } else if bytes.count < 64 << 10 {
        try send(.file(record, number: claim(), bytes[...]))
      } else {
        try send(.entry(record, .content(try sendWhole(bytes, for: place, key))))
      }
    }
  }

  func sendWhole(_ bytes: [UInt8], for place: RelativePath, _ key: HashKey) throws -> UInt64 {
    let number = claim()
    try send(.openContent(number: number, .whole(path: place, size: UInt64(bytes.count), resumeAt: 0)))
    for start in stride(from: 0, to: bytes.count, by: 4_096) {
      let piece = bytes[start..<min(bytes.count, start + 4_096)]
      // What is left out is a hole.
      if piece.contains(where: { $0 != 0 }) { try send(.data(offset: UInt64(start), piece)) }
    }
    try send(.closeContent(digest: ContentDigest.of(bytes, key: key)))
    return number
  }

  func sendPatch(_ bytes: [UInt8], of place: RelativePath, _ base: [UInt8], _ key: HashKey) throws -> UInt64 {
    let number = claim()
    let form = ContentForm.patch(
      base: place, baseSize: UInt64(base.count), size: UInt64(bytes.count), dirty: UInt64(bytes.count))
    try send(.openContent(number: number, form))
    for start in stride(from: 0, to: bytes.count, by: 4_096) {
      let range = start..<min(bytes.count, start + 4_096)
      if range.upperBound <= base.count, bytes[range] == base[range] { continue }
      try send(.data(offset: UInt64(start), bytes[range]))
    }
    try send(.closeContent(digest: ContentDigest.of(bytes, key: key)))
    return number
  }
}

/// What a slave must hold.
struct Tree: Equatable {
  var entries: [RelativePath: Entry] = [:]

  func digest(key: HashKey) throws -> CatalogDigest {
    var digest = CatalogDigest.empty
    for (path, entry) in entries { digest.add(try entry.record(at: path, key: key).digest(key: key)) }
    return digest
  }

  /// How a folder on disk differs from this, in words; empty where it is exactly this.
  ///
  /// - Parameter prefix: only this path, all below it and the folders above it are wanted.
  func differences(in folder: borrowing Folder, below prefix: RelativePath? = nil) throws -> [String] {
    let wanted = entries.keys.filter { path in
      prefix.map { path == $0 || path.isBelow($0) || $0.isBelow(path) } ?? true
    }
    var comparison = TreeComparison(entries: entries, missing: Set(wanted))
    try comparison.look(folder, nil)
    return comparison.result
  }
}

private struct TreeComparison {
  let entries: [RelativePath: Entry]
  var missing: Set<RelativePath>
  private var found: [String] = []
  private var inodes: [RelativePath: Set<UInt64>] = [:]

  init(entries: [RelativePath: Entry], missing: Set<RelativePath>) {
    self.entries = entries
    self.missing = missing
  }

  var result: [String] {
    var names: [UInt64: Int] = [:]
    for (_, numbers) in inodes { for number in numbers { names[number, default: 0] += 1 } }
    let apart = inodes.filter { $0.value.count > 1 }.map { "\($0.key) and its links are several files" }
    let shared = names.values.contains { $0 > 1 } ? ["files that should be apart are one"] : []
    return (found + apart + shared + missing.map { "\($0) is missing" }).sorted()
  }

  mutating func look(_ folder: borrowing Folder, _ above: RelativePath?) throws {
    for name in try folder.names() {
      let path = above?.appending(name) ?? RelativePath(name)
      missing.remove(path)
      guard let entry = entries[path] else {
        found.append("\(path) is there")
        continue
      }
      try compare(path, entry, in: folder)
      if entry.content == .folder, try folder.status(name).kind == .folder { try look(try folder.folder(name), path) }
    }
  }

  private mutating func compare(_ path: RelativePath, _ entry: Entry, in folder: borrowing Folder) throws {
    let status = try folder.status(path.name)
    var entry = entry
    var leader = path
    if case .hardLink(let first) = entry.content {
      leader = try #require(RelativePath(first))
      entry = try #require(entries[leader])
    }
    switch entry.content {
    case .file(let bytes):
      inodes[leader, default: []].insert(status.inode)
      check(status.kind == .regular, path, "is no file")
      guard status.kind == .regular else { return }
      check(try folder.open(path.name).readAll(limit: 64 << 20) == bytes, path, "has another content")
    case .link(let target):
      check(status.kind == .symbolicLink, path, "is no link")
      guard status.kind == .symbolicLink else { return }
      check(try folder.readLink(path.name) == Array(target.utf8), path, "leads elsewhere")
    case .folder: check(status.kind == .folder, path, "is no folder")
    case .hardLink: break
    }
    check(status.modified == entry.modified, path, "has another time")
    guard status.kind != .symbolicLink else { return }
    check(status.permissions == entry.permissions, path, "has mode \(String(status.permissions, radix: 8))")
    let attributes = try folder.open(path.name, .nameOnly).extendedAttributes()
    check(attributes.filter { ExtendedAttribute.isCarried($0.name) } == entry.attributes, path, "has other attributes")
  }

  private mutating func check(_ isRight: Bool, _ path: RelativePath, _ what: String) {
    if !isRight { found.append("\(path) \(what)") }
  }
}

/// What differs between two pictures of a store.
func changes(_ before: [String: String], _ after: [String: String]) -> [String] {
  Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted().map {
    "\($0): \(before[$0] ?? "nothing") -> \(after[$0] ?? "nothing")"
  }
}

/// A store in a scratch folder, and agents that serve it.
final class TestSlave: Sendable {
  let scratch: Scratch
  let limit: DeletionLimit

  init(limit: DeletionLimit = .percent(50)) throws {
    scratch = try Scratch()
    self.limit = limit
    _ = try Store.create(connection: "standby", root: try scratch.folder(), path: "/var/lib/hotsync")
  }

  func store() throws -> Store {
    try Store.open(connection: "standby", root: try scratch.folder(), path: "/var/lib/hotsync")
  }

  func mirror() throws -> Folder {
    try scratch.folder().folder(at: try path("var/lib/hotsync/standby/mirror/files"))
  }

  /// Runs an agent on a thread of its own while the body talks to it; gives what the agent ended with.
  @discardableResult
  func serve(epoch: Epoch = .first, _ body: (ScriptedMaster) throws -> Void) throws -> (any Error)? {
    let toAgent = try Descriptor.pipe()
    let fromAgent = try Descriptor.pipe()
    let near = try PipeStream(
      input: Descriptor(owning: fromAgent.reading), output: Descriptor(owning: toAgent.writing), silence: .seconds(20),
      peer: "the agent")
    let far = try PipeStream(
      input: Descriptor(owning: toAgent.reading), output: Descriptor(owning: fromAgent.writing), silence: .seconds(20),
      peer: "the master")
    let ending = Ending()
    let limit = limit
    let store = try store()
    let worker = Worker {
      do {
        let context = AgentContext(
          connection: "standby", storePath: "/var/lib/hotsync", program: "test", deletionLimit: limit,
          mapsUnknownOwnersToNobody: false)
        try Agent(context, store: store, channel: AgentChannel(far), epoch: epoch, accounts: Accounts()).run()
      } catch { ending.error.withLock { $0 = error } }
      far.closeSending()
    }
    let outcome = Result { try body(ScriptedMaster(near)) }
    near.closeSending()
    worker.join()
    try outcome.get()
    return ending.error.withLock { $0 }
  }

  private final class Ending: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  @discardableResult
  func cycle(_ changes: Changes, on tree: inout Tree) throws -> UInt64 {
    var number: UInt64 = 0
    try serve { number = try $0.cycle(changes, on: &tree) }
    return number
  }

  /// All of the store but what a cycle may leave for the next one, or for nobody: paths with all that can be seen of them.
  func picture() throws -> [String: String] {
    var lines: [String: String] = [:]
    let segments = try store().generations().newest?.segments ?? []
    let passedOver = ["/incoming", "/cycle.lock", "/lock", "/pins", "/contact", "/history", "/signatures"]
    let key = try store().key
    func look(_ folder: borrowing Folder, _ above: String) throws {
      for name in try folder.names() {
        let path = above + "/" + name.description
        if passedOver.contains(path) || (path.hasPrefix("/catalog/") && !segments.contains(name)) { continue }
        let status = try folder.status(name)
        var line = "\(status.kind) \(status.permissions) \(status.owner)"
        if path.hasPrefix("/mirror") { line += " \(status.modified)" }
        if status.kind == .regular {
          line += " \(status.size) \(ContentDigest.of(try folder.open(name).readAll(limit: 64 << 20) ?? [], key: key).hexadecimal)"
        }
        lines[path] = line
        if status.kind == .folder { try look(try folder.folder(name), path) }
      }
    }
    try look(try scratch.folder().folder(at: try path("var/lib/hotsync/standby")), "")
    return lines
  }
}

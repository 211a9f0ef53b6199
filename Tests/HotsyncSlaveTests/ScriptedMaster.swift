import Glibc
import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import Testing

@testable import HotsyncSlave

func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

/// An entry as a test wants it on the master.
struct Entry: Equatable {
  enum Content: Equatable {
    case file([UInt8])
    case folder
    case link(String)
    /// A further name of the file at that path.
    case hardLink(String)
    case fifo
    case device(UInt64, UInt64)
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
    case .fifo: content = .fifo
    case .device(let major, let minor):
      content = .device(isBlock: false, try #require(DeviceNumber(major: major, minor: minor)))
    case .hardLink(let leader):
      content = .hardLink(leader: try #require(RelativePath(leader)))
      metadata = .ofLeader
    }
    return Record(path: path, content: content, metadata: metadata)
  }
}

/// As `==`, at the speed of memory in builds for tests, too.
func areSame(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  // SAFETY: both are lent for the call, which reads as much as each has.
  return unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      unsafe left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0
    }
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
  /// What the slave said that it has of broken patches.
  private(set) var offered: [BegunPatch] = []

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

  func hello(epoch: Epoch = .first, generation: UInt64 = 0, purpose: Hello.Purpose = .cycle, adopts: Bool = true)
    -> Hello
  {
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
      switch try answer() {
      case .begunPatch(let patch): offered.append(patch)
      case .ready(let number):
        nextNumber = number
        return
      default: continue
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
    case .fifo where old?.content == entry.content, .device where old?.content == entry.content:
      try send(.entry(record, .none))
    case .link, .fifo, .device: try send(.entry(record, .made(claim())))
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
    let zeros = [UInt8](repeating: 0, count: 4_096)
    try send(.openContent(number: number, .whole(path: place, size: UInt64(bytes.count), resumeAt: 0)))
    for start in stride(from: 0, to: bytes.count, by: 4_096) {
      let piece = bytes[start..<min(bytes.count, start + 4_096)]
      // What is left out is a hole.
      if !areSame(piece, zeros[..<piece.count]) { try send(.data(offset: UInt64(start), piece)) }
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
      // The leaf that a new end cuts is another one.
      let isCut = range.count < 4_096 && bytes.count != base.count
      if !isCut, range.upperBound <= base.count, areSame(bytes[range], base[range]) { continue }
      try send(.data(offset: UInt64(start), bytes[range]))
    }
    try send(.closeContent(digest: ContentDigest.of(bytes, key: key)))
    return number
  }
}

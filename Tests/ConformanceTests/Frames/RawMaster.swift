import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import TestSupport

@testable import HotsyncTransport

/// One login at the slave's sshd with the pair's key, and any bytes at all to the agent that it starts.
// One thread hears; another may say something.
final class RawMaster: @unchecked Sendable {
  private let stream: any ByteStream
  private let status: () -> Int32?
  private var decoder = FrameDecoder<SlaveMessage>()
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private(set) var welcome: Welcome?
  private(set) var refusal: Refusal?
  /// The first number of a content that is free.
  private(set) var freeNumber: UInt64 = 0

  /// - Parameter transport: which client logs in.
  init(_ pair: Pair, over transport: TestedTransport) throws {
    guard let line = pair.line else { throw SupportError("a pair without sshd") }
    let target = SSHTarget(
      connection: pair.connection, host: "127.0.0.1", port: line.port, user: SSHServer.user,
      identity: pair.master.below("etc/hotsync/keys/\(pair.connection)").path,
      knownHosts: pair.master.below("etc/hotsync/known_hosts").path, silence: .seconds(60))
    if transport == .openssh {
      let stream = try OpenSSHTransport(target, configuration: nil)
      (self.stream, status) = (stream, { stream.agentStatus })
    } else {
      let stream = try SSHTransport(target)
      (self.stream, status) = (stream, { stream.agentStatus })
    }
  }

  deinit { stream.end() }

  // MARK: Saying

  /// An agent that has refused takes no more: that is no error of ours.
  func say(_ bytes: [UInt8]) { try? stream.send(bytes) }

  func say(_ messages: MasterMessage...) { say(messages.flatMap(RawMaster.frame)) }

  func closeSending() { stream.closeSending() }

  static func frame(_ message: MasterMessage) -> [UInt8] {
    var bytes: [UInt8] = []
    Frame.encode(message, to: &bytes)
    return bytes
  }

  static func hello(_ pair: Pair, _ purpose: Hello.Purpose = .cycle, _ change: (inout Hello) -> Void = { _ in })
    -> Hello
  {
    var hello = Hello(
      program: "test", connection: pair.connection, purpose: purpose, epoch: .first, position: .none, store: nil,
      adopts: true)
    change(&hello)
    return hello
  }

  // MARK: Hearing

  /// The next message that is no ping and no notice; nil at the end.
  func next() throws -> SlaveMessage? {
    while true {
      if let message = try decoder.next() {
        switch message {
        case .ping, .notice: continue
        case .welcome(let welcome):
          self.welcome = welcome
          decoder.handshakeDone = true
        case .refusal(let refusal): self.refusal = refusal
        case .ready(let number): freeNumber = number
        default: break
        }
        return message
      }
      let count = try stream.receive(into: &buffer)
      if count == 0 { return nil }
      try decoder.feed(buffer[..<count])
    }
  }

  /// Hears all that comes until a message of this type; what comes in its place is an error.
  func wait(for type: UInt8) throws {
    while let message = try next() {
      if message.type == type { return }
      if let refusal { throw refusal.error }
    }
    throw SupportError("it ended before message \(type): \(ending())")
  }

  /// Whether the agent's end has not come yet.
  var isOpen: Bool { status() == nil }

  /// Hears it out, and gives the types of what came.
  func hearOut() throws -> [UInt8] {
    var types: [UInt8] = []
    while let message = try next() { types.append(message.type) }
    return types
  }

  /// The agent's exit code as its sshd passed it on, once it was heard out.
  func code() -> Int32? { status() }
  func ending() -> String { stream.ending() ?? "" }

  // MARK: A cycle's first steps

  func greet(_ hello: Hello) throws {
    say(Preamble.bytes + RawMaster.frame(.hello(hello)))
    try wait(for: 65)
  }

  func begin(entries: UInt64 = 0, deletions: UInt64 = 0, bytes: UInt64 = 0, acceptsDeletions: Bool = true) throws {
    say(
      .begin(
        Announcement(entries: entries, deletions: deletions, bytes: bytes, acceptsDeletions: acceptsDeletions)))
    try wait(for: 71)
  }

  /// The next number of a content.
  func claim() -> UInt64 {
    defer { freeNumber += 1 }
    return freeNumber
  }

  func key() throws -> HashKey {
    guard let key = welcome?.hashKey else { throw SupportError("it was not greeted") }
    return key
  }

  /// What the catalog holds once these were added to it.
  func catalog(with added: Record...) throws -> CatalogDigest {
    guard var catalog = welcome?.position.catalog else { throw SupportError("it was not greeted") }
    for record in added { catalog.add(record.digest(key: try key())) }
    return catalog
  }

  /// A small file's message.
  func file(_ path: String, _ text: String = "new\n", number: UInt64? = nil) throws -> MasterMessage {
    let record = try RawMaster.record(path, of: Array(text.utf8), try key())
    return .file(record, number: number ?? claim(), Array(text.utf8)[...])
  }

  static func record(_ path: String, of bytes: [UInt8], _ key: HashKey) throws -> Record {
    try record(path, .regular(size: UInt64(bytes.count), digest: ContentDigest.of(bytes, key: key)))
  }

  static func record(_ path: String, _ content: Content) throws -> Record {
    guard let path = RelativePath(path), let owner = Owner(id: Environment.userID, name: []) else {
      throw SupportError("no path: \(path)")
    }
    return Record(
      path: path, content: content,
      metadata: Metadata(permissions: 0o644, owner: owner, group: owner, modified: .zero, attributes: []))
  }
}

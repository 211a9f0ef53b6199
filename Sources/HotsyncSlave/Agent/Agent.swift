import HotsyncCatalog
import HotsyncConfig
public import HotsyncProtocol
public import HotsyncSystem
public import HotsyncTransport

public typealias AgentChannel = MessageChannel<SlaveMessage, MasterMessage>

extension Record {
  /// A bound of its encoding with its path, in bytes.
  fileprivate var encodedLengthAtMost: Int {
    let content =
      switch content {
      case .symbolicLink(let target): target.count
      case .hardLink(let leader): leader.bytes.count
      case .regular, .folder, .fifo, .device: 0
      }
    return metadata.attributes.reduce(path.bytes.count + content + 128) { $0 + $1.name.count + $1.value.count + 8 }
      + metadata.owner.name.count + metadata.group.name.count
  }
}

/// The slave's end of one conversation: greets, gives the catalog where it is asked for, receives a cycle and commits it. It
/// runs as root and trusts nobody: what the master says is parsed, held against the order of the conversation and
/// against the catalog before anything is done.
public final class Agent {
  private let context: AgentContext
  private let channel: AgentChannel
  private let store: Store
  private let epoch: Epoch
  private let holder: EpochHolder?
  private let metadata: MetadataWriter
  private var conversation = Conversation()
  private var cycleLock: HeldLock?
  private var previous: Generation?
  private var purpose = Hello.Purpose.look
  private var reception: Reception?
  private var damaged: Set<RelativePath> = []

  public init(
    _ context: AgentContext, store: Store, channel: AgentChannel, epoch: Epoch, holder: EpochHolder? = nil,
    accounts: Accounts
  ) {
    self.context = context
    self.store = store
    self.channel = channel
    self.epoch = epoch
    self.holder = holder
    metadata = MetadataWriter(
      accounts: accounts, unknownOwner: context.mapsUnknownOwnersToNobody ? .nobody : .numeric)
  }

  /// Serves until the master says goodbye or goes away.
  ///
  /// - Throws: what ended the conversation; the master was told, if it could be.
  public func run() throws {
    // From the first message on: before it the master must hear nothing but the answer to its own.
    var heartbeat: Heartbeat?
    defer { heartbeat?.end() }
    do {
      while conversation.state != .ended, let message = try channel.receive() {
        try conversation.accept(message)
        if heartbeat == nil { heartbeat = Heartbeat(.ping, over: channel, clocks: context.clocks) }
        try take(message)
      }
    } catch {
      try? Agent.refuse(error, over: channel)
      throw error
    }
  }

  /// Tells the master why it ends.
  public static func refuse(_ error: any Error, over channel: AgentChannel) throws {
    guard let error = error as? any HotsyncError else { return }
    try channel.send(.refusal(Refusal(error)))
    try channel.flush()
  }

  private func say(_ message: SlaveMessage) throws(TransportError) {
    try channel.send(message)
    try channel.flush()
  }

  private func take(_ message: MasterMessage) throws {
    switch message {
    case .hello(let hello): try greet(hello)
    case .fetchCatalog: try sendCatalog()
    case .begin(let announcement): try begin(announcement)
    case .requestSignature(let request): try current().sign(request)
    case .requestChunks(let request): try current().cut(request)
    case .seal(let digest): try seal(digest)
    case .commit: try commit()
    case .listSnapshots: try say(snapshots.list())
    case .pin(let name, let generation): try say(snapshots.pin(name, generation, newest: previous))
    case .askToUnpin(let name): try say(snapshots.askToUnpin(name))
    case .ping: break
    case .bye: try leave()
    default: try current().take(message)
    }
    for notice in metadata.takeNotices() {
      try channel.send(
        .notice(code: notice.code, path: notice.path, message: notice.message, nextStep: notice.nextStep))
    }
  }

  private var snapshots: SnapshotAnswers { SnapshotAnswers(store: store, clocks: context.clocks) }

  private func current() throws(StoreError) -> Reception {
    guard let reception else { throw .contradiction("a message", "no cycle has begun") }
    return reception
  }

  // MARK: The handshake

  private func greet(_ hello: Hello) throws {
    try HandshakeRules.check(hello, connection: context.connection, epoch: epoch, holder: holder)
    try context.mayServe()
    purpose = hello.purpose
    if purpose == .cycle {
      cycleLock = try lockForCycle()
      // A promotion that began meanwhile holds the lock until it ends, and leaves its mark.
      try context.mayServe()
      try Committer(store: store, metadata: metadata).settle()
    } else if try store.hasJournal() {
      throw StoreError.busy(
        "the store of \"\(context.connection)\"", "a commit is under way or waits to be carried out")
    }
    previous = try store.generations().newest
    let position = Position(generation: previous?.number ?? 0, catalog: previous?.catalog ?? .empty)
    if context.isSeeding { try store.requireNoGeneration() }
    try HandshakeRules.checkPosition(hello, newest: previous, store: store.uuid)
    channel.handshakeDone()
    let free = try store.top.descriptor.freeSpace()
    if purpose == .cycle { try Strays.remove(from: store, newest: previous) }
    let damaged = purpose == .cycle ? try damagedPaths() : []
    self.damaged = Set(damaged)
    try say(
      .welcome(
        Welcome(
          version: min(hello.newestVersion, ProtocolVersion.current), program: context.program,
          host: Environment.hostName, epoch: epoch, position: position, time: previous?.time,
          isSeed: previous?.isSeed ?? false, store: store.uuid, key: store.key, freeBytes: free.freeBytes,
          damaged: damaged, readiness: context.readiness)))
    if hello.takesPacked { try channel.pack(.auto) }
  }

  /// The agent of a cycle that just ended may take a moment to go.
  private func lockForCycle() throws(StoreError) -> HeldLock {
    let start = context.clocks.elapsed()
    while true {
      if let lock = try store.tryLock(StoreLayout.cycleLock) { return lock }
      guard context.clocks.elapsed() - start < .seconds(3) else {
        throw .busy("the store of \"\(context.connection)\"", "another cycle is under way")
      }
      Worker.pause(.milliseconds(50))
    }
  }

  /// What verifications found damaged, as much of it as a greeting holds.
  private func damagedPaths() throws(StoreError) -> [RelativePath] {
    var bytes = 0
    return try DamageList.readIfSound(store).mirror.sorted().prefix(Limits.damagedPaths).filter { path in
      bytes += path.bytes.count + 3
      return bytes <= Limits.damagedPathBytes
    }
  }

  private func sendCatalog() throws {
    let cursor = try store.catalog(of: previous).cursor()
    var batch: [Record] = []
    var size = 0
    while let record = cursor.current?.record {
      let length = record.encodedLengthAtMost
      if size + length > Limits.frame / 4, !batch.isEmpty {
        try channel.send(.catalog(batch))
        batch = []
        size = 0
      }
      batch.append(record)
      size += length
      try cursor.advance()
    }
    if !batch.isEmpty { try channel.send(.catalog(batch)) }
    try say(.catalogEnd(previous?.catalog ?? .empty))
  }

  // MARK: The cycle

  private func begin(_ announcement: Announcement) throws {
    // Of the tree alone: dumps and facts must not make a loss look smaller.
    let entries = (previous?.catalog.records ?? 0) &- (try store.catalog(of: previous).reservedCount())
    // What goes of a seed was never the master's, and the folder that it came from still has it.
    let limit = announcement.acceptsDeletions || previous?.isSeed == true ? nil : context.deletionLimit
    if let limit, !limit.allows(announcement.deletions, of: entries) {
      throw limit.refusal(of: announcement.deletions, of: entries)
    }
    let flush = try FileSystemFlush(store)
    // What a cycle saved that never came to its commit.
    if let previous { try store.history.removeTree(StoreLayout.name(previous.number)) }
    let leftovers = try Leftovers.take(from: try Staging.folder(of: store), of: store)
    try checkSpace(for: announcement, staged: leftovers)
    let staging = try Staging(store, leftovers: leftovers)
    let intake = try EntryIntake(
      store, staging: staging, metadata: metadata, catalog: try store.catalog(of: previous), previous: previous,
      damaged: damaged, rules: IntakeRules(context))
    reception = Reception(
      store, staging: staging, intake: intake, announcement: announcement, catalog: try store.catalog(of: previous),
      entries: entries,
      flush: flush, limit: limit, channel: channel)
    for start in stride(from: 0, to: leftovers.contents.count, by: 8_192) {
      try channel.send(.staged(Array(leftovers.contents[start..<min(start + 8_192, leftovers.contents.count)])))
    }
    for begun in leftovers.begun { try channel.send(.begun(begun)) }
    for patch in leftovers.patches { for piece in patch.pieces { try channel.send(.begunPatch(piece)) } }
    try say(.ready(nextNumber: leftovers.nextNumber))
  }

  private func checkSpace(for announcement: Announcement, staged: Leftovers) throws {
    let free = try store.top.descriptor.freeSpace()
    let missing = announcement.bytes - min(staged.bytes, announcement.bytes)
    guard missing <= free.freeBytes else {
      throw StoreError(
        .unwritable, "cannot take", "the cycle",
        cause: "it brings up to \(missing) bytes, and the store's file system has \(free.freeBytes) free",
        next: "make room on the slave (df -h), or move the store to a larger disk")
    }
  }

  private func seal(_ announced: CatalogDigest) throws {
    let reception = try current()
    // What does not fit one message is told after the next seal.
    guard reception.mismatched.isEmpty else { return try say(.mismatched(Array(reception.mismatched.prefix(65_536)))) }
    let staged = try reception.seal(
      announced, previous: previous, epoch: epoch.number, now: context.clocks.now(), isSeed: context.isSeeding)
    try say(.sealed(generation: staged))
  }

  private func commit() throws {
    guard let staged = try current().takeStaged() else {
      throw StoreError.contradiction("the commit", "nothing is sealed")
    }
    crashPoint("commit")
    let generation = try Committer(store: store, metadata: metadata).commit(staged)
    try DamageList.remove(
      try current().mended, losing: try current().displacedDamaged, of: generation.number - 1, in: store)
    reception = nil
    previous = generation
    if !context.isSeeding { try store.noteContact(context.clocks.now(), generation: generation.number) }
    try say(.committed(generation: generation.number, time: generation.time))
  }

  /// A cycle that had nothing to change still was in step.
  private func leave() throws {
    guard !context.isSeeding, purpose == .cycle, reception?.isEmpty ?? true, let previous else { return }
    if previous.isSeed { try store.giveSeedToMaster() }
    try store.noteContact(context.clocks.now(), generation: previous.number)
  }
}

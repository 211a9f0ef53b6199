public import HotsyncSystem

extension Store {
  static let handedOverName = StoreLayout.name("handed-over")

  /// The file that marks a store whose mirror was exchanged with the live folders, below the root; nil for no path.
  public static func handedOverPath(store: String, connection: String) -> RelativePath? {
    StorePlace(path: store, connection: connection)?.store.appending(handedOverName)
  }

  public func isHandedOver() throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in try top.statusIfPresent(Store.handedOverName) != nil }
  }

  /// Refuses where the mirror is in the hands of the promoted machine: what stands in its place is nothing of the master's.
  func requireOwn() throws(StoreError) {
    guard try isHandedOver() else { return }
    throw StoreError(
      .refused, "cannot use", "the store of \"\(connection)\"",
      cause: "a promotion handed its files over to this machine: they are the live ones now",
      next: "hotsync-promote --report tells what became of them; hotsync-promote --rollback gives them back")
  }

  /// Keeps cycles away as long as what this gives lives; nil where one is under way.
  public func lockAgainstCycles() throws(StoreError) -> HeldLock? { try tryLock(StoreLayout.cycleLock) }

  /// What is kept, oldest first.
  public func keptGenerations() throws(StoreError) -> [Generation] { try generations().all }

  /// Whether a cycle left something behind that never came to its commit.
  public func hasUnfinishedCycle() throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      // Its folders stay there when a cycle is done, empty.
      for name in try incoming.names() {
        guard try incoming.status(name).kind == .folder else { return true }
        if try !incoming.folder(name).names().isEmpty { return true }
      }
      return false
    }
  }

  /// Whether a folder of the mirror can change places with one at `folder`: both on one mount of one file system.
  public func isOnMount(of folder: borrowing Folder) throws(SystemError) -> Bool {
    let (own, other) = (try mirror.descriptor.status(), try folder.descriptor.status())
    return own.device == other.device && own.mount == other.mount
  }

  /// Free bytes of the file system that the store lies on.
  public func freeBytes() throws(SystemError) -> UInt64 { try top.descriptor.freeSpace().freeBytes }
}

extension Store {
  /// Where an entry of the mirror lies below the root; nil for no path.
  public static func mirrorPath(of path: RelativePath, store: String, connection: String) -> RelativePath? {
    guard let place = StorePlace(path: store, connection: connection)?.store else { return nil }
    return RelativePath(place.bytes + Array("/\(StoreLayout.mirror)/\(StoreLayout.files)/".utf8) + path.bytes)
  }

  /// Where the private instance of a database engine lies below the root; nil for no path.
  public static func instancePath(of engine: String, store: String, connection: String) -> RelativePath? {
    guard let place = StorePlace(path: store, connection: connection)?.store else { return nil }
    return RelativePath(place.bytes + Array("/instances/\(engine)".utf8))
  }
}

extension Store {
  /// The generation that an operator names; nil where there is none of that name.
  public func generation(named name: String) throws(StoreError) -> Generation? {
    guard let wanted = GenerationName(name) else { return nil }
    return try wanted.find(in: try generations().all, snapshots: snapshots)
  }
}

extension Store {
  /// Carries out what an interrupted commit left; nothing where there is none.
  public func settleCommit(accounts: Accounts, mapsUnknownOwnersToNobody: Bool) throws(StoreError) {
    guard try hasJournal() else { return }
    let metadata = MetadataWriter(
      accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
    try Committer(store: self, metadata: metadata).rollForward()
  }
}

public import HotsyncCatalog
public import HotsyncSystem

/// Who wants a snapshot. The master is not trusted: it can add, never take, and not without end.
public enum SnapshotAsker: Sendable {
  case master, console
}

/// Snapshots: generations that no prune drops, under names. A name never moves to another generation; only here, or once
/// `keep_within` has passed since the master asked, is one unpinned.
extension Store {
  /// In the order of their names.
  ///
  /// - Throws: kind `.damaged` where the file is not what was written.
  public func snapshots() throws(StoreError) -> [Snapshot] { try snapshotList().all }

  /// Keeps a generation under a name. Once more for the same generation is no error, and withdraws what the master asked.
  ///
  /// - Parameter generation: nil for the newest.
  /// - Throws: kind `.usage` where there is no such generation; where the name has another generation, `.refused` to a
  ///   master and `.unwritable` at the console; `.refused` where there are too many.
  @discardableResult
  public func pin(
    _ name: SnapshotName, generation number: UInt64?, by asker: SnapshotAsker = .console, now: Timestamp
  ) throws(StoreError) -> Generation {
    // A prune that holds the lock may be about to drop that generation.
    let lock = try lockForWriting()
    let kept = try generations()
    let found = number.map { number in kept.all.first { $0.number == number } } ?? kept.newest
    guard let generation = found else { throw .unknownGeneration(number.map { "\($0)" } ?? "latest", connection) }
    var list = try snapshotList()
    if let old = list[name], old.generation != generation.number { throw .taken(old, for: generation.number, asker) }
    let limit = asker == .master ? Limits.snapshotsOfMaster : Limits.snapshots
    guard list[name] != nil || list.all.count < limit else { throw .tooMany(limit, connection, asker) }
    let snapshot = Snapshot(name: name, generation: generation.number, pinned: list[name]?.pinned ?? now)
    if list[name] != snapshot {
      list.put(snapshot)
      try write(list)
    }
    withExtendedLifetime(lock) {}
    return generation
  }

  /// Lets a generation go: the next prune treats it as any other.
  ///
  /// - Throws: kind `.usage` where there is no such snapshot.
  public func unpin(_ name: SnapshotName) throws(StoreError) {
    let lock = try lockForWriting()
    var list = try snapshotList()
    guard list[name] != nil else { throw .unknownSnapshot(name, connection) }
    list.remove(name)
    try write(list)
    withExtendedLifetime(lock) {}
  }

  /// Notes that the master wants a snapshot unpinned, and no more. The first time that it asks counts.
  func askToUnpin(_ name: SnapshotName, now: Timestamp) throws(StoreError) -> Snapshot {
    let lock = try lockForWriting()
    var list = try snapshotList()
    guard var snapshot = list[name] else { throw .unknownSnapshot(name, connection) }
    if snapshot.asked == nil {
      snapshot.asked = now
      list.put(snapshot)
      try write(list)
    }
    withExtendedLifetime(lock) {}
    return snapshot
  }

  /// What the master asked to unpin longer ago than that.
  func snapshotsDue(keepWithin: Duration, now: Timestamp) throws(StoreError) -> [SnapshotName] {
    try snapshots().filter { snapshot in snapshot.asked.map { now.since($0) > keepWithin } ?? false }.map(\.name)
  }

  /// Unpins what is due. The caller holds the writer's lock.
  func unpin(_ due: [SnapshotName]) throws(StoreError) {
    guard !due.isEmpty else { return }
    var list = try snapshotList()
    for name in due { list.remove(name) }
    try write(list)
  }

  private func snapshotList() throws(StoreError) -> SnapshotList {
    let bytes: [UInt8]?
    do throws(SystemError) {
      bytes = try top.content(of: StoreLayout.snapshots, limit: SnapshotList.limit)
    } catch {
      throw error.isTooLarge ? .damagedSnapshots("it is longer than it can be") : StoreError(error)
    }
    return try bytes.map { (bytes) throws(StoreError) in try SnapshotList.parse(bytes, key: key) } ?? .empty
  }

  private func write(_ list: SnapshotList) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      try top.replace(StoreLayout.snapshots, with: list.encode(key: key))
    }
  }
}

extension StoreError {
  fileprivate static func taken(_ old: Snapshot, for generation: UInt64, _ asker: SnapshotAsker) -> StoreError {
    StoreError(
      asker == .master ? .refused : .unwritable, "cannot pin generation \(generation) as", "\"\(old.name)\"",
      cause: "that name is generation \(old.generation)'s, and a snapshot never moves",
      next: asker == .master
        ? "take another name, or on the slave: hotsync-slave snapshot unpin \(old.name)"
        : "take another name, or let the old one go: hotsync-slave snapshot unpin \(old.name)")
  }

  fileprivate static func tooMany(_ limit: Int, _ connection: String, _ asker: SnapshotAsker) -> StoreError {
    StoreError(
      .refused, "cannot pin", "another snapshot of \"\(connection)\"",
      cause: "there are \(limit)\(asker == .master ? ", and a master makes no more" : "")",
      next: "on the slave, let old ones go: hotsync-slave snapshot unpin NAME")
  }

  static func unknownSnapshot(_ name: SnapshotName, _ connection: String) -> StoreError {
    StoreError(
      .usage, "cannot find", "the snapshot \"\(name)\"", cause: "the store of \"\(connection)\" has none of that name",
      next: "hotsync-slave snapshot list")
  }
}

public import HotsyncSystem

/// What a store has to do with a seed: its first generation, made of a folder of this machine (docs/decisions/0018-seeding.md).
extension Store {
  /// - Throws: kind `.refused` where the store holds a generation already.
  public func requireNoGeneration() throws(StoreError) {
    guard let newest = try generations().newest else { return }
    if newest.isSeed {
      throw StoreError(
        .refused, "cannot seed", "the store of \"\(connection)\"",
        cause: "it is seeded already: generation \(newest.number) of \(newest.time.rfc3339)",
        next: "on the master: hotsync sync; to begin anew, move the store away, then: hotsync-slave apply")
    }
    throw StoreError(
      .refused, "cannot seed", "the store of \"\(connection)\"",
      cause: "it holds generation \(newest.number) of \(newest.time.rfc3339), which came from the master",
      next: "on the master: hotsync sync, which sends only what differs; there is nothing that a seed could save")
  }

  /// A seed comes from outside of the store, and the store does not lie in it.
  ///
  /// - Throws: kind `.refused`.
  public func requireApart(from folder: borrowing Folder) throws(StoreError) {
    guard let own = top.descriptor.currentPath(), let other = folder.descriptor.currentPath() else {
      throw StoreError(
        .failed, "cannot seed", "the store of \"\(connection)\"", cause: "the path of a folder cannot be told",
        next: "see that /proc is mounted")
    }
    let objection: String
    if Store.lies(other, in: own) {
      objection = "\(shown(other)) is the store itself, or lies in it"
    } else if Store.lies(own, in: other) {
      objection = "the store lies in \(shown(other)), and would become a part of itself"
    } else {
      return
    }
    throw StoreError(
      .refused, "cannot seed", "the store of \"\(connection)\"", cause: objection,
      next: "name a folder beside it: --from DIR, with the files as DIR/<path on the master>")
  }

  private static func lies(_ path: [UInt8], in folder: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    return path == folder || path.starts(with: folder.last == slash ? folder : folder + [slash])
  }

  /// A master that found nothing to change has what the seed has: from then on it is a generation of the master's like any
  /// other.
  func giveSeedToMaster() throws(StoreError) {
    let lock = try lockForWriting()
    var list = try generations()
    guard let newest = list.newest, newest.isSeed else { return }
    list.all[list.all.count - 1].isSeed = false
    try StoreError.telling { () throws(SystemError) in
      try top.replace(StoreLayout.generations, with: list.encode(key: key))
    }
    withExtendedLifetime(lock) {}
  }
}

/// Puts clones of a seed's files where a broken cycle leaves its contents. Nothing of it counts until the agent has read and
/// digested it; to be used while an agent in this process holds the lock of the cycle, before that cycle begins.
public final class SeedClones {
  private let store: Store
  private var next: UInt64 = 1
  private var isFirst = true

  public init(_ store: Store) { self.store = store }

  private static let plan = StoreLayout.name("plan")

  /// A file that goes when it is closed.
  public func planFile() throws(StoreError) -> Descriptor {
    try StoreError.telling { () throws(SystemError) in
      let file = try store.incoming.open(SeedClones.plan, [.readingAndWriting, .creating, .truncating])
      try store.incoming.unlink(SeedClones.plan)
      return file
    }
  }

  /// False where the file system cannot clone that file.
  public func clone(_ file: borrowing Descriptor) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      let folder = try Staging.folder(of: store)
      if isFirst { next = try firstFreeNumber(in: folder) }
      let name = StoreLayout.name(next)
      let isCloned = try folder.open(name, [.readingAndWriting, .exclusively]).clone(file)
      guard isCloned else {
        try folder.unlink(name)
        return false
      }
      // What an interrupted seeding left would only lie beside it: here all can be had for nothing.
      if isFirst { for old in try folder.names() where old != name { try folder.removeTree(old) } }
      isFirst = false
      next += 1
      return true
    }
  }

  private func firstFreeNumber(in folder: borrowing Folder) throws(SystemError) -> UInt64 {
    let begun = try BegunLog.read(store).keys.max() ?? 0
    let staged = try folder.names().compactMap { StoreLayout.number($0) }.max() ?? 0
    // A number out of all bounds was never ours; its file goes with the first clone.
    return max(begun, staged) < .max / 8 ? max(begun, staged) + 1 : 1
  }
}

public import HotsyncSystem

/// What a store says of itself without being read through.
public struct StatusOfStore: Sendable {
  /// Oldest first.
  public let generations: [Generation]
  /// The generation that the master was last seen in step with, and when; nil before its first cycle.
  public let lastSync: (generation: UInt64, time: Timestamp)?
  /// Files that verifications found damaged and no cycle has mended.
  public let damaged: Int
  /// Versions of files that older generations have lost.
  public let lost: Int
  public let freeBytes: UInt64
  public let totalBytes: UInt64

  /// With less than this free a cycle, and its own lists, may not fit any more.
  static let leastFreeBytes: UInt64 = 64 << 20

  public var isFull: Bool { freeBytes < StatusOfStore.leastFreeBytes }

  /// The newest generation where it is a seed: no master's cycle has come yet.
  public var seed: Generation? { generations.last.flatMap { $0.isSeed ? $0 : nil } }

  public init(_ store: Store) throws(StoreError) {
    generations = try store.generations().all
    let list = try DamageList.read(store)
    damaged = list.mirror.count
    lost = list.lost.count
    let space = try StoreError.telling { () throws(SystemError) in try store.top.descriptor.freeSpace() }
    freeBytes = space.freeBytes
    totalBytes = space.totalBytes
    lastSync = StatusOfStore.latest(try store.lastContact(), generations.last)
  }

  /// A cycle that committed was in step as well, whatever became of the note.
  private static func latest(
    _ contact: (generation: UInt64, time: Timestamp)?, _ newest: Generation?
  ) -> (generation: UInt64, time: Timestamp)? {
    guard let newest, !newest.isSeed else { return nil }
    // Generation times only grow, and may be ahead of the clock; the note of a contact has the clock's time.
    guard let contact, contact.generation == newest.number else { return (newest.number, newest.time) }
    return (newest.number, contact.time)
  }
}

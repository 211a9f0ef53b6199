import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem

/// What the agent does about snapshots when the master asks: it can pin the newest generation, and ask that one be let go.
struct SnapshotAnswers {
  let store: Store
  let clocks: Clocks

  func list() throws(StoreError) -> SlaveMessage {
    let generations = try store.generations().all
    return .snapshots(
      try store.snapshots().map { snapshot in
        ListedSnapshot(
          name: snapshot.name, generation: snapshot.generation,
          time: generations.first { $0.number == snapshot.generation }?.time, pinned: snapshot.pinned,
          asked: snapshot.asked)
      })
  }

  /// - Parameter newest: the generation that this conversation found or committed: the past is not the master's to pin.
  func pin(_ name: SnapshotName, _ number: UInt64, newest: Generation?) throws(StoreError) -> SlaveMessage {
    guard let newest, number == newest.number else {
      throw .contradiction("the snapshot \"\(name)\"", "generation \(number) is not the newest")
    }
    crashPoint("pin")
    let generation = try store.pin(name, generation: number, by: .master, now: clocks.now())
    crashPoint("pinned")
    return .pinned(generation: generation.number)
  }

  func askToUnpin(_ name: SnapshotName) throws(StoreError) -> SlaveMessage {
    let now = clocks.now()
    return .asked(try store.askToUnpin(name, now: now).asked ?? now)
  }
}

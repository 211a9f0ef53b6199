import HotsyncSystem

/// Has the disk write what a cycle brings while more of it comes, on a thread of its own, so that the one flush before the
/// commit finds little left to do. It promises nothing and tells no error: that flush, on a descriptor of its own, does both
/// (docs/decisions/0031-writing-back-early.md).
final class EarlyWriteBack {
  private struct State {
    var isWanted = false
    var isEnded = false
  }

  /// So much is worth a flush: the disk is as busy as with fewer and larger ones, and small cycles never begin one.
  private static let step: UInt64 = 64 << 20

  private let state = Monitor(State())
  private let store: Store
  private var worker: Worker?
  private var received: UInt64 = 0

  init(_ store: Store) { self.store = store }

  /// So much content came.
  func note(_ bytes: Int) {
    received &+= UInt64(bytes)
    guard received >= EarlyWriteBack.step else { return }
    received = 0
    if worker == nil { begin() }
    state.withLock { $0.isWanted = true }
  }

  /// Without a descriptor or a thread the flush has all to do, as ever.
  private func begin() {
    guard let flush = try? FileSystemFlush(store) else { return }
    worker = Worker { [state] in
      while state.wait(until: EarlyWriteBack.turn) { try? flush.flush() }
    }
  }

  /// Nil while there is nothing to do; false at the end.
  private static func turn(_ state: inout State) -> Bool? {
    if state.isEnded { return false }
    guard state.isWanted else { return nil }
    state.isWanted = false
    return true
  }

  /// Waits for the flush under way: its work would be the next one's.
  func end() {
    state.withLock { $0.isEnded = true }
    worker.take()?.join()
  }

  deinit { end() }
}

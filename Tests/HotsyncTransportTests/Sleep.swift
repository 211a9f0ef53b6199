import Glibc
import Synchronization

func sleepMilliseconds(_ count: UInt32) { usleep(count * 1_000) }

/// One thread tells another that it may go.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

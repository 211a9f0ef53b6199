internal import CHotsyncShims
import Glibc

/// State that threads share, and wait on: what one changes, those who wait look at again.
@safe
public final class Monitor<State: Sendable>: @unchecked Sendable {
  // Touched with the mutex held only.
  private var state: State
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>

  public init(_ state: sending State) {
    self.state = state
    // SAFETY: both are initialised here, owned by this object, and destroyed in deinit.
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    // SAFETY: the attributes live through these calls.
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(changed, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    // SAFETY: nobody else can hold them any more.
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Looks at the state or changes it; whoever waits looks again.
  public func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    // SAFETY: both were initialised in init.
    unsafe pthread_mutex_lock(mutex)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(mutex)
    }
    return body(&state)
  }

  /// Waits, however long it takes, until the body gives something, which is asked whenever somebody changed the state.
  public func wait<Result>(until body: (inout State) -> Result?) -> Result {
    while true { if let result = wait(atMost: .seconds(3_600), until: body) { return result } }
  }

  /// The same; nil where that took longer than the limit.
  public func wait<Result>(atMost limit: Duration, until body: (inout State) -> Result?) -> Result? {
    let end = Monitor.deadline(limit)
    // SAFETY: both were initialised in init.
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) {
        // SAFETY: as above. The body may have changed the state, too.
        unsafe pthread_cond_broadcast(changed)
        return result
      }
      var end = end
      // SAFETY: as above; the time lives through the call.
      if unsafe pthread_cond_timedwait(changed, mutex, &end) == ETIMEDOUT { return body(&state) }
    }
  }

  private static func deadline(_ limit: Duration) -> timespec {
    var time = timespec()
    // SAFETY: the pointer lives through the call.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let nanoseconds = Int64(time.tv_nsec) + limit.components.attoseconds / 1_000_000_000
    time.tv_sec += Int(limit.components.seconds) + Int(nanoseconds / 1_000_000_000)
    time.tv_nsec = Int(nanoseconds % 1_000_000_000)
    return time
  }
}

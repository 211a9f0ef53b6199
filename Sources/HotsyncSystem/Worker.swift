import Glibc
import Synchronization

/// A thread of our own for calls that block: never the cooperative pool, which has one thread a core.
@safe
public struct Worker: ~Copyable, @unchecked Sendable {
  private let thread: pthread_t

  public init(_ body: @escaping @Sendable () -> Void) {
    // SAFETY: retained for the thread, which takes it over.
    let box = unsafe Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    // SAFETY: the thread writes nothing that outlives its box.
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, unsafe box.toOpaque())
    precondition(result == 0, "the kernel has no thread left")
    self.thread = thread
  }

  /// Waits until the body has ended.
  public consuming func join() {
    // Joined once: the only owner ends here.
    pthread_join(thread, nil)
  }

  /// Lets this thread sleep.
  public static func pause(_ duration: Duration) {
    usleep(
      UInt32(
        clamping: Int64(duration.components.seconds) * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000))
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// A queue between two threads that holds at most `capacity` elements; who puts waits while it is full, who takes waits
/// while it is empty.
@safe
public final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  private let capacity: Int
  // All below is touched with the mutex held only.
  // What was taken is nil at once, so that no more than `capacity` elements are ever kept alive.
  private var elements: [Element?] = []
  private var head = 0
  private var isClosed = false
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>

  public init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: both are initialised here, owned by this object, and destroyed in deinit.
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    // SAFETY: nobody else can hold them any more.
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    // SAFETY: initialised in init.
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }

  /// False where the queue was closed meanwhile; the element is dropped then.
  @discardableResult
  public func put(_ element: Element) -> Bool {
    locked {
      // SAFETY: the mutex is held.
      while elements.count - head >= capacity && !isClosed { unsafe pthread_cond_wait(changed, mutex) }
      guard !isClosed else { return false }
      elements.append(element)
      unsafe pthread_cond_broadcast(changed)
      return true
    }
  }

  /// Nil once the queue is closed and empty.
  public func take() -> Element? {
    locked {
      // SAFETY: the mutex is held.
      while elements.count == head && !isClosed { unsafe pthread_cond_wait(changed, mutex) }
      guard head < elements.count, let element = elements[head] else { return nil }
      elements[head] = nil
      head += 1
      if head == elements.count || head > 1_024 {
        elements.removeFirst(head)
        head = 0
      }
      unsafe pthread_cond_broadcast(changed)
      return element
    }
  }

  /// Nothing more comes in; what is there can still be taken.
  public func close() {
    locked {
      isClosed = true
      // SAFETY: the mutex is held.
      unsafe pthread_cond_broadcast(changed)
    }
  }
}

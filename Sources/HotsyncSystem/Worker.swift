import Glibc

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

  // Nobody waits for it: what it has goes back to the system when its body has ended.
  deinit { pthread_detach(thread) }

  /// Waits until the body has ended.
  public consuming func join() {
    // Joined once: the only owner ends here.
    pthread_join(thread, nil)
    discard self
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

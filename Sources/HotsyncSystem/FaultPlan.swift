#if DEBUG
  import Glibc

  /// What tests do to the system calls of one thread, so that many runs can fail side by side in one process. Calls of
  /// other threads, those that the planned work starts included, are left alone and not counted. Builds for release hold
  /// none of this.
  ///
  /// A plan is for one thread at a time and for one run.
  public final class FaultPlan {
    /// What happens at the chosen call.
    public enum Effect: Sendable, Equatable {
      /// Nothing: the calls are only counted, and their names kept.
      case none
      /// It fails with this number, and does nothing.
      case fails(Int32)
      /// It and all that need space after it fail with this number; what needs none goes on.
      case isFullFrom(Int32)
      /// A signal interrupts it before it has done anything.
      case isInterrupted
      /// It moves only a half of the bytes that it was offered, where it moves any.
      case isShort
      /// The process is dead from here on: neither this call nor any later one does anything.
      case dies
      /// The process dies in the middle of it: a half of its bytes are written, and no later call does anything.
      case diesHalfway
      /// Every call from here on is interrupted once, and every transfer is short.
      case stutters
    }

    public let effect: Effect
    /// Counted from 1.
    public let number: Int
    private let start: StaticString?
    private var isCounting: Bool
    private var isShortened = false
    private var wasInterrupted = false

    /// Calls that were counted.
    public private(set) var calls = 0
    /// Of each counted call, where the effect is `none`.
    public private(set) var names: [StaticString] = []
    public var wasHit: Bool { effect != .none && calls >= number }

    /// - Parameters:
    ///   - number: the call that it happens to, from 1.
    ///   - start: the crash point from which calls are counted; nil from the beginning.
    public init(_ effect: Effect, at number: Int = 1, from start: StaticString? = nil) {
      self.effect = effect
      self.number = number
      self.start = start
      isCounting = start == nil
    }

    /// What a call of a dead process ends with: nobody has a way on from it.
    public static let death = ENOTRECOVERABLE

    /// Calls that need no space and change nothing: as the disk is before one, so it is after it.
    public static func isLooking(_ name: StaticString) -> Bool { looking.contains(name.description) }

    /// Calls that can fail for want of space.
    public static func takesSpace(_ name: StaticString) -> Bool { takingSpace.contains(name.description) }

    /// Calls that move bytes.
    public static func isTransfer(_ name: StaticString) -> Bool { transfers.contains(name.description) }

    private static let looking: Set = [
      "statx", "openat2", "open", "read", "pread", "lseek", "getdents64", "listxattr", "readlinkat", "fcntl", "flock",
      "fstatvfs", "fstatfs", "poll",
    ]
    private static let takingSpace: Set = [
      "openat", "write", "pwrite", "mkdirat", "linkat", "symlinkat", "mknodat", "renameat", "renameat2", "fallocate",
      "setxattr", "fsync", "syncfs", "ioctl",
    ]
    private static let transfers: Set = ["read", "pread", "write", "pwrite", "getdents64"]

    // MARK: One thread

    private static let key: pthread_key_t = {
      var key = pthread_key_t()
      // SAFETY: the key is written, and has no destructor.
      let result = unsafe pthread_key_create(&key, nil)
      precondition(result == 0, "the process has no key left")
      return key
    }()

    static var ofThread: FaultPlan? {
      // SAFETY: what is there is a plan that `apply` holds for as long as it is the thread's.
      guard let pointer = unsafe pthread_getspecific(key) else { return nil }
      return unsafe Unmanaged<FaultPlan>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Runs the body on this thread under the plan.
    public func apply<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
      // SAFETY: what is set is unset before this returns, up to which the plan lives.
      let before = unsafe pthread_getspecific(FaultPlan.key)
      unsafe pthread_setspecific(FaultPlan.key, Unmanaged.passUnretained(self).toOpaque())
      defer {
        unsafe pthread_setspecific(FaultPlan.key, before)
        withExtendedLifetime(self) {}
      }
      return try body()
    }

    // MARK: Calls

    func pass(_ point: StaticString) {
      if !isCounting, start?.description == point.description { isCounting = true }
    }

    /// The number that the call ends with; nil where it is made.
    func next(_ name: StaticString) -> Int32? {
      guard isCounting else { return nil }
      if wasInterrupted {
        // The same call once more.
        wasInterrupted = false
      } else {
        calls += 1
        if effect == .none { names.append(name) }
        if effect == .stutters, calls >= number {
          wasInterrupted = true
          return EINTR
        }
      }
      return outcome(name)
    }

    private func outcome(_ name: StaticString) -> Int32? {
      isShortened = false
      switch effect {
      case .none: return nil
      case .fails(let error): return calls == number ? error : nil
      case .isFullFrom(let error): return calls >= number && FaultPlan.takesSpace(name) ? error : nil
      case .isInterrupted: return calls == number ? EINTR : nil
      case .dies: return calls >= number ? FaultPlan.death : nil
      case .isShort: isShortened = calls == number
      case .stutters: isShortened = calls >= number
      case .diesHalfway:
        guard calls <= number else { return FaultPlan.death }
        isShortened = calls == number
      }
      return nil
    }

    /// How much of what a transfer was offered it may move.
    func shortened(_ count: Int) -> Int { isShortened ? max(min(count, 1), count / 2) : count }
  }
#endif

/// How many bytes a call that moves bytes offers to the kernel: all of them, but where a test wants it to fall short.
@inline(__always)
func offered(_ count: Int) -> Int {
  #if DEBUG
    FaultPlan.ofThread?.shortened(count) ?? count
  #else
    count
  #endif
}

/// A lock on an open file (flock(2)), held as long as this lives.
public final class HeldLock: Sendable {
  private let file: Descriptor

  /// Nil where somebody else holds it.
  public init?(_ file: consuming Descriptor, shared: Bool = false) throws(SystemError) {
    guard try file.tryLock(shared: shared) else { return nil }
    self.file = file
  }

  /// Gives it up before its owner ends.
  public func release() { try? file.unlock() }

  // A child that another thread is starting has the descriptor, too, until it has become another program: closing it here
  // would leave the lock with that one.
  deinit { release() }
}

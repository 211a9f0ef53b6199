import Glibc

/// A system call that failed.
public struct SystemError: HotsyncError, Equatable {
  /// The value of `errno`.
  public let number: Int32
  public let operation: String
  public let subject: String

  public init(number: Int32, operation: String, subject: String) {
    self.number = number
    self.operation = operation
    self.subject = subject
  }

  public var kind: FailureKind {
    switch number {
    case ENOSPC, EDQUOT, EROFS: .unwritable
    default: .failed
    }
  }

  public var cause: String {
    // SAFETY: strerror_l's result lives as long as the locale, which is the process's own "C" one.
    unsafe String(cString: strerror(number))
  }

  public var nextStep: String {
    switch number {
    case ENOSPC: "make room there (df -h, df -i), then run the command again"
    case EDQUOT: "raise the quota there, then run the command again"
    case EROFS: "mount that file system read-write (mount -o remount,rw …), then run the command again"
    case EACCES, EPERM: "run the command as root, or give this user the right to it"
    case ENOENT: "see that it exists: ls -ld \(subject)"
    case EIO: "look for failing hardware: journalctl -k -p err"
    default: "see the log: journalctl -e"
    }
  }

  /// A file that is nowhere.
  public static func missing(_ name: String) -> SystemError {
    SystemError(number: ENOENT, operation: "cannot find", subject: name)
  }

  public var isMissing: Bool { number == ENOENT || number == ENOTDIR }
  /// Something has that name already.
  public var isThere: Bool { number == EEXIST }
  /// A symbolic link stood where none may.
  public var isLoop: Bool { number == ELOOP }
  /// EFBIG: also of a small file that is read whole and is longer than it may be.
  public var isTooLarge: Bool { number == EFBIG }
  /// The disk does not give back what it was given (EIO, EUCLEAN).
  public var isUnreadable: Bool { number == EIO || number == EUCLEAN }
  public var isReadOnly: Bool { number == EROFS }
  public var isNoSpace: Bool { number == ENOSPC || number == EDQUOT }
}

/// Every system call of HotSync goes through here: repeated while a signal interrupts it, and turned into a
/// `SystemError` where it fails. Builds for tests can make the Nth call fail (`Faults`).
///
/// - Parameter name: the name of the call as in section 2 of the manual.
/// - Parameter subject: what it was done to, for the message; evaluated on failure only.
@discardableResult
@inline(__always)
func systemCall<Value: FixedWidthInteger & SignedInteger>(
  _ name: StaticString, _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String,
  _ body: () -> Value
) throws(SystemError) -> Value {
  while true {
    #if DEBUG
      if let number = Faults.next(name) {
        if number == EINTR { continue }
        throw SystemError(number: number, operation: operation(), subject: subject())
      }
    #endif
    let value = body()
    if value >= 0 { return value }
    let number = errno
    if number == EINTR { continue }
    throw SystemError(number: number, operation: operation(), subject: subject())
  }
}

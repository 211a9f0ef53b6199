internal import CHotsyncShims
import Glibc

/// A program that was started, in a process group of its own. It gets an argument vector and an environment, never a shell.
public struct ChildProcess: ~Copyable, Sendable {
  public enum Ending: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)

    public var succeeded: Bool { self == .exited(0) }
  }

  public let processID: Int32

  /// - Parameter descriptors: what become standard input, output and error of the program.
  public static func start(
    _ program: String, _ arguments: [String], environment: [String: String],
    input: borrowing Descriptor, output: borrowing Descriptor, errors: borrowing Descriptor
  ) throws(SystemError) -> ChildProcess {
    let pairs = environment.map { "\($0.key)=\($0.value)" }.sorted()
    let numbers = [input.number, output.number, errors.number]
    let child = try systemCall("execve", "cannot start", program) {
      // SAFETY: the vectors end with nil and live through the call, which copies them.
      unsafe withVector([program] + arguments) { arguments in
        unsafe withVector(pairs) { environment in
          unsafe numbers.withUnsafeBufferPointer {
            unsafe hs_spawn(program, arguments, environment, $0.baseAddress!, nil)
          }
        }
      }
    }
    return ChildProcess(processID: child)
  }

  /// From now on no file that it writes grows beyond this (prlimit(2), RLIMIT_FSIZE): it is ended by a signal instead. For
  /// children that hand on what others say.
  public func limitFiles(to bytes: UInt64) { hs_limit_files(processID, bytes) }

  /// Waits until it ends (waitpid(2)).
  public func wait() -> Ending {
    var status: Int32 = 0
    // SAFETY: the pointer lives through the call.
    while unsafe waitpid(processID, &status, 0) < 0 {
      // Nobody knows any more how it ended (it was waited for before, or SIGCHLD is ignored): that is no success.
      guard errno == EINTR else { return .exited(-1) }
    }
    return ChildProcess.ending(status)
  }

  /// Waits at most that long; nil where it still runs.
  public func wait(atMost limit: Duration, clocks: Clocks = .system) -> Ending? {
    let start = clocks.elapsed()
    var status: Int32 = 0
    var pause: UInt32 = 500
    while true {
      // SAFETY: the pointer lives through the call.
      let result = unsafe waitpid(processID, &status, WNOHANG)
      if result == processID { return ChildProcess.ending(status) }
      if result < 0, errno != EINTR { return .exited(-1) }
      if clocks.elapsed() - start > limit { return nil }
      usleep(pause)
      pause = min(pause * 2, 50_000)
    }
  }

  /// Sends a signal to the whole process group.
  public func signalGroup(_ signal: Int32) { kill(-processID, signal) }

  public static let terminate: Int32 = SIGTERM
  public static let killNow: Int32 = SIGKILL

  private static func ending(_ status: Int32) -> Ending {
    hs_exited(status) != 0 ? .exited(hs_exit_code(status)) : .killed(signal: hs_term_signal(status))
  }
}

/// Lends strings to C as a vector that ends with nil.
private func withVector<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  // SAFETY: each copy is freed after the body, which must not keep them.
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
  return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}

import Glibc

/// Reading and writing without waiting, and waiting with an end: what streams are made of.
extension Descriptor {
  /// What is there now, at the front of the buffer: nil where nothing is, 0 at the end (read(2) on a non-blocking descriptor).
  public func readIfReady(into buffer: inout [UInt8]) throws(SystemError) -> Int? {
    do throws(SystemError) { return try read(into: &buffer, count: buffer.count) } catch {
      if error.number == EAGAIN { return nil }
      throw error
    }
  }

  /// Writes what goes now, and says how much that was (write(2) on a non-blocking descriptor).
  public static func writeSome(_ bytes: ArraySlice<UInt8>, to number: Int32) throws(SystemError) -> Int {
    do throws(SystemError) {
      return try systemCall("write", "cannot write to", "a stream") {
        // SAFETY: the slice's own length goes with its pointer.
        unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
      }
    } catch {
      if error.number == EAGAIN { return 0 }
      throw error
    }
  }

  /// Waits until the descriptor is ready (poll(2)); false where that took longer than `total`, or somebody gave up, which
  /// is looked at every `step`.
  public static func wait(
    _ number: Int32, writing: Bool, atMost step: Duration, total: Duration, clocks: Clocks = .system,
    gaveUp: () -> Bool
  ) throws(SystemError) -> Bool {
    let start = clocks.elapsed()
    let milliseconds = Int32(clamping: max(1, step / .milliseconds(1)).rounded().asInt)
    while true {
      var entry = pollfd(fd: number, events: Int16(writing ? POLLOUT : POLLIN), revents: 0)
      // SAFETY: one entry is there and one is announced.
      let ready = try systemCall("poll", "cannot wait for", "a stream") { unsafe poll(&entry, 1, milliseconds) }
      if ready > 0 { return true }
      if gaveUp() || clocks.elapsed() - start >= total { return gaveUp() }
    }
  }
}

extension Double {
  fileprivate var asInt: Int { isFinite ? Int(Swift.min(self, 1e9)) : 1_000_000_000 }
}

extension SystemError {
  public static let timedOut = SystemError(number: ETIMEDOUT, operation: "cannot wait for", subject: "a stream")

  /// The reader of a pipe went away.
  public var isBrokenPipe: Bool { number == EPIPE || number == ECONNRESET }
}

/// Signals that this process must not die of.
public enum Signals {
  /// A reader that goes away is an error of the call and not the end of the process (signal(7), SIGPIPE).
  public static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }
}

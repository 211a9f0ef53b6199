internal import CHotsyncShims
import Glibc

/// The terminal at a descriptor, if there is one.
public enum Terminal {
  public static func isThere(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// A line that somebody types at standard input, without its break; what there is where the input ends.
  public static func readLine(atMost limit: Int) throws(SystemError) -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    // SAFETY: one byte is there and one is asked for.
    while line.count < limit, try systemCall("read", "cannot read", "the terminal", { unsafe read(0, &byte, 1) }) == 1,
      byte != UInt8(ascii: "\n")
    {
      line.append(byte)
    }
    return line
  }

  /// The same, waiting for it for so long only; nil where nobody typed it in time.
  public static func readLine(atMost limit: Int, within patience: Duration) throws(SystemError) -> [UInt8]? {
    let isReady = try Descriptor.wait(0, writing: false, atMost: patience, total: patience, gaveUp: { false })
    return isReady ? try readLine(atMost: limit) : nil
  }

  /// How many columns it has (ioctl(2), TIOCGWINSZ); nil where the descriptor is no terminal.
  public static func columns(_ descriptor: Int32) -> Int? {
    let columns = hs_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : nil
  }
}

/// Standard output and standard error: they belong to the process, so nobody owns or closes them.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case errors = 2

  /// How long a reader that takes nothing is waited for; then the text is given up, and the work goes on.
  private static let patience = Duration.seconds(30)

  /// Writes all of it (write(2)), also where whoever started us made the stream non-blocking.
  public func write(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let done = try Descriptor.writeSome(rest, to: rawValue)
      rest = rest.dropFirst(done)
      guard done == 0 else { continue }
      let ready = try Descriptor.wait(
        rawValue, writing: true, atMost: .seconds(1), total: StandardStream.patience, gaveUp: { false })
      guard ready else { throw SystemError.timedOut }
    }
  }

  public var columns: Int? { Terminal.columns(rawValue) }

  /// Whether systemd connected it to its journal: `JOURNAL_STREAM` names the device and inode of the stream
  /// that it made (systemd.exec(5)), so that a stream which was redirected since is not taken for it.
  public func isJournal(variable: String? = Environment.value("JOURNAL_STREAM")) -> Bool {
    guard let variable else { return false }
    var status = stat()
    // SAFETY: the pointer lives through the call.
    guard unsafe fstat(rawValue, &status) == 0 else { return false }
    return variable == "\(status.st_dev):\(status.st_ino)"
  }
}

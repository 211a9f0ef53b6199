import Glibc
public import HotsyncSystem

/// A program at a terminal of its own, with somebody who reads what it shows and types answers.
public final class PseudoTerminal {
  private let terminal: Descriptor
  private let processID: Int32
  private let child: ChildProcess
  /// All that was shown, with what was typed where the terminal echoes it; lines end with one newline.
  public private(set) var transcript = ""

  public init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    let mode = OpenMode(rawValue: O_RDWR | O_NOCTTY)
    terminal = try Descriptor.open("/dev/ptmx", mode)
    let number = terminal.number
    var lock: Int32 = 0
    var other: UInt32 = 0
    // SAFETY: both live through the calls (TIOCSPTLCK and TIOCGPTN of ioctl_tty(2)).
    guard unsafe ioctl(number, 0x4004_5431, &lock) == 0, unsafe ioctl(number, 0x8004_5430, &other) == 0 else {
      throw SupportError("the pseudo-terminal has no other end")
    }
    let far = try Descriptor.open("/dev/pts/\(other)", mode)
    let path = program.contains("/") ? program : "\(RunningProgram.productsFolder)/\(program)"
    child = try ChildProcess.start(
      path, arguments, environment: RunningProgram.plainEnvironment.merging(environment) { $1 }, input: far,
      output: far, errors: far)
    processID = child.processID
  }

  /// Waits until it has shown that.
  public func expect(_ text: String, limit: Duration = .seconds(60)) throws {
    let start = Clocks.system.elapsed()
    while !transcript.contains(text) {
      guard Clocks.system.elapsed() - start < limit else { throw SupportError("never shown: \(text)\n\(transcript)") }
      guard try read() else { throw SupportError("it ended before it showed: \(text)\n\(transcript)") }
    }
  }

  /// Types a line.
  public func type(_ line: String) throws { try terminal.write(Array("\(line)\n".utf8)) }

  /// Takes the terminal away, as a closed window or a cut line does.
  public func hangUp() { kill(-processID, SIGHUP) }

  /// Waits until it ends, and reads what it shows.
  public func end(limit: Duration = .seconds(60)) throws -> ChildProcess.Ending {
    let start = Clocks.system.elapsed()
    while try read() {
      guard Clocks.system.elapsed() - start < limit else {
        child.signalGroup(ChildProcess.killNow)
        _ = child.wait()
        throw SupportError("it did not end\n\(transcript)")
      }
    }
    return child.wait()
  }

  /// False at the end.
  private func read() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let isReady = try Descriptor.wait(
      terminal.number, writing: false, atMost: .milliseconds(200), total: .milliseconds(200), gaveUp: { false })
    guard isReady else { return true }
    do throws(SystemError) {
      let got = try terminal.read(into: &buffer, count: buffer.count)
      guard got > 0 else { return false }
      transcript += String(decoding: buffer[..<got].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
      return true
    } catch {
      // EIO: nobody has the other end any more.
      return false
    }
  }
}

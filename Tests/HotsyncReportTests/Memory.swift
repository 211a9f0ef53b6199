import Glibc
import HotsyncReport
import HotsyncSystem
import Synchronization

/// A stream that keeps what was written, or fails with an error number.
final class MemorySink: TextSink {
  let columns: Int?
  private let failure: Int32?
  private let bytes = Mutex<[UInt8]>([])

  init(columns: Int? = nil, failure: Int32? = nil) {
    self.columns = columns
    self.failure = failure
  }

  func write(_ more: [UInt8]) throws(SystemError) {
    if let failure { throw SystemError(number: failure, operation: "cannot write to", subject: "a stream") }
    bytes.withLock { $0 += more }
  }

  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

/// A clock that only the test moves, and that counts who looks at it.
final class HandClock: Sendable {
  private let state = Mutex((time: Duration.zero, looks: 0))

  var clocks: Clocks {
    Clocks(
      now: { Timestamp(seconds: 1_795_000_000) },
      elapsed: {
        self.state.withLock { state in
          state.looks += 1
          return state.time
        }
      })
  }

  var looks: Int { state.withLock { $0.looks } }
  func pass(_ duration: Duration) { state.withLock { $0.time += duration } }
}

/// A console over memory.
struct Stage {
  let output: MemorySink
  let errors: MemorySink
  let console: Console

  init(
    _ options: Console.Options = .init(), columns: Int? = nil, isJournal: Bool = false, outputFailure: Int32? = nil
  ) {
    output = MemorySink(failure: outputFailure)
    errors = MemorySink(columns: columns)
    console = Console(
      program: "hotsync", options: options, output: output, errors: errors, isJournal: isJournal,
      clocks: HandClock().clocks)
  }
}

/// Thrown where nobody expects it.
struct Surprise: Error {}

enum TestDomain {}
typealias TestError = Failure<TestDomain>

let unreachable = TestError(
  .unreachable, "cannot reach", "the slave of \"standby\" at 192.0.2.20 port 22", cause: "connection refused",
  next: "start sshd there, or: hotsync config set connections.standby.port PORT")

func path(_ bytes: some Collection<UInt8>) -> ReportedPath {
  RelativePath(Array(bytes)).map(ReportedPath.init) ?? .root
}

func path(_ text: String) -> ReportedPath { path(Array(text.utf8)) }

import HotsyncSystem

/// What a dump must show at its end.
struct DumpExpectation {
  /// `mariadb database shop`.
  let subject: String
  /// The line that the client writes when it is through.
  let trailer: String
  let formerSize: UInt64?
  /// How long the client may say nothing.
  var silence: Duration = .seconds(600)

  /// A smaller part than this of the last dump's size is a loss.
  static let smallPart: UInt64 = 10
  /// Below this size nothing is compared: a few rows more or less are a large part of it.
  static let comparedSize: UInt64 = 1 << 20
}

/// A dump that comes from a client's standard output.
final class ClientDump<Counter: RowCounter>: DumpStream {
  private let expectation: DumpExpectation
  private let child: ChildProcess
  private let output: Descriptor
  private let complaints: Descriptor
  private var counter = Counter()
  private var tail: [UInt8] = []
  private var size: UInt64 = 0
  private var isReaped = false
  private var isGood = false
  let notices: [String]

  /// As much of the end as is searched for the trailer.
  private static var tailLength: Int { 256 }
  /// As much as a client may write to standard error, in bytes.
  private static var complaintLimit: UInt64 { 1 << 20 }

  init(
    _ client: Client, _ arguments: [String], _ expectation: DumpExpectation, notices: [String] = []
  ) throws(DatabaseError) {
    self.expectation = expectation
    self.notices = notices
    do throws(SystemError) {
      let ends = try Descriptor.pipe()
      output = Descriptor(owning: ends.reading)
      let writing = Descriptor(owning: ends.writing)
      // A file and no pipe: nobody reads it while the client runs.
      complaints = try Descriptor.memoryFile()
      let (program, vector) = client.call(arguments)
      child = try ChildProcess.start(
        program, vector, environment: client.environment, input: try Descriptor.open("/dev/null"), output: writing,
        errors: complaints)
      child.limitFiles(to: ClientDump.complaintLimit)
    } catch {
      throw DatabaseError(
        error.kind, "cannot dump", expectation.subject, cause: "\(client.path): \(error.cause)", next: error.nextStep)
    }
  }

  deinit { cancel() }

  var fingerprint: Fingerprint { counter.fingerprint }

  func read(into buffer: inout [UInt8]) throws(DatabaseError) -> Int {
    if isGood || buffer.isEmpty { return 0 }
    guard !isReaped else { throw failed("the dump was given up before its end") }
    let count: Int
    do throws(SystemError) {
      guard
        try Descriptor.wait(
          output.number, writing: false, atMost: .seconds(5), total: expectation.silence, gaveUp: { false })
      else {
        cancel()
        throw SystemError.timedOut
      }
      count = try output.read(into: &buffer, count: buffer.count)
    } catch {
      cancel()
      guard error == SystemError.timedOut else { throw DatabaseError(error) }
      throw failed("nothing came for \(expectation.silence.written)")
    }
    guard count > 0 else {
      try finish()
      return 0
    }
    size += UInt64(count)
    counter.take(buffer.span.extracting(0..<count))
    tail = Array((tail + buffer[max(0, count - ClientDump.tailLength)..<count]).suffix(ClientDump.tailLength))
    return count
  }

  func cancel() {
    guard !isReaped else { return }
    child.signalGroup(ChildProcess.terminate)
    if child.wait(atMost: .seconds(2)) == nil {
      child.signalGroup(ChildProcess.killNow)
      _ = child.wait()
    }
    isReaped = true
  }

  /// The end of the output is the end of a good dump only where all of this says so.
  private func finish() throws(DatabaseError) {
    guard let ending = child.wait(atMost: .seconds(60)) else {
      cancel()
      throw failed("its client closed its output and did not end")
    }
    isReaped = true
    let said = complaint()
    switch ending {
    case .exited(0): break
    case .exited(let code):
      throw failed(said.isEmpty ? "its client ended with code \(code)" : said, Complaint.nextStep(said))
    case .killed(let signal): throw failed("signal \(signal) ended its client" + (said.isEmpty ? "" : ": \(said)"))
    }
    guard String(decoding: tail, as: UTF8.self).contains("\n" + expectation.trailer) else {
      throw failed("its client ended with 0, but the dump is cut short: its last line is missing")
    }
    if let former = expectation.formerSize, former >= DumpExpectation.comparedSize,
      size < former / DumpExpectation.smallPart
    {
      throw DatabaseError(
        .refused, "cannot take", "the dump of \(expectation.subject)",
        cause: "it has \(size) bytes, the last one had \(former): a server that lost its data writes such a dump",
        next: "look at the database; where that is meant: hotsync sync --accept-deletes")
    }
    isGood = true
  }

  private func complaint() -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = (try? complaints.read(into: &buffer, count: buffer.count, at: 0)) ?? 0
    return Complaint.essence(shownLines(buffer.prefix(count)))
  }

  private func failed(_ cause: String, _ next: String = "the last good dump stays; see the server's log")
    -> DatabaseError
  {
    DatabaseError(.failed, "cannot dump", expectation.subject, cause: cause, next: next)
  }
}

import HotsyncSystem
import Synchronization

/// A child of ours on pipes, with what it writes to its standard error kept aside: what the transports stand on that let
/// another program carry the bytes.
final class ChildStream: Sendable {
  private let stream: PipeStream
  private let child: ChildProcess
  private let complaints: Descriptor
  private let ended = Mutex<ChildProcess.Ending?>(nil)
  private let isEndOfInput = Atomic<Bool>(false)
  private let receivedAny = Atomic<Bool>(false)

  /// How much of its standard error goes into a message: its beginning says what happened.
  static let errorLimit = 2_000

  /// What a child finds in its environment, whoever runs us.
  static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]

  /// - Parameter peer: whom it stands for, in messages.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], silence: Duration, peer: String
  ) throws(SystemError) {
    let toChild = try Descriptor.pipe()
    let childInput = Descriptor(owning: toChild.reading)
    let sending = Descriptor(owning: toChild.writing)
    let fromChild = try Descriptor.pipe()
    let receiving = Descriptor(owning: fromChild.reading)
    let childOutput = Descriptor(owning: fromChild.writing)
    // A file and no pipe: nobody reads it while the child runs.
    complaints = try Descriptor.memoryFile()
    child = try ChildProcess.start(
      program, arguments, environment: environment, input: childInput, output: childOutput, errors: complaints)
    stream = try PipeStream(input: receiving, output: sending, silence: silence, peer: peer)
  }

  /// Of a child that hands on what the other machine writes to its standard error, and writes no files of its own.
  func limitComplaints() { child.limitFiles(to: ChildStream.complaintLimit) }

  /// As much as may be written to standard error, in bytes.
  private static let complaintLimit: UInt64 = 1 << 20

  deinit { end() }

  func send(_ bytes: [UInt8]) throws(TransportError) { try stream.send(bytes) }

  func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    note(try stream.receive(into: &buffer))
  }

  func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    try stream.receive(into: &buffer, atMost: limit).map(note)
  }

  /// - Parameter limit: in the place of the limit of silence.
  func receive(into buffer: inout [UInt8], silence limit: Duration) throws(TransportError) -> Int {
    note(try stream.receive(into: &buffer, silence: limit))
  }

  private func note(_ count: Int) -> Int {
    if count == 0 { isEndOfInput.store(true, ordering: .releasing) }
    if count > 0 { receivedAny.store(true, ordering: .relaxed) }
    return count
  }

  /// Whether anything has come from it.
  var hasSpoken: Bool { receivedAny.load(ordering: .relaxed) }

  func closeSending() { stream.closeSending() }

  /// Lets the child see the end of its input, then waits for it a moment, then ends it.
  func end() {
    stream.closeSending()
    stream.end()
    ended.withLock { ended in
      guard ended == nil else { return }
      ended = child.wait(atMost: .seconds(2)) ?? terminate()
    }
  }

  /// What it makes of the signal is its own affair: that we ended it is what counts.
  private func terminate() -> ChildProcess.Ending {
    child.signalGroup(ChildProcess.terminate)
    if child.wait(atMost: .seconds(2)) != nil { return .killed(signal: ChildProcess.terminate) }
    child.signalGroup(ChildProcess.killNow)
    return child.wait()
  }

  /// How it ended, nil while it runs. One that has closed its output is given a moment to end.
  var ending: ChildProcess.Ending? {
    ended.withLock { ended in
      if ended == nil {
        ended = child.wait(atMost: isEndOfInput.load(ordering: .acquiring) ? .seconds(2) : .zero)
      }
      return ended
    }
  }

  /// What it wrote to its standard error, a line after the other, nothing in it that a terminal would take for orders.
  var complaint: [String] {
    var buffer = [UInt8](repeating: 0, count: ChildStream.errorLimit)
    let count = (try? complaints.read(into: &buffer, count: buffer.count, at: 0)) ?? 0
    return shownLines(buffer.prefix(count))
  }
}

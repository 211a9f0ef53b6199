import HotsyncSystem

/// Runs a pump to its end on the thread that it is given to. Only when the session is freed the line is over: a process that
/// ended meanwhile would take libcrypto away under it.
// Given to one thread once.
final class SSHPumping: @unchecked Sendable {
  private var pump: SSHPump?
  private let line: Monitor<SSHLine>

  init(_ pump: consuming SSHPump, _ line: Monitor<SSHLine>) {
    self.pump = pump
    self.line = line
  }

  func run() {
    let failure = pump?.run()
    pump = nil
    line.withLock { line in
      if let failure { line.failure = failure }
      line.isOver = true
    }
  }
}

/// Moves bytes between an SSH session and those who use it, in one loop on a thread of its own: libssh2 takes one caller
/// at a time, and what it has half sent must be finished before it is given anything else.
// Made on one thread and run on another, which alone uses it from then on.
final class SSHPump: @unchecked Sendable {
  private var session: SSHSession
  private let line: Monitor<SSHLine>
  private let peer: String
  /// Rung when there is something new to do.
  private let alarm: Alarm
  private let clocks: Clocks

  /// What is being sent, and how much of it is gone.
  private var current: [UInt8] = []
  private var gone = 0
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var isEndSent = false
  private var lastSent: Duration
  private var endingSince: Duration?

  /// Calls that can leave half a packet behind: then the same one must be made again before any other.
  private enum Call { case write, read, errors, end }
  private var unfinished: Call?

  /// How long the other side may take to say good-bye.
  private static let farewell = Duration.seconds(3)

  init(_ session: consuming SSHSession, _ line: Monitor<SSHLine>, peer: String, alarm: Alarm, clocks: Clocks) {
    self.session = session
    self.line = line
    self.peer = peer
    self.alarm = alarm
    self.clocks = clocks
    lastSent = clocks.elapsed()
  }

  /// Runs until the connection has ended, whoever ended it.
  ///
  /// - Returns: what ended it, where nobody here did.
  fileprivate func run() -> TransportError? {
    do throws(TransportError) {
      try pump()
      return nil
    } catch { return line.withLock { $0.isEnding } ? nil : error }
  }

  private func pump() throws(TransportError) {
    while true {
      let state = line.withLock { line -> (isClosed: Bool, isEnding: Bool, hasRoom: Bool) in
        if gone == current.count {
          current.removeAll(keepingCapacity: true)
          gone = 0
          swap(&current, &line.outgoing)
        }
        line.underWay = current.count - gone
        line.hasNews = false
        return (line.isSendingClosed, line.isEnding, line.hasRoomToReceive)
      }
      session.allowMore()
      var isBusy = try send()
      if state.hasRoom || state.isEnding, try receive(.read) { isBusy = true }
      if try receive(.errors) { isBusy = true }
      if unfinished == nil, session.isAtEnd { return try finish() }
      if state.isClosed { try sendEnd() }
      if state.isEnding, !(try mayStay()) { return }
      if !isBusy { try rest(canReceive: state.hasRoom || state.isEnding) }
    }
  }

  private func may(_ call: Call) -> Bool { unfinished == nil || unfinished == call }

  /// Notes what a call came to: its count where it was done, nil where the line is not ready for it.
  private func note(_ call: Call, _ outcome: SSHSession.Outcome) throws(TransportError) -> Int? {
    unfinished = nil
    switch outcome {
    case .done(let count): return count
    case .wouldBlock:
      if session.waitsForWriting { unfinished = call }
      return nil
    case .failed: throw lost(session.complaint)
    }
  }

  // MARK: What it moves

  private func send() throws(TransportError) -> Bool {
    guard may(.write) else { return false }
    let before = gone
    while gone < current.count, let count = try note(.write, session.write(current[gone...])) { gone += count }
    guard gone > before else { return false }
    lastSent = clocks.elapsed()
    return true
  }

  private func receive(_ call: Call) throws(TransportError) -> Bool {
    guard may(call) else { return false }
    let stream = call == .read ? SSHSession.Stream.output : .errors
    var count = 0
    var failure: TransportError?
    do throws(TransportError) {
      while count < buffer.count, let got = try note(call, session.read(stream, into: &buffer, from: count)), got > 0 {
        count += got
      }
    } catch { failure = error }
    hand(over: buffer[..<count], call)
    // What came before the line broke may say why.
    if let failure { throw failure }
    return count > 0
  }

  private func hand(over bytes: ArraySlice<UInt8>, _ call: Call) {
    guard !bytes.isEmpty else { return }
    line.withLock { line in
      if call == .read {
        line.append(bytes)
      } else {
        line.complaints += bytes.prefix(SSHLine.complaintLimit - line.complaints.count)
      }
    }
  }

  private func sendEnd() throws(TransportError) {
    guard !isEndSent, may(.end), gone == current.count, line.withLock({ $0.outgoing.isEmpty }) else { return }
    if try note(.end, session.sendEnd()) != nil { isEndSent = true }
  }

  // MARK: Waiting and ending

  private func rest(canReceive: Bool) throws(TransportError) {
    keepAlive()
    let isAsleep = line.withLock { line in
      line.isAsleep = !line.hasNews
      return line.isAsleep
    }
    guard isAsleep else { return }
    let isWriting = unfinished != nil
    // What cannot be sent for want of a window needs what the other side says about it.
    let isReading = unfinished == nil && (canReceive || gone < current.count)
    do throws(SystemError) {
      // A line that broke is always ready; it is looked at once there is something to do with it.
      let number = isReading || isWriting ? session.socket.number : -1
      try Descriptor.wait(number, reading: isReading, writing: isWriting, or: alarm.number, atMost: .seconds(1))
    } catch { throw lost(error.cause) }
    alarm.silence()
    line.withLock { $0.isAsleep = false }
  }

  /// Keeps what is between the machines from forgetting a silent connection.
  private func keepAlive() {
    guard unfinished == nil, gone == current.count,
      clocks.elapsed() - lastSent > .seconds(SSHSession.keepAliveSeconds)
    else { return }
    session.keepAlive()
    lastSent = clocks.elapsed()
  }

  /// The other side has said all: how did it end?
  private func finish() throws(TransportError) {
    let start = clocks.elapsed()
    while clocks.elapsed() - start < SSHPump.farewell {
      switch session.close() {
      case .done:
        let status = session.exitStatus
        return line.withLock { $0.exitStatus = status }
      case .failed: return
      case .wouldBlock:
        do throws(SystemError) {
          try Descriptor.wait(
            session.socket.number, reading: session.waitsForReading, writing: session.waitsForWriting, or: -1,
            atMost: .milliseconds(200))
        } catch { throw lost(error.cause) }
      }
    }
  }

  /// What was given to us still goes out, and the other side may end in its own way, for a moment.
  private func mayStay() throws(TransportError) -> Bool {
    let now = clocks.elapsed()
    if endingSince == nil {
      endingSince = now
      line.withLock { $0.isSendingClosed = true }
    }
    return now - (endingSince ?? now) < SSHPump.farewell
  }

  private func lost(_ cause: String) -> TransportError {
    .lost(peer, cause)
  }
}

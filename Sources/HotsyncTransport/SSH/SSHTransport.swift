public import HotsyncSystem

/// The slave's agent over SSH by libssh2: what comes out of this and goes into it is bytes alone.
public final class SSHTransport: ByteStream {
  private let target: SSHTarget
  private let line = Monitor(SSHLine())
  private let alarm: Alarm

  /// Connects, checks who answers, logs in and starts the agent.
  public init(_ target: SSHTarget, clocks: Clocks = .system) throws(TransportError) {
    self.target = target
    do throws(SystemError) { alarm = try Alarm() } catch { throw TransportError(error) }
    let session = try SSHLogin(target, clocks: clocks).run()
    let pumping = SSHPumping(
      SSHPump(session, line, peer: "the slave of \"\(target.connection)\"", alarm: alarm, clocks: clocks), line)
    line.withLock { $0.isOver = false }
    _ = Worker { pumping.run() }
  }

  /// The key that the slave's host shows: to be shown to a person and recorded, and not trusted for itself.
  public static func hostKey(of target: SSHTarget) throws(TransportError) -> PublicKey {
    try SSHLogin(target).hostKey()
  }

  deinit { end() }

  public func send(_ bytes: [UInt8]) throws(TransportError) {
    let sent: Bool? = line.wait(atMost: target.silence) { line in
      if line.isSendingClosed || line.isEnding || line.isOver { return false }
      guard line.hasRoomToSend else { return nil }
      line.outgoing += bytes
      wake(&line)
      return true
    }
    guard sent != true else { return }
    if sent == nil { throw silent() }
    throw line.withLock { $0.failure } ?? closed("it was ended")
  }

  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    guard let count = try bytes(into: &buffer, within: target.silence) else { throw silent() }
    return count
  }

  public func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    limit < target.silence ? try bytes(into: &buffer, within: limit) : try receive(into: &buffer)
  }

  /// Nil where nothing came in that time.
  private func bytes(into buffer: inout [UInt8], within limit: Duration) throws(TransportError) -> Int? {
    var failure: TransportError?
    let count: Int? = line.wait(atMost: limit) { line in
      if line.isEnding { return 0 }
      let wasFull = !line.hasRoomToReceive
      if let count = line.take(into: &buffer) {
        if wasFull { wake(&line) }
        return count
      }
      failure = line.failure
      return line.isOver ? 0 : nil
    }
    if count == 0, let failure { throw failure }
    return count
  }

  public func closeSending() {
    line.withLock { line in
      line.isSendingClosed = true
      wake(&line)
    }
  }

  /// Lets what was sent go out and the agent see the end of its input, then waits a moment for it to end.
  public func end() {
    line.withLock { line in
      line.isEnding = true
      wake(&line)
    }
    _ = line.wait(atMost: .seconds(10)) { $0.isOver ? true : nil }
  }

  /// What the agent ended with, once its sshd has told.
  var agentStatus: Int32? { line.withLock { $0.exitStatus } }

  public func ending() -> String? {
    let (complaints, status) = line.withLock { ($0.complaints, $0.exitStatus) }
    if let words = words(complaints) { return words }
    return status.flatMap { $0 == 0 ? nil : "the agent ended with code \($0)" }
  }

  /// Why no agent ever spoke, where that can be told.
  public func failure() -> TransportError? {
    let (complaints, status, hasReceived) = line.withLock { ($0.complaints, $0.exitStatus, $0.hasReceived) }
    guard !hasReceived else { return nil }
    let words = words(complaints)
    switch status {
    case SSHTarget.unboundStatus where words == nil: return LoginFailure(target).notBound()
    case 126, 127: return LoginFailure(target).programMissing(words)
    default: return nil
    }
  }

  private func words(_ complaints: [UInt8]) -> String? {
    let words = shownLines(complaints).joined(separator: "; ")
    return words.isEmpty ? nil : words
  }

  private func wake(_ line: inout SSHLine) {
    line.hasNews = true
    guard line.isAsleep else { return }
    line.isAsleep = false
    alarm.ring()
  }

  private func silent() -> TransportError { closed("it was silent for \(target.silence.components.seconds) s") }

  private func closed(_ cause: String) -> TransportError {
    .lost("the slave of \"\(target.connection)\"", cause)
  }
}

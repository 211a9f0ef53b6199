import HotsyncConfig
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import HotsyncTransport
import Logging

/// From nothing to a slave that has greeted.
extension Cycle {
  func connect(
    _ purpose: Hello.Purpose, _ record: MasterRecord?
  ) throws -> (SlaveLine, Welcome, HashKey) {
    try phase("connect") {
      let epoch = try EpochFile.read(below: root)
      report.epoch = epoch.number
      let (line, welcome) = try greet(
        Hello(
          program: program, connection: connection.name, purpose: purpose, epoch: epoch,
          position: (record?.pending ?? record?.current)?.position ?? .none, store: record?.store,
          adopts: options.adopts))
      if let refusal = Epoch.refusal(mine: epoch, theirs: welcome.epoch) {
        higherEpoch = welcome.epoch.number
        // A slave that holds us back refuses; one that welcomes who adopts grants its epoch. But what it knows of it since
        // this cycle began is another promotion.
        guard purpose == .cycle, options.adopts, !hasGreeted, epoch.number < welcome.epoch.number else {
          throw MasterError(
            .fenced, "cannot go on with", "the cycle", cause: refusal, next: "leave this machine fenced")
        }
        try EpochFile.adopt(welcome.epoch, below: root)
        report.epoch = welcome.epoch.number
        log.notice("\(connection.name): this machine took epoch \(welcome.epoch.number) over and is master again")
      }
      hasGreeted = true
      if purpose == .cycle { keepReadiness(welcome.readiness) }
      if purpose == .cycle, options.adopts { try liftFence() }
      guard welcome.version == ProtocolVersion.current, let key = welcome.hashKey else {
        throw ProtocolError.malformed("it greets in a version that was not offered", handshakeDone: false)
      }
      return (line, welcome, key)
    }
  }

  /// For `status`, which asks nobody. A cycle does not fail of it.
  private func keepReadiness(_ told: SlaveReadiness?) {
    guard let told else { return }
    let record = ReadinessRecord(
      at: told.time, isReady: told.isReady,
      blockers: told.blockers.map { Blocker(code: $0.code, message: $0.message, nextStep: $0.nextStep) },
      estimatedSeconds: told.estimatedSeconds.map(Double.init))
    guard (try? ReadinessRecord.read(connection.name, below: root)) != record else { return }
    try? record.write(connection.name, below: root)
  }

  /// Where a key waits for the slave to have it, that one is tried first.
  private func greet(_ hello: Hello) throws -> (SlaveLine, Welcome) {
    guard connection.transport != .local else { return try greet(hello, over: try slaveStream.openLimited()) }
    let key = ConnectionKey(connection, root: try root.duplicate(), rootPath: slaveStream.rootPath)
    let waiting = try slaveStream.mayUseOtherKeys() ? nil : key.waiting()
    if let waiting {
      do {
        let greeted = try greet(hello, over: try slaveStream.openLimited(identity: waiting))
        if hello.purpose == .cycle { replace(key) }
        return greeted
      } catch let error as TransportError {
        guard try isKeyRefused(error, waiting) else { throw error }
        log.notice(
          """
          \(connection.name): the slave does not take \(waiting) yet; the key in use is tried. \
          hotsync key rotate \(connection.name) tells the command for the slave
          """)
      }
    }
    return try greet(hello, over: try slaveStream.openLimited())
  }

  private func greet(_ hello: Hello, over stream: any ByteStream) throws -> (SlaveLine, Welcome) {
    let channel = MasterChannel(stream, deadlines: connection.deadlines, clocks: clocks)
    let line = SlaveLine(channel, clocks: clocks)
    return (line, try line.greet(hello, packing: connection.packing))
  }

  /// The cycle goes on with the key that was taken, whatever becomes of this.
  private func replace(_ key: borrowing ConnectionKey) {
    let old = try? key.fingerprint()
    do { guard try key.promoteNew() else { return } } catch {
      let problem = Problem(ErrorReport(error))
      report.problems.append(problem)
      return attempts.keep(problem)
    }
    log.notice("\(connection.name): the new key is in use from now on")
    let notice = Problem(
      code: "key_replaced", message: "the slave took the new key; it is in use from now on",
      nextStep: "on the slave: hotsync-slave revoke --connection \(connection.name)"
        + (old.map { " --key \($0)" } ?? ""),
      leftOut: false)
    report.problems.append(notice)
    attempts.keep(notice)
  }

  private func isKeyRefused(_ error: TransportError, _ identity: String) throws -> Bool {
    LoginFailure(try slaveStream.target(identity: identity)).isKeyRefused(error)
  }

  var slaveStream: SlaveStream {
    let path = root.descriptor.currentPath().map { String(decoding: $0, as: UTF8.self) } ?? "/"
    return SlaveStream(
      connection: connection, rootPath: path == "/" ? "" : path, agentVariables: agentVariables)
  }
}

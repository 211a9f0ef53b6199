public import HotsyncSystem
import Synchronization

/// The embedded transport: the slave's agent as a child of ours on pipes. It holds no key and needs no daemon.
public final class LocalTransport: ByteStream {
  private let stream: PipeStream
  private let child: ChildProcess
  private let complaints: Descriptor
  private let ended = Mutex<ChildProcess.Ending?>(nil)

  /// How much of the agent's standard error goes into the message: its beginning says what happened.
  private static let errorLimit = 400

  /// Starts `program serve --connection NAME --root ROOT` with an environment of its own.
  public init(
    program: String, connection: String, root: String, silence: Duration, environment: [String: String] = [:]
  ) throws(TransportError) {
    do throws(SystemError) {
      let toAgent = try Descriptor.pipe()
      let agentInput = Descriptor(owning: toAgent.reading)
      let sending = Descriptor(owning: toAgent.writing)
      let fromAgent = try Descriptor.pipe()
      let receiving = Descriptor(owning: fromAgent.reading)
      let agentOutput = Descriptor(owning: fromAgent.writing)
      // A file and no pipe: nobody reads it while the agent runs.
      complaints = try Descriptor.memoryFile()
      var variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
      variables.merge(environment) { $1 }
      #if DEBUG
        variables.merge(Faults.agentVariables) { $1 }
      #endif
      child = try ChildProcess.start(
        program, ["serve", "--connection", connection, "--root", root], environment: variables,
        input: agentInput, output: agentOutput, errors: complaints)
      stream = try PipeStream(
        input: receiving, output: sending, silence: silence, peer: "the slave's agent for \"\(connection)\"")
    } catch {
      throw TransportError(
        .failed, "cannot start", "the slave's agent", cause: "\(program): \(error.cause)",
        next: "install hotsync-slave beside hotsync, or in /usr/bin")
    }
  }

  deinit { end() }

  public func send(_ bytes: [UInt8]) throws(TransportError) { try stream.send(bytes) }
  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int { try stream.receive(into: &buffer) }
  public func closeSending() { stream.closeSending() }

  /// Lets the agent see the end of its input, then waits for it a moment, then ends it.
  public func end() {
    stream.closeSending()
    stream.end()
    ended.withLock { ended in
      guard ended == nil else { return }
      ended = child.wait(atMost: .seconds(2))
      if ended == nil {
        child.signalGroup(ChildProcess.terminate)
        ended = child.wait(atMost: .seconds(2))
      }
      if ended == nil {
        child.signalGroup(ChildProcess.killNow)
        ended = child.wait()
      }
    }
  }

  public func ending() -> String? {
    var buffer = [UInt8](repeating: 0, count: LocalTransport.errorLimit)
    let count = (try? complaints.read(into: &buffer, count: buffer.count, at: 0)) ?? 0
    let words = buffer.prefix(count).split(separator: UInt8(ascii: "\n")).map { shown($0) }.joined(separator: "; ")
    if !words.isEmpty { return words }
    switch ended.withLock({ $0 }) {
    case .exited(let code)? where code != 0: return "the agent ended with code \(code)"
    case .killed(let signal)?: return "the agent was ended by signal \(signal)"
    default: return nil
    }
  }
}

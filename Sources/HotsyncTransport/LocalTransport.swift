public import HotsyncSystem

/// The embedded transport: the slave's agent as a child of ours on pipes. It holds no key and needs no daemon.
public final class LocalTransport: ByteStream {
  private let child: ChildStream

  /// Starts `program serve --connection NAME --root ROOT` with an environment of its own.
  public init(
    program: String, connection: String, root: String, silence: Duration, environment: [String: String] = [:]
  ) throws(TransportError) {
    var variables = ChildStream.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }.merging(environment) { $1 }
    #if DEBUG
      variables.merge(Faults.agentVariables) { $1 }
    #endif
    do throws(SystemError) {
      child = try ChildStream(
        program, ["serve", "--connection", connection, "--root", root], environment: variables, silence: silence,
        peer: "the slave's agent for \"\(connection)\"")
    } catch {
      throw TransportError(
        .failed, "cannot start", "the slave's agent", cause: "\(program): \(error.cause)",
        next: "install hotsync-slave beside hotsync, or in /usr/bin")
    }
  }

  public func send(_ bytes: [UInt8]) throws(TransportError) { try child.send(bytes) }
  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int { try child.receive(into: &buffer) }
  public func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    try child.receive(into: &buffer, atMost: limit)
  }
  public func closeSending() { child.closeSending() }
  public func end() { child.end() }

  public func ending() -> String? {
    let words = child.complaint.joined(separator: "; ")
    if !words.isEmpty { return words }
    switch child.ending {
    case .exited(let code)? where code != 0: return "the agent ended with code \(code)"
    case .killed(let signal)?: return "the agent was ended by signal \(signal)"
    default: return nil
    }
  }
}

import Glibc
import HotsyncSystem
import Synchronization

/// A bad line: relays connections on loopback to a port there, as its plan says. It ends, and its connections with it, with
/// its last reference.
public final class Relay: Sendable {
  /// Whose bytes are counted: to the server, from it, or both together.
  public enum Direction: Sendable { case up, down, both }

  public enum Plan: Sendable {
    case pass
    /// The connection breaks once that many bytes have passed: by a reset, or by an orderly end to both sides.
    case cut(after: Int, of: Direction, byReset: Bool)
    /// After that many bytes nothing moves any more; both ends stay connected, and their sending blocks.
    case stall(after: Int, of: Direction)
    /// After that many bytes everything is taken and nothing answered: neither end learns of it.
    case swallow(after: Int, of: Direction)
    /// Each way; a round trip takes twice that.
    case delay(Duration)
    /// Each way.
    case limit(bytesPerSecond: Int)
    /// The client gets these bytes before the server's first.
    case noise([UInt8])
  }

  /// What has passed so far, of all connections.
  public struct Counts: Sendable, Equatable {
    public var connections = 0
    public var up = 0
    public var down = 0
    public var bytes: Int { up + down }
  }

  struct State {
    var next: [Plan]
    var later: Plan
    var counts = Counts()
    var isEnded = false
    var dropsAll = false
  }

  /// What the relay's thread shares with it.
  final class Shared: Sendable {
    let state: Mutex<State>
    init(_ state: State) { self.state = Mutex(state) }
  }

  /// Where it listens.
  public let port: UInt16
  private let shared: Shared
  private let worker: Mutex<Worker?>

  /// - Parameters:
  ///   - first: for the next connection.
  ///   - later: for those after it.
  public init(to port: UInt16, _ first: Plan = .pass, then later: Plan = .pass) throws {
    Signals.ignoreBrokenPipes()
    let listener = try LoopbackSocket.listening()
    self.port = try listener.port
    shared = Shared(State(next: [first], later: later))
    let loop = RelayLoop(listener, to: port, shared)
    worker = Mutex(Worker { loop.run() })
  }

  deinit {
    shared.state.withLock { $0.isEnded = true }
    worker.withLock { $0.take()?.join() }
  }

  /// From now on; connections that are there keep theirs. Counts begin anew.
  public func plan(_ first: Plan, then later: Plan = .pass) {
    shared.state.withLock {
      $0.next = [first]
      $0.later = later
      $0.counts = Counts()
    }
  }

  public var counts: Counts { shared.state.withLock { $0.counts } }

  /// Resets every connection that is there, also those whose ends know nothing of it.
  public func drop() {
    shared.state.withLock { $0.dropsAll = true }
    while shared.state.withLock({ $0.dropsAll }) { Worker.pause(.milliseconds(2)) }
  }
}

/// The relay's thread: waits for whatever of its connections can be worked on.
final class RelayLoop: @unchecked Sendable {
  // Used by the one thread that runs it.
  private let listener: LoopbackSocket
  private let server: UInt16
  private let shared: Relay.Shared
  private var links: [RelayLink] = []

  init(_ listener: LoopbackSocket, to server: UInt16, _ shared: Relay.Shared) {
    self.listener = listener
    self.server = server
    self.shared = shared
  }

  func run() {
    while !shared.state.withLock({ $0.isEnded }) {
      wait()
      if shared.state.withLock({ $0.dropsAll }) {
        for link in links { link.resetWhenClosed() }
        links = []
        shared.state.withLock { $0.dropsAll = false }
      }
      while let client = try? listener.accepted() { accept(client) }
      let now = Clocks.system.elapsed()
      links.removeAll { link in
        let isOver = link.work(now)
        let (up, down) = link.takeCounts()
        shared.state.withLock {
          $0.counts.up += up
          $0.counts.down += down
        }
        return isOver
      }
    }
  }

  private func accept(_ client: LoopbackSocket) {
    let plan = shared.state.withLock { state in
      state.counts.connections += 1
      return state.next.popLast() ?? state.later
    }
    // Where nobody listens the client's connection goes with its last reference.
    guard let server = try? LoopbackSocket.connected(to: self.server) else { return }
    links.append(RelayLink(client: client, server: server, plan))
  }

  /// At most as long as the shortest delay that somebody may want to see.
  private func wait() {
    var entries = [pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)] + links.flatMap(\.waitingFor)
    // SAFETY: as many entries are announced as are there.
    _ = unsafe poll(&entries, nfds_t(entries.count), links.contains(where: \.isPaced) ? 1 : 20)
  }
}

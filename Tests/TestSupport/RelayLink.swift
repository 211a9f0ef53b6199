import Glibc
import HotsyncSystem

/// One connection through the relay.
final class RelayLink {
  private enum Mode { case passing, stalled, swallowing }

  /// One way of it: what was read and is not sent yet, each piece with the time when it is due.
  private final class Flow {
    let from: LoopbackSocket
    let to: LoopbackSocket
    var queue: [(due: Duration, bytes: ArraySlice<UInt8>)] = []
    var lastDue = Duration.zero
    var isAtEnd = false
    var isFinished = false
    var count = 0
    var counted = 0

    init(from: LoopbackSocket, to: LoopbackSocket) {
      self.from = from
      self.to = to
    }

    var queued: Int { queue.reduce(0) { $0 + $1.bytes.count } }
  }

  private let plan: Relay.Plan
  private let up: Flow
  private let down: Flow
  private var mode = Mode.passing
  private var isAtLimit = false
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  init(client: LoopbackSocket, server: LoopbackSocket, _ plan: Relay.Plan) {
    self.plan = plan
    up = Flow(from: client, to: server)
    down = Flow(from: server, to: client)
    if case .noise(let bytes) = plan { down.queue.append((.zero, bytes[...])) }
  }

  func resetWhenClosed() {
    up.from.resetWhenClosed()
    up.to.resetWhenClosed()
  }

  /// What has passed since it was asked last.
  func takeCounts() -> (up: Int, down: Int) {
    defer { (up.counted, down.counted) = (up.count, down.count) }
    return (up.count - up.counted, down.count - down.counted)
  }

  /// Whether it sends by the clock.
  var isPaced: Bool { !(up.queue.isEmpty && down.queue.isEmpty) }

  var waitingFor: [pollfd] {
    guard mode != .stalled else { return [] }
    return [up, down].flatMap { flow in
      var entries: [pollfd] = []
      if wantsMore(flow) { entries.append(pollfd(fd: flow.from.number, events: Int16(POLLIN), revents: 0)) }
      return entries
    }
  }

  private func wantsMore(_ flow: Flow) -> Bool { !flow.isAtEnd && (mode == .swallowing || flow.queued < bound) }

  /// How much of one way is on the line at once.
  private var bound: Int {
    switch plan {
    case .limit: 1
    case .delay: 4 << 20
    default: 128 << 10
    }
  }

  // MARK: Working

  /// Moves what can be moved; true once the connection is over.
  func work(_ now: Duration) -> Bool {
    guard mode != .stalled else { return false }
    read(up, now)
    read(down, now)
    send(up, now)
    send(down, now)
    if isAtLimit, mode == .passing, up.queue.isEmpty, down.queue.isEmpty, reachLimit() { return true }
    return mode == .passing && up.isFinished && down.isFinished
  }

  /// True where that ends it.
  private func reachLimit() -> Bool {
    switch plan {
    case .cut(_, _, byReset: true):
      resetWhenClosed()
      return true
    case .cut:
      up.to.finish()
      down.to.finish()
      mode = .swallowing
    case .stall: mode = .stalled
    default: mode = .swallowing
    }
    return false
  }

  private func read(_ flow: Flow, _ now: Duration) {
    while wantsMore(flow), !isAtLimit || mode == .swallowing {
      let count: Int
      // Who reset the connection sends no more.
      do { count = try flow.from.descriptor.readIfReady(into: &buffer) ?? -1 } catch { count = 0 }
      guard count >= 0 else { return }
      if count == 0 { flow.isAtEnd = true }
      if count == 0 || mode == .swallowing { continue }
      take(buffer[..<count], into: flow, now)
    }
  }

  /// Puts on the line what the plan lets pass.
  private func take(_ bytes: ArraySlice<UInt8>, into flow: Flow, _ now: Duration) {
    let passing = bytes.prefix(allowance(flow))
    flow.count += passing.count
    isAtLimit = isAtLimit || passing.count < bytes.count || allowance(flow) == 0
    switch plan {
    case .delay(let delay): flow.queue.append((now + delay, ArraySlice(Array(passing))))
    case .limit(let rate):
      // In pieces of a fiftieth of a second.
      let size = max(1, rate / 50)
      var rest = ArraySlice(Array(passing))
      while !rest.isEmpty {
        let piece = rest.prefix(size)
        flow.lastDue = max(flow.lastDue, now) + .seconds(Double(piece.count) / Double(rate))
        flow.queue.append((flow.lastDue, piece))
        rest = rest.dropFirst(piece.count)
      }
    default: if !passing.isEmpty { flow.queue.append((.zero, ArraySlice(Array(passing)))) }
    }
  }

  /// How many bytes of this way may still pass.
  private func allowance(_ flow: Flow) -> Int {
    let limit: (count: Int, direction: Relay.Direction)
    switch plan {
    case .cut(let count, let direction, _), .stall(let count, let direction), .swallow(let count, let direction):
      limit = (count, direction)
    default: return .max
    }
    let isUp = flow === up
    switch limit.direction {
    case .both: return max(0, limit.count - up.count - down.count)
    case .up: return isUp ? max(0, limit.count - up.count) : .max
    case .down: return isUp ? .max : max(0, limit.count - down.count)
    }
  }

  private func send(_ flow: Flow, _ now: Duration) {
    while let (due, bytes) = flow.queue.first, due <= now {
      // Who reset the connection takes no more.
      let sent = (try? Descriptor.writeSome(bytes, to: flow.to.number)) ?? bytes.count
      if sent == 0 { return }
      if sent < bytes.count {
        flow.queue[0].bytes = bytes.dropFirst(sent)
        return
      }
      flow.queue.removeFirst()
    }
    if flow.queue.isEmpty, flow.isAtEnd, !flow.isFinished {
      flow.isFinished = true
      flow.to.finish()
    }
  }
}

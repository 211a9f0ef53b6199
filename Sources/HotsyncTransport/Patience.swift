public import HotsyncCatalog
import HotsyncSystem

/// How long a conversation may take where nothing comes of it.
public struct Deadlines: Sendable {
  /// For the first message, from the start; for every frame until the handshake is done.
  public var connect: Duration
  /// The other side's limit of silence. A frame that has begun may take four times that.
  public var silence: Duration
  /// For a conversation in which nothing is said, both ways, but that one is alive.
  public var idle: Duration

  public init(
    connect: Duration = .seconds(30), silence: Duration = .seconds(120), idle: Duration = Limits.idleConversation
  ) {
    self.connect = connect
    self.silence = silence
    self.idle = idle
  }

  var frame: Duration { silence * 4 }
}

/// How long the other side has let us wait, and for what: a byte now and then ends no silence for ever. Only the time spent
/// waiting counts, and not what we do between two messages.
struct Patience: Sendable {
  let deadlines: Deadlines
  var handshakeDone = false
  private var hasGreeted = false
  private var waitedForGreeting = Duration.zero
  private var greetingLimit: Duration
  private var waitedForFrame = Duration.zero

  init(_ deadlines: Deadlines) {
    self.deadlines = deadlines
    greetingLimit = deadlines.connect
  }

  private var frameLimit: Duration { handshakeDone ? deadlines.frame : deadlines.connect }

  /// - Parameter insideFrame: a frame had begun before.
  mutating func waited(_ duration: Duration, insideFrame: Bool) {
    if !hasGreeted { waitedForGreeting += duration }
    waitedForFrame = insideFrame ? waitedForFrame + duration : .zero
  }

  /// A whole message came.
  mutating func took(isPing: Bool) {
    waitedForFrame = .zero
    guard isPing else {
      hasGreeted = true
      return
    }
    // It carries out an interrupted commit before it greets.
    waitedForGreeting = .zero
    greetingLimit = max(deadlines.connect, deadlines.silence)
  }

  /// How long the next wait may be.
  ///
  /// - Parameter idle: the time since anybody said anything but that he is alive.
  func rest(idle: Duration) throws(TransportError) -> Duration {
    let frame = frameLimit - waitedForFrame
    guard frame > .zero else { throw .gaveUp("a message did not come whole within \(shown(frameLimit))") }
    let greeting = hasGreeted ? frame : greetingLimit - waitedForGreeting
    guard greeting > .zero else { throw .gaveUp("it did not greet within \(shown(greetingLimit))") }
    let conversation = deadlines.idle - idle
    guard conversation > .zero else {
      throw .gaveUp("nothing but signs of life was exchanged for \(shown(deadlines.idle))")
    }
    return min(frame, greeting, conversation)
  }

  private func shown(_ duration: Duration) -> String { "\(duration.components.seconds) s" }
}

extension TransportError {
  fileprivate static func gaveUp(_ cause: String) -> TransportError {
    .lost("the other machine", cause)
  }
}

public import HotsyncSystem
import Logging
import Synchronization

/// Tells how far a cycle is: a bar that is rewritten on a terminal, one line every 10 s elsewhere, nothing with
/// `--no-progress` or `--quiet`.
///
/// `advance` may be called for every file and every block, from any thread: it adds to counters, and looks at the clock
/// only now and then.
public final class Progress: Sendable {
  private enum Form: Sendable { case none, bar, lines }

  /// How many calls pass without a look at the clock, unless they bring many bytes.
  private static let callsBetweenLooks: UInt64 = 16
  private static let manyBytes: UInt64 = 65_536
  /// How long a rate remembers, in seconds.
  private static let memory = 5.0

  private struct State {
    var shown = ProgressState()
    var measured: Duration
    var printed: Duration
    /// Before the first, there is no average to correct.
    var hasRate = false
  }

  private let console: Console
  private let form: Form
  private let interval: Duration
  private let elapsed: @Sendable () -> Duration
  private let files = Atomic<UInt64>(0)
  private let bytes = Atomic<UInt64>(0)
  private let calls = Atomic<UInt64>(0)
  private let state: Mutex<State>

  public init(console: Console, clocks: Clocks = .system) {
    self.console = console
    if !console.options.progress || console.options.quiet {
      form = .none
    } else {
      form = console.columns == nil ? .lines : .bar
    }
    interval = form == .bar ? .milliseconds(200) : .seconds(10)
    elapsed = clocks.elapsed
    let start = clocks.elapsed()
    state = Mutex(State(measured: start, printed: start))
  }

  /// A phase begins; its counters start at 0. Totals that nobody knows yet are nil.
  public func phase(_ name: String, totalFiles: UInt64? = nil, totalBytes: UInt64? = nil) {
    guard form != .none else { return }
    state.withLock { state in
      files.store(0, ordering: .relaxed)
      bytes.store(0, ordering: .relaxed)
      state.shown = ProgressState(phase: name, totalFiles: totalFiles, totalBytes: totalBytes)
      state.measured = elapsed()
      state.hasRate = false
      if form == .bar { show(&state, at: state.measured) }
    }
  }

  /// There is more to do in this phase than was thought; nothing where no total was known.
  public func expect(moreBytes: UInt64) {
    guard form != .none else { return }
    state.withLock { state in
      state.shown.totalBytes = state.shown.totalBytes.map { $0.addingReportingOverflow(moreBytes).partialValue }
    }
  }

  /// So much more of the phase is done.
  @inline(__always)
  public func advance(files moreFiles: UInt64 = 0, bytes moreBytes: UInt64 = 0) {
    if form != .none { count(moreFiles, moreBytes) }
  }

  private func count(_ moreFiles: UInt64, _ moreBytes: UInt64) {
    files.wrappingAdd(moreFiles, ordering: .relaxed)
    bytes.wrappingAdd(moreBytes, ordering: .relaxed)
    let call = calls.wrappingAdd(1, ordering: .relaxed).newValue
    guard call % Progress.callsBetweenLooks == 0 || moreBytes >= Progress.manyBytes else { return }
    // Whoever looks already will show this too.
    _ = state.withLockIfAvailable { state in
      let now = elapsed()
      guard now - state.printed >= interval else { return }
      measure(&state, at: now)
      show(&state, at: now)
    }
  }

  private func measure(_ state: inout State, at now: Duration) {
    let (filesNow, bytesNow) = (files.load(ordering: .relaxed), bytes.load(ordering: .relaxed))
    let seconds = Double(Units.milliseconds(now - state.measured)) / 1_000
    guard seconds > 0 else { return }
    // The further the last look lies back, the more this one counts.
    let weight = state.hasRate ? seconds / (seconds + Progress.memory) : 1
    func rate(_ old: Double?, _ before: UInt64, _ after: UInt64) -> Double {
      let fresh = after > before ? Double(after - before) / seconds : 0
      return (old ?? fresh) * (1 - weight) + fresh * weight
    }
    state.shown.filesPerSecond = rate(state.shown.filesPerSecond, state.shown.files, filesNow)
    state.shown.bytesPerSecond = rate(state.shown.bytesPerSecond, state.shown.bytes, bytesNow)
    state.shown.files = filesNow
    state.shown.bytes = bytesNow
    state.measured = now
    state.hasRate = true
  }

  private func show(_ state: inout State, at now: Duration) {
    state.printed = now
    switch form {
    case .bar: console.showStatusLine(ProgressLine.render(state.shown, columns: console.columns ?? 80))
    case .lines: console.message(ProgressLine.sentence(state.shown), .info)
    case .none: break
    }
  }

  /// Nothing more comes: the bar goes away.
  public func finish() {
    if form == .bar { console.clearStatusLine() }
  }
}

public import HotsyncSystem
import Logging
import Synchronization

/// Where text goes: a standard stream, or a test's memory.
public protocol TextSink: Sendable {
  func write(_ bytes: [UInt8]) throws(SystemError)
  /// Nil where it is no terminal.
  var columns: Int? { get }
}

extension StandardStream: TextSink {}

/// The only way by which a command speaks: results to standard output, everything else to standard error. A reader that
/// went away, or a full disk behind the output, never stops the work: it is remembered and told by `exitCode(after:)`.
public final class Console: Sendable {
  /// The global options that decide what is said.
  public struct Options: Sendable {
    public var json = false
    public var verbose = false
    public var quiet = false
    public var progress = true
    /// The root that the command was given: it belongs to the next one, too.
    public var root = "/"

    public init(
      json: Bool = false, verbose: Bool = false, quiet: Bool = false, progress: Bool = true, root: String = "/"
    ) {
      self.json = json
      self.verbose = verbose
      self.quiet = quiet
      self.progress = progress
      self.root = root
    }
  }

  private struct State {
    var isStatusLineShown = false
    var outputFailure: SystemError?
  }

  /// The executable's name: the first word of what goes to standard error.
  public let program: String
  public let options: Options
  let isJournal: Bool
  private let output: any TextSink
  private let errors: any TextSink
  private let clocks: Clocks
  private let state = Mutex(State())

  /// - Parameter isJournal: whether standard error is systemd's journal, where each line begins with its priority
  ///   (sd-daemon(3)).
  public init(
    program: String, options: Options, output: any TextSink = StandardStream.output,
    errors: any TextSink = StandardStream.errors, isJournal: Bool = StandardStream.errors.isJournal(),
    clocks: Clocks = .system
  ) {
    self.program = program
    self.options = options
    self.output = output
    self.errors = errors
    self.isJournal = isJournal
    self.clocks = clocks
  }

  // MARK: Results

  /// Says a command's result in the form asked for, and its failures; gives the code to end with.
  @discardableResult
  public func present(_ report: some Report) -> ExitCode {
    if options.json {
      result(report.json)
    } else if !(options.quiet && report.isRoutine) {
      result(report.text(now: clocks.now()))
    }
    report.failures.forEach(tell)
    return exitCode(after: report.exitCode)
  }

  /// Ends a command that failed outright: three parts on standard error, with `--json` the error's document too.
  @discardableResult
  public func fail(_ error: any Error) -> ExitCode {
    let report = ErrorReport(error)
    if options.json { result(report.document) }
    tell(report)
    return report.exitCode
  }

  /// Lines for standard output; control characters in them are escaped.
  public func result(_ text: String) { writeOutput(harmlessLines(text)) }

  public func result(_ document: JSONValue) { writeOutput(document.text) }

  private func writeOutput(_ text: String) {
    state.withLock { state in
      clearStatusLine(&state)
      do throws(SystemError) {
        try output.write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
      } catch {
        state.outputFailure = state.outputFailure ?? error
      }
    }
  }

  /// The code to end with: a result that could not be written out is no success, unless its reader wanted no more.
  public func exitCode(after code: ExitCode) -> ExitCode {
    guard let failure = state.withLock({ $0.outputFailure }), !failure.isBrokenPipe, code == .done else { return code }
    tell(
      ErrorReport(
        ReportError(
          .unwritable, "cannot write", "the result to standard output", cause: failure.cause,
          next: "give it another place, and run the command again")))
    return .unwritable
  }

  // MARK: Messages

  /// An error in its three parts. `--quiet` does not silence it.
  public func tell(_ error: ErrorReport) {
    let text = error.withRoot(options.root, for: program).terminalText(program: program)
    writeMessage(lines: text.split(separator: "\n").map(String.init), .error)
  }

  /// What is good to know beside a result: a line on standard error, unless `--quiet`.
  public func note(_ text: String) {
    if !options.quiet { message(text, .notice) }
  }

  /// One line for standard error, with the program's name in front; in the journal, with its priority instead.
  func message(_ text: String, _ level: Logger.Level) {
    let line = harmless(text)
    writeMessage(lines: [isJournal ? line : "\(harmless(program)): \(line)"], level)
  }

  private func writeMessage(lines: [String], _ level: Logger.Level) {
    let mark = isJournal ? "<\(level.journalPriority)>" : ""
    let text = lines.map { mark + $0 + "\n" }.joined()
    state.withLock { state in
      clearStatusLine(&state)
      // There is no other place to say that this one is gone.
      try? errors.write(Array(text.utf8))
    }
  }

  // MARK: Progress

  /// Nil where standard error is no terminal.
  var columns: Int? { isJournal ? nil : errors.columns }

  /// Rewrites the one line at the bottom of the terminal.
  func showStatusLine(_ line: String) {
    state.withLock { state in
      state.isStatusLineShown = true
      try? errors.write(Array("\r\(harmless(line))\u{1B}[K".utf8))
    }
  }

  func clearStatusLine() { state.withLock { clearStatusLine(&$0) } }

  private func clearStatusLine(_ state: inout State) {
    guard state.isStatusLineShown else { return }
    state.isStatusLineShown = false
    try? errors.write(Array("\r\u{1B}[K".utf8))
  }
}

extension Logger.Level {
  /// As syslog(3) numbers them.
  var journalPriority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}

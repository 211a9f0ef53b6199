/// A program of the system's that is run to its end for what it prints, with an environment of its own.
public struct Tool: Sendable {
  private let program: String
  private let folders: [String]
  private let environment: [String: String]
  private let limit: Duration
  private let boundsFiles: Bool

  /// How it ended and what it wrote.
  public struct Result: Sendable {
    /// Nil where it was ended because it took too long.
    public let ending: ChildProcess.Ending?
    public let output: [UInt8]
    private let complaints: [UInt8]

    init(ending: ChildProcess.Ending?, output: [UInt8], complaints: [UInt8]) {
      self.ending = ending
      self.output = output
      self.complaints = complaints
    }

    public var succeeded: Bool { ending?.succeeded ?? false }

    /// The lines of its standard error, fit for a terminal.
    public var complaint: [String] { shownLines(complaints) }

    /// How it failed, in words that follow its name.
    public var failure: String {
      let said = complaint.isEmpty ? "" : ": " + complaint.joined(separator: "; ")
      return switch ending {
      case .exited(let code)?: "ended with code \(code)\(said)"
      case .killed(let signal)?: "was ended by signal \(signal)\(said)"
      case nil: "took too long, and was ended\(said)"
      }
    }
  }

  /// As much of its standard error as is kept: its beginning says what happened. What writes much more is ended.
  private static let complaintLimit = 4_096

  /// - Parameters:
  ///   - program: its name.
  ///   - folders: where it may lie, in the order of the search.
  ///   - variables: beside PATH and the language.
  ///   - limit: how long it may take.
  ///   - boundsFiles: what it prints, and with it every file that it writes, may not grow much beyond what is kept. Not for
  ///     programs that append to files of their own.
  public init(
    _ program: String, in folders: [String], variables: [String: String] = [:], limit: Duration,
    boundsFiles: Bool = true
  ) {
    self.boundsFiles = boundsFiles
    self.program = program
    self.folders = folders
    environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"].merging(variables) { $1 }
    self.limit = limit
  }

  /// Runs it.
  ///
  /// - Parameter outputLimit: as much of its standard output as is kept, in bytes.
  /// - Throws: `isMissing` where it lies in none of the folders.
  public func run(
    _ arguments: [String], input: borrowing Descriptor, outputLimit: Int
  ) throws(SystemError) -> Result {
    let output = try Descriptor.memoryFile()
    let complaints = try Descriptor.memoryFile()
    let child = try start(arguments, input, output, complaints)
    if boundsFiles { child.limitFiles(to: UInt64(outputLimit + Tool.complaintLimit)) }
    let ending = child.wait(atMost: limit)
    if ending == nil {
      child.signalGroup(ChildProcess.killNow)
      _ = child.wait()
    }
    return Result(
      ending: ending, output: try Tool.content(output, limit: outputLimit),
      complaints: try Tool.content(complaints, limit: Tool.complaintLimit))
  }

  /// The same, with nothing to read.
  public func run(_ arguments: [String], outputLimit: Int) throws(SystemError) -> Result {
    try run(arguments, input: try Descriptor.open("/dev/null"), outputLimit: outputLimit)
  }

  private func start(
    _ arguments: [String], _ input: borrowing Descriptor, _ output: borrowing Descriptor,
    _ complaints: borrowing Descriptor
  ) throws(SystemError) -> ChildProcess {
    var missing = SystemError.missing(program)
    for folder in folders {
      do throws(SystemError) {
        return try ChildProcess.start(
          "\(folder)/\(program)", arguments, environment: environment, input: input, output: output, errors: complaints)
      } catch {
        guard error.isMissing else { throw error }
        missing = error
      }
    }
    throw missing
  }

  private static func content(_ file: borrowing Descriptor, limit: Int) throws(SystemError) -> [UInt8] {
    let size = min(limit, Int(clamping: try file.status().size))
    var buffer = [UInt8](repeating: 0, count: size)
    let count = try file.read(into: &buffer, count: size, at: 0)
    return Array(buffer.prefix(count))
  }
}

/// Lines that somebody else wrote, each fit for a terminal; empty ones are left out.
public func shownLines(_ bytes: some Collection<UInt8>) -> [String] {
  bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { shown($0) }
}

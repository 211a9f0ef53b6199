import Glibc
public import HotsyncSystem

/// A program that a test started, with its input and output in files of its own, so that nothing can get stuck on a
/// pipe.
public final class RunningProgram {
  public struct Result: Sendable, CustomStringConvertible {
    public let ending: ChildProcess.Ending
    /// Whether it was killed because it ran longer than it may.
    public let isOverTime: Bool
    public let output: [UInt8]
    public let errors: [UInt8]
    /// The most memory that it held at once (VmHWM of proc(5)), in bytes.
    public let peakMemoryBytes: Int
    public let elapsed: Duration
    /// Time on a processor, its own and the kernel's for it.
    public let processorTime: Duration

    /// Nil where a signal ended it.
    public var exitCode: Int32? { if case .exited(let code) = ending { code } else { nil } }
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }

    public var description: String {
      "\(ending)\(isOverTime ? " (over time)" : "")\n--- output\n\(outputText)\n--- errors\n\(errorText)"
    }
  }

  public let processID: Int32
  private let files: ScratchFolder
  private let start = Clocks.system.elapsed()
  private let ownPeak = RunningProgram.peakMemory(of: getpid())
  private var lastPeak = 0
  private var result: Result?

  /// What a program gets where a test gives nothing else: no settings of the person who runs the tests.
  public static let plainEnvironment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
  ]

  /// Starts a program: an absolute path, a name that `plainEnvironment`'s PATH finds, or one of our own executables.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = []
  ) throws {
    files = try ScratchFolder("run")
    try files.write(input, to: "input")
    let reading = try Descriptor.open(files.path("input"), .reading)
    let output = try Descriptor.open(files.path("output"), [.writing, .creating], permissions: 0o600)
    let errors = try Descriptor.open(files.path("errors"), [.writing, .creating], permissions: 0o600)
    let child = try ChildProcess.start(
      try RunningProgram.find(program), arguments,
      environment: RunningProgram.plainEnvironment.merging(environment) { $1 }, input: reading, output: output,
      errors: errors)
    processID = child.processID
  }

  /// Runs a program to its end; kills it where it takes longer than the limit.
  public static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = [],
    limit: Duration = .seconds(60)
  ) throws -> Result {
    try RunningProgram(program, arguments, environment: environment, input: input).wait(limit: limit)
  }

  /// Sends a signal to the program and all that it started; SIGKILL where nothing is said.
  public func kill(_ signal: Int32 = ChildProcess.killNow) {
    if result == nil { Glibc.kill(-processID, signal) }
  }

  /// What it wrote up to now.
  public func outputSoFar() -> String { (try? String(decoding: read("output"), as: UTF8.self)) ?? "" }
  public func errorsSoFar() -> String { (try? String(decoding: read("errors"), as: UTF8.self)) ?? "" }

  public var isRunning: Bool {
    get throws {
      if result != nil { return false }
      return try reap() == nil
    }
  }

  /// Waits until a condition holds or the program ended; false where neither came within the limit.
  public func wait(until condition: () throws -> Bool, limit: Duration = .seconds(30)) throws -> Bool {
    let start = Clocks.system.elapsed()
    while Clocks.system.elapsed() - start < limit {
      if try condition() { return true }
      if try !isRunning { return try condition() }
      usleep(2_000)
    }
    return false
  }

  /// Waits for its end; kills it where that takes longer than the limit, counted from now.
  public func wait(limit: Duration = .seconds(60)) throws -> Result {
    let waitStart = Clocks.system.elapsed()
    var pause: UInt32 = 300
    while true {
      if let result { return result }
      if let result = try reap() { return result }
      if Clocks.system.elapsed() - waitStart > limit {
        kill()
        while true { if let result = try reap(isOverTime: true) { return result } else { usleep(500) } }
      }
      usleep(pause)
      pause = min(pause * 5 / 4, 10_000)
    }
  }

  deinit {
    guard result == nil else { return }
    kill()
    while waitpid(processID, nil, 0) < 0, errno == EINTR {}
  }

  // MARK: Parts

  private func reap(isOverTime: Bool = false) throws -> Result? {
    lastPeak = max(lastPeak, RunningProgram.peakMemory(of: processID))
    var status: Int32 = 0
    var usage = rusage()
    // SAFETY: both live through the call.
    let ended = unsafe wait4(processID, &status, WNOHANG, &usage)
    if ended < 0, errno != EINTR { throw SupportError("the program was waited for by somebody else") }
    guard ended == processID else { return nil }
    // From fork to exec a child counts with its parent's memory, so ru_maxrss says something only where it is above
    // that.
    let counted = Int(usage.ru_maxrss) * 1_024
    let result = Result(
      ending: RunningProgram.ending(status), isOverTime: isOverTime, output: try read("output"),
      errors: try read("errors"),
      peakMemoryBytes: counted > ownPeak ? counted : lastPeak, elapsed: Clocks.system.elapsed() - start,
      processorTime: RunningProgram.duration(usage.ru_utime) + RunningProgram.duration(usage.ru_stime))
    self.result = result
    return result
  }

  private func read(_ name: String) throws -> [UInt8] {
    guard let bytes = try Descriptor.open(files.path(name), .reading).readAll(limit: 1 << 30) else {
      throw SupportError("the program wrote more than 1 GiB")
    }
    return bytes
  }

  private static func duration(_ time: timeval) -> Duration {
    .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
  }

  // The layout of wait(2)'s status, whose macros Swift does not see.
  private static func ending(_ status: Int32) -> ChildProcess.Ending {
    status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: status & 0x7F)
  }

  private static func peakMemory(of process: Int32) -> Int {
    guard let status = try? Descriptor.open("/proc/\(process)/status", .reading).readAll(limit: 65_536) else {
      return 0
    }
    for line in String(decoding: status, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return (line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
    }
    return 0
  }

  private static func find(_ program: String) throws -> String {
    if program.contains("/") { return program }
    let folders = [productsFolder] + (plainEnvironment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders {
      let path = "\(folder)/\(program)"
      // SAFETY: the path lives through the call.
      if unsafe access(path, X_OK) == 0 { return path }
    }
    throw SupportError("no program \(program) in \(folders.joined(separator: ":"))")
  }

  /// Where our own executables lie: beside the tests' bundle, or where `HOTSYNC_PRODUCTS` says.
  public static let productsFolder: String = {
    if let folder = Environment.value("HOTSYNC_PRODUCTS") { return folder }
    let own = Environment.executablePath ?? CommandLine.arguments[0]
    return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
  }()
}

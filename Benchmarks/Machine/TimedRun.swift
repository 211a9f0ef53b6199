import Glibc
import HotsyncSystem
import TestSupport

/// One run of a program against a fresh sshd, with all that it cost on both sides.
struct TimedRun {
  let measurement: Measurement
  let output: String

  /// - Parameters:
  ///   - side: the names of the program's process and of its peer's behind sshd.
  ///   - target: a folder on the file system that is flushed at the end, within the time.
  static func run(
    _ command: [String], side: (client: String, server: String), server: SSHServer, files: ScratchFolder, target: String
  ) throws -> TimedRun {
    let flushed = try Folder.open(target)
    // What is not written yet is somebody else's work.
    try flushed.descriptor.synchronizeFileSystem()
    let serverBefore = processorSeconds(of: server.processID)
    let wire = try WireCounter()
    let sampler = PeakSampler()
    let began = Clocks.system.elapsed()
    let client = try start(command, files)
    let (status, usage) = try wait(for: client)
    let ended = Clocks.system.elapsed()
    try flushed.descriptor.synchronizeFileSystem()
    let elapsed = Clocks.system.elapsed() - began
    var peaks = sampler.stop()
    try waitForSessions(of: server)
    let bytes = try WireCounter().payload(since: wire)
    let errors = try text(files, "errors")
    guard status == 0 else {
      throw SupportError("\(command.joined(separator: " ")): status \(status)\n\(errors)\(try text(files, "output"))")
    }
    let sessions = try server.finish()
    // What a process took in its last moments no look has seen, but its end tells it of the largest of each side. Before
    // it became another program it counted with our memory.
    let floor = ProcessFacts(of: getpid())?.peak ?? 0
    raise(&peaks, side.client, to: Int(usage.ru_maxrss) * 1_024, over: floor)
    raise(&peaks, side.server, to: sessions.peakMemoryBytes, over: floor)
    peaks = peaks.filter { $0.key == side.client || $0.key == side.server || $0.key == "ssh" }
    let used = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    let ofServer = sessions.processorTime / .seconds(1) - serverBefore
    return TimedRun(
      measurement: Measurement(
        seconds: elapsed / .seconds(1), flushSeconds: (began + elapsed - ended) / .seconds(1), wire: bytes,
        processorSeconds: used + max(0, ofServer), peaks: peaks),
      output: try text(files, "output"))
  }

  // MARK: Parts

  private static func raise(_ peaks: inout [String: Int], _ name: String, to counted: Int, over floor: Int) {
    guard counted > floor, counted > (peaks.values.max() ?? 0) else { return }
    peaks[name] = counted
  }

  private static func start(_ command: [String], _ files: ScratchFolder) throws -> Int32 {
    let nothing = try Descriptor.open("/dev/null", .reading)
    let output = try Descriptor.open(files.path("output"), [.writing, .creating, .truncating])
    let errors = try Descriptor.open(files.path("errors"), [.writing, .creating, .truncating])
    return try ChildProcess.start(
      command[0], Array(command.dropFirst()), environment: RunningProgram.plainEnvironment, input: nothing,
      output: output, errors: errors
    ).processID
  }

  /// Sleeps until it has ended, so that no time of looking is in what is measured.
  private static func wait(for process: Int32) throws -> (status: Int32, usage: rusage) {
    var status: Int32 = 0
    var usage = rusage()
    // SAFETY: both live through the call.
    while unsafe wait4(process, &status, 0, &usage) < 0 {
      guard errno == EINTR else { throw SupportError("the program was waited for by somebody else") }
    }
    return (status, usage)
  }

  /// Their last bytes and what they used are known only then.
  private static func waitForSessions(of server: SSHServer) throws {
    let start = Clocks.system.elapsed()
    while ProcessFacts.all().contains(where: { $0.parent == server.processID }) {
      guard Clocks.system.elapsed() - start < .seconds(60) else { throw SupportError("a session does not end") }
      Worker.pause(.milliseconds(5))
    }
  }

  /// What a process and its children that have ended used up to now (proc(5), stat: fields 14 to 17 in hundredths).
  private static func processorSeconds(of process: Int32) -> Double {
    let bytes = (try? Descriptor.open("/proc/\(process)/stat", .reading).readAll(limit: 4_096)) ?? nil
    let rest = String(decoding: bytes ?? [], as: UTF8.self).split(separator: ")").last ?? ""
    return rest.split(separator: " ").dropFirst(11).prefix(4).reduce(0) { $0 + (Double($1) ?? 0) } / 100
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

  private static func text(_ files: ScratchFolder, _ name: String) throws -> String {
    let bytes = try Descriptor.open(files.path(name), .reading).readAll(limit: 1 << 20)
    return String(decoding: bytes ?? [], as: UTF8.self)
  }
}

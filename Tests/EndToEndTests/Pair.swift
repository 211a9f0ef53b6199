import HotsyncSystem
import TestSupport
import Testing

/// A master and a slave under one scratch folder, joined by the local transport and worked on by the real commands. A
/// blank in the roots' names finds whoever puts paths into a shell.
final class Pair {
  /// A file system of its own that is the slave's root. It goes before the folder that it is mounted in.
  let slaveDisk: Mount?
  let scratch: ScratchFolder
  let master: Place
  let slave: Place
  let connection: String
  private let programs: String
  /// What stands before each command.
  private let runner: [String]

  /// What is included: `/srv/data`.
  var data: Place { master.below("srv/data") }
  var store: Place { slave.below("var/lib/hotsync/\(connection)") }
  var mirror: Place { store.below("mirror/files") }

  /// What the slave's store holds for good, and not what a cycle in flight leaves behind.
  private static let passing = ["incoming", "lock", "cycle.lock", "contact"]

  /// - Parameters:
  ///   - programs: another folder with the two executables.
  ///   - unprivileged: the commands run as a user who is not root.
  ///   - slaveDisk: the slave's root is a file system of its own with these options (`Mount`).
  init(
    _ connection: String = "standby", programs: String? = nil, unprivileged: Bool = false, slaveDisk: String? = nil
  ) throws {
    self.connection = connection
    scratch = try ScratchFolder("pair")
    master = Place(path: try scratch.makeFolder("the master"))
    slave = Place(path: try scratch.makeFolder("the slave"))
    let slavePath = slave.path
    self.slaveDisk = try slaveDisk.map { try Mount(at: slavePath, $0) }
    if unprivileged, Environment.isRoot {
      self.programs = try copyPrograms(to: scratch)
      runner = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
      try Pair.shell("chmod 755 \"$0\"; chown 65534:65534 \"$0\" \"$1\" \"$2\"", scratch.path, master.path, slave.path)
    } else {
      self.programs = programs ?? RunningProgram.productsFolder
      runner = []
    }
    try configure()
    try succeed(hotsyncSlave("apply"))
    try makeData()
  }

  private func makeData() throws {
    try master.makeFolder("srv/data")
    try data.write("the first file\n", to: "first.txt")
  }

  private func configure() throws {
    try succeed(
      hotsync(
        "config", "set", "role", "master", "connections.\(connection).transport", "local",
        "connections.\(connection).local_root", slave.path, "connections.\(connection).data.include", "[/srv/data]"))
    try succeed(hotsyncSlave("config", "set", "role", "slave", "connections.\(connection).status", "enabled"))
  }

  // MARK: Commands

  private func start(
    _ program: String, _ words: [String], root: Place, environment: [String: String]
  ) throws -> RunningProgram {
    let command = runner + ["\(programs)/\(program)"] + words + ["--root", root.path]
    return try RunningProgram(command[0], Array(command.dropFirst()), environment: environment)
  }

  func start(_ words: String..., environment: [String: String] = [:]) throws -> RunningProgram {
    try start("hotsync", words, root: master, environment: environment)
  }

  @discardableResult
  func hotsync(_ words: String..., environment: [String: String] = [:]) throws -> RunningProgram.Result {
    try start("hotsync", words, root: master, environment: environment).wait()
  }

  @discardableResult
  func hotsyncSlave(_ words: String...) throws -> RunningProgram.Result {
    try start("hotsync-slave", words, root: slave, environment: [:]).wait()
  }

  func set(_ words: String...) throws {
    try succeed(start("hotsync", ["config", "set"] + words, root: master, environment: [:]).wait())
  }

  /// Sets a key of the connection.
  func set(ofConnection key: String, _ value: String) throws { try set("connections.\(connection).\(key)", value) }

  private func succeed(_ result: RunningProgram.Result) throws {
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
  }

  /// One cycle, with its document.
  @discardableResult
  func sync(_ words: String...) throws -> SyncOutcome {
    try SyncOutcome(start("hotsync", ["sync", "--json"] + words, root: master, environment: [:]).wait())
  }

  /// A cycle that stops itself at a point, does what is asked meanwhile, and goes on to its end.
  func sync(
    stoppedAt point: String, _ meanwhile: () throws -> Void
  ) throws -> SyncOutcome {
    let program = try start("sync", "--json", environment: ["HOTSYNC_STOP_AT": point])
    guard try program.wait(until: { try Pair.isStopped(program.processID) }) else {
      throw SupportError("it did not stop at \(point): \(try program.wait())")
    }
    try meanwhile()
    program.kill(18)
    return try SyncOutcome(program.wait())
  }

  /// Whether a process is stopped by a signal (proc(5)).
  static func isStopped(_ process: Int32) throws -> Bool {
    let bytes = try Descriptor.open("/proc/\(process)/stat", .reading).readAll(limit: 4_096) ?? []
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: ")").last?.dropFirst().first == "T"
  }

  /// Runs a line of shell, with what it works on as `$0`, `$1` and so on.
  static func shell(_ line: String, _ arguments: String...) throws {
    let result = try RunningProgram.run("/bin/sh", ["-c", "set -e; \(line)"] + arguments)
    guard result.exitCode == 0 else { throw SupportError("\(line): \(result)") }
  }

  // MARK: Comparing

  /// What differs between the master's tree and the slave's mirror.
  func differences(_ aspects: TreeSnapshot.Aspects = .all) throws -> [String] {
    try data.snapshot().differences(to: mirror.below("srv/data").snapshot(), aspects)
  }

  func storeSnapshot() throws -> TreeSnapshot { try store.snapshot(leavingOut: Pair.passing) }

  /// Runs `hotsync sync` and expects it to be refused: with that code, in three parts with these words, and the store
  /// as it was.
  func expectRefusal(
    _ code: Int32, _ words: String..., arguments: [String] = [], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try storeSnapshot()
    let result = try start("hotsync", ["sync"] + arguments, root: master, environment: environment).wait()
    expectThreeParts(result, code: code, words, sourceLocation: sourceLocation)
    let changed = before.differences(to: try storeSnapshot(), .all.subtracting(.root))
    #expect(changed == [], sourceLocation: sourceLocation)
  }
}

/// Copies both executables, or links them where they lie on the same file system, into `bin`.
func copyPrograms(to scratch: ScratchFolder) throws -> String {
  let folder = try scratch.makeFolder("bin")
  for program in ["hotsync", "hotsync-slave"] {
    try Pair.shell(
      "ln \"$0\" \"$1\" 2>/dev/null || cp \"$0\" \"$1\"", "\(RunningProgram.productsFolder)/\(program)",
      "\(folder)/\(program)")
  }
  return folder
}

/// An error on the terminal: what could not be done to what; why; what to type next.
func expectThreeParts(
  _ result: RunningProgram.Result, code: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.exitCode == code, "\(result)", sourceLocation: sourceLocation)
  let lines = result.errorText.split(separator: "\n")
  #expect(
    lines.count == 3 && lines[0].hasPrefix("hotsync") && lines[1].hasPrefix("  cause: ")
      && lines[2].hasPrefix("  next:  "), "\(result)", sourceLocation: sourceLocation)
  for word in words { #expect(result.errorText.contains(word), "\(word)\n\(result)", sourceLocation: sourceLocation) }
}

/// How a cycle ended, and what its document says.
struct SyncOutcome: CustomStringConvertible {
  let program: RunningProgram.Result
  /// Of the only connection.
  let connection: Document

  init(_ program: RunningProgram.Result) throws {
    self.program = program
    do { connection = try Document(program.outputText)["connections"][0] } catch {
      throw SupportError("\(error): \(program)")
    }
  }

  var code: Int32? { program.exitCode }
  var result: String? { connection["result"].text }
  var generation: Int? { connection["generation"].integer }
  var problems: [Document] { connection["problems"].items }
  func files(_ name: String) -> Int? { connection["files"][name].integer }
  func bytes(_ name: String) -> Int? { connection["bytes"][name].integer }
  /// Both ways.
  var wire: Int { (bytes("wire_sent") ?? .max / 2) + (bytes("wire_received") ?? .max / 2) }

  /// The codes of the problems of a path.
  func codes(of path: String) -> [String] {
    problems.filter { $0["path"].text == path }.compactMap { $0["code"].text }
  }

  var description: String { "\(program)" }
}

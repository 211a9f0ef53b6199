import HotsyncSystem

/// A master and a slave under one scratch folder, joined by a transport and worked on by the real commands. A blank in the
/// roots' names finds whoever puts paths into a shell.
public final class Pair {
  /// A file system of its own that is the slave's root. It goes before the folder that it is mounted in.
  public let slaveDisk: Mount?
  public let scratch: ScratchFolder
  /// The file system that all of it lies on, where that is one of its own. It goes after the scratch folder.
  public let disk: LoopImage?
  public let master: Place
  public let slave: Place
  public let connection: String
  public let transport: TestedTransport
  /// Where the transport goes over SSH.
  public let line: SSHArrangement?
  private let programs: String
  /// What stands before each command.
  private let runner: [String]

  /// What is included: `/srv/data`.
  public var data: Place { master.below("srv/data") }
  public var store: Place { slave.below("var/lib/hotsync/\(connection)") }
  public var mirror: Place { store.below("mirror/files") }

  /// What the slave's store holds for good, and not what a cycle in flight leaves behind.
  private static let passing = ["incoming", "lock", "cycle.lock", "contact"]

  /// - Parameters:
  ///   - programs: another folder with the two executables.
  ///   - unprivileged: the commands run as a user who is not root.
  ///   - slaveDisk: the slave's root is a file system of its own with these options (`Mount`).
  ///   - disk: both roots lie on that file system.
  ///   - transport: an unprivileged master reaches its slave by none but the embedded one.
  ///   - isRelayed: the line goes over a relay, which can break it.
  public init(
    _ connection: String = "standby", programs: String? = nil, unprivileged: Bool = false, slaveDisk: String? = nil,
    disk: LoopImage? = nil, transport: TestedTransport = .chosen, isRelayed: Bool = false
  ) throws {
    self.connection = connection
    self.transport = unprivileged ? .local : transport
    self.disk = disk
    scratch = try ScratchFolder("pair", in: disk?.path)
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
    line =
      self.transport == .local
      ? nil : try SSHArrangement(slave: slave.path, program: "\(self.programs)/hotsync-slave", isRelayed: isRelayed)
    try configure()
    try succeed(hotsyncSlave("apply"))
    try makeData()
  }

  private func makeData() throws {
    try master.makeFolder("srv/data")
    try data.write("the first file\n", to: "first.txt")
  }

  private func configure() throws {
    let settings = line?.settings ?? [("local_root", slave.path)]
    try set(
      ["role", "master", "connections.\(connection).transport", transport.rawValue]
        + settings.flatMap { ["connections.\(connection).\($0.key)", $0.value] }
        + ["connections.\(connection).data.include", "[/srv/data]"])
    try succeed(hotsyncSlave("config", "set", "role", "slave", "connections.\(connection).status", "enabled"))
    try line?.establish(master: master.path, connection: connection)
  }

  // MARK: Commands

  public func start(
    _ program: String, _ words: [String], root: Place, environment: [String: String]
  ) throws -> RunningProgram {
    let command = runner + ["\(programs)/\(program)"] + words + ["--root", root.path]
    return try RunningProgram(command[0], Array(command.dropFirst()), environment: environment)
  }

  public func start(_ words: String..., environment: [String: String] = [:]) throws -> RunningProgram {
    try start("hotsync", words, root: master, environment: environment)
  }

  @discardableResult
  public func hotsync(_ words: String..., environment: [String: String] = [:]) throws -> RunningProgram.Result {
    try start("hotsync", words, root: master, environment: environment).wait()
  }

  @discardableResult
  public func hotsyncSlave(_ words: String...) throws -> RunningProgram.Result {
    try start("hotsync-slave", words, root: slave, environment: [:]).wait()
  }

  public func set(_ words: String...) throws { try set(words) }

  private func set(_ words: [String]) throws {
    try succeed(start("hotsync", ["config", "set"] + words, root: master, environment: [:]).wait())
  }

  /// Sets a key of the connection.
  public func set(ofConnection key: String, _ value: String) throws {
    try set("connections.\(connection).\(key)", value)
  }

  /// From now on the master's connection leads to another pair's slave, which lets it in.
  public func turn(to other: Pair) throws {
    guard let line = other.line else { return try set(ofConnection: "local_root", other.slave.path) }
    try set(ofConnection: "port", "\(line.port)")
    try line.establish(master: master.path, connection: connection)
  }

  private func succeed(_ result: RunningProgram.Result) throws {
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
  }

  /// One cycle, with its document.
  @discardableResult
  public func sync(_ words: String...) throws -> SyncOutcome {
    try sync(words)
  }

  public func sync(_ words: [String], environment: [String: String] = [:]) throws -> SyncOutcome {
    try line?.waitForAgents()
    return try SyncOutcome(
      start("hotsync", ["sync", "--json"] + words, root: master, environment: environment).wait(limit: .seconds(120)))
  }

  /// A cycle that stops itself at a point, does what is asked meanwhile, and goes on to its end.
  public func sync(
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
  public static func isStopped(_ process: Int32) throws -> Bool {
    let bytes = try Descriptor.open("/proc/\(process)/stat", .reading).readAll(limit: 4_096) ?? []
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: ")").last?.dropFirst().first == "T"
  }

  /// Runs a line of shell, with what it works on as `$0`, `$1` and so on.
  public static func shell(_ line: String, _ arguments: String...) throws {
    let result = try RunningProgram.run("/bin/sh", ["-c", "set -e; \(line)"] + arguments)
    guard result.exitCode == 0 else { throw SupportError("\(line): \(result)") }
  }

  // MARK: Comparing

  /// What differs between the master's tree and the slave's mirror.
  public func differences(_ aspects: TreeSnapshot.Aspects = .all) throws -> [String] {
    try data.snapshot().differences(to: mirror.below("srv/data").snapshot(), aspects)
  }

  public func storeSnapshot() throws -> TreeSnapshot { try store.snapshot(leavingOut: Pair.passing) }

  /// A cycle that must be refused: what is missing of that (`flaws`), and what it changed in the store nevertheless.
  public func refusal(
    _ code: Int32, _ words: [String], arguments: [String], environment: [String: String] = [:]
  ) throws -> (flaws: [String], result: RunningProgram.Result) {
    let before = try storeSnapshot()
    let result = try start("hotsync", ["sync"] + arguments, root: master, environment: environment).wait()
    let changed = before.differences(to: try storeSnapshot(), .all.subtracting(.root))
    return (result.flaws(code: code, words) + changed, result)
  }
}

/// Copies both executables, or links them where they lie on the same file system, into `bin`.
public func copyPrograms(to scratch: ScratchFolder) throws -> String {
  let folder = try scratch.makeFolder("bin")
  for program in ["hotsync", "hotsync-slave"] {
    try Pair.shell(
      "ln \"$0\" \"$1\" 2>/dev/null || cp \"$0\" \"$1\"", "\(RunningProgram.productsFolder)/\(program)",
      "\(folder)/\(program)")
  }
  return folder
}

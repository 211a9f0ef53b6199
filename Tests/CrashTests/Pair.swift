import Glibc
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

/// A master and a slave in two scratch folders, joined by a transport and run by the real executables.
final class Pair {
  let scratch: ScratchFolder
  let master: String
  let slave: String
  /// The tree that is kept in step.
  let data: String
  /// Where the transport goes over SSH.
  let line: SSHArrangement?

  static let mirrorPath = "var/lib/hotsync/standby/mirror/files/srv/data"
  static let storePath = "var/lib/hotsync/standby"

  /// - Parameter slaveRoot: where the slave stands; a folder beside the master where nothing is said.
  init(_ label: String = "crash", slaveRoot: String? = nil, transport: TestedTransport = .chosen) throws {
    scratch = try ScratchFolder(label)
    master = try scratch.makeFolder("master")
    data = try scratch.makeFolder("master/srv/data")
    slave = try slaveRoot ?? scratch.makeFolder("slave")
    _ = try scratch.makeFolder("master/etc/hotsync")
    line =
      transport == .local
      ? nil : try SSHArrangement(slave: slave, program: "\(RunningProgram.productsFolder)/hotsync-slave")
    try configure(transport)
    try line?.establish(master: master, connection: "standby")
    let made = try RunningProgram.run("hotsync-slave", ["apply", "--root", slave])
    guard made.exitCode == 0 else { throw SupportError("hotsync-slave apply: \(made)") }
  }

  private func configure(_ transport: TestedTransport) throws {
    let settings = line?.settings ?? [("local_root", slave)]
    try scratch.write(
      """
      role: master
      connections:
        standby:
          transport: \(transport.rawValue)
          \(settings.map { "\($0.key): \($0.value)" }.joined(separator: "\n    "))
          max_delete: 90%
          data: {include: [/srv/data]}

      """.utf8, to: "master/etc/hotsync/hotsync.yaml")
    let folder = try Folder.open(slave)
    var place = try folder.duplicate()
    for name in ["etc", "hotsync"] { place = try place.makeOrOpenFolder(FileName(name)!, permissions: 0o755) }
    let file = try place.open(
      FileName("hotsync.yaml")!, [.writing, .creating, .truncating], permissions: 0o644)
    try file.write(
      """
      role: slave
      connections:
        standby: {max_delete: 90%}

      """.utf8)
  }

  var store: String { "\(slave)/\(Pair.storePath)" }
  var mirror: String { "\(slave)/\(Pair.mirrorPath)" }
  var state: String { "\(master)/var/lib/hotsync-state/standby" }

  // MARK: Running

  /// One attempt: what is planted in the agent would meet the next one, too.
  func arguments(_ options: [String] = []) -> [String] {
    ["sync", "--root", master, "--json", "--no-retry"] + options
  }

  func start(_ variables: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram("hotsync", arguments(), environment: variables)
  }

  func sync(_ variables: [String: String] = [:], options: [String] = []) throws -> Cycle {
    Cycle(try RunningProgram.run("hotsync", arguments(options), environment: variables, limit: .seconds(120)))
  }

  /// A cycle that must go well.
  @discardableResult
  func syncWell(_ expected: String, _ note: String = "") throws -> Cycle {
    let cycle = try sync()
    guard cycle.exitCode == 0, cycle.result == expected else {
      throw SupportError("\(note): a cycle that should have been \(expected): \(cycle.run)")
    }
    return cycle
  }

  /// The agent of a running cycle.
  func agent() -> Int32? { Agents.running(at: slave).first }

  func killAgent() {
    if let agent = agent() { kill(agent, SIGKILL) }
  }

  /// Waits until no agent is at work in the store.
  func waitForAgent() throws {
    try line?.waitForAgents()
    for _ in 0..<10_000 {
      let file = try Descriptor.open("\(store)/cycle.lock", [.readingAndWriting, .creating], permissions: 0o600)
      if try file.tryLock() { return try file.unlock() }
      usleep(2_000)
    }
    throw SupportError("the agent does not end")
  }

  // MARK: What there is

  func masterTree() throws -> TreeSnapshot { try TreeSnapshot(of: data) }
  func mirrorTree() throws -> TreeSnapshot { try TreeSnapshot(of: mirror) }

  /// What differs between the master's tree and the mirror.
  func differences() throws -> [String] { try masterTree().differences(to: try mirrorTree()) }

  /// A copy of the slave as it stands, opened by a fresh agent, which carries out a journal if there is one.
  func reopenedCopy() throws -> (tree: TreeSnapshot?, scratch: ScratchFolder) {
    let copy = try ScratchFolder("reopened")
    let result = try RunningProgram.run("cp", ["-a", "--", "\(slave)/.", copy.path])
    guard result.exitCode == 0 else { throw SupportError("cp: \(result)") }
    try Pair.open(root: copy.path)
    let mirror = copy.path(Pair.mirrorPath)
    return ((try? Folder.open(mirror)) == nil ? nil : try TreeSnapshot(of: mirror), copy)
  }

  /// Has an agent greet as at the beginning of a cycle, and says goodbye.
  static func open(root: String) throws {
    let stream = try LocalTransport(
      program: "\(RunningProgram.productsFolder)/hotsync-slave", connection: "standby", root: root,
      silence: .seconds(60))
    defer { stream.end() }
    let channel = MessageChannel<MasterMessage, SlaveMessage>(stream)
    try channel.send(
      .hello(
        Hello(
          program: "test", connection: "standby", purpose: .cycle, epoch: .first, position: .none, store: nil,
          adopts: true)))
    try channel.flush()
    var answer = try channel.receive()
    // It says that it is alive while it waits for the lock.
    while case .ping? = answer { answer = try channel.receive() }
    switch answer {
    case .welcome: try channel.send(.bye)
    case .refusal(let refusal): throw refusal.error
    case let other: throw SupportError("the agent answered \(String(describing: other)): \(stream.ending() ?? "")")
    }
    try channel.flush()
    channel.closeSending()
    // Its end says that it is through.
    while try channel.receive() != nil {}
  }
}

/// What a cycle said.
struct Cycle {
  let run: RunningProgram.Result

  init(_ run: RunningProgram.Result) { self.run = run }

  var exitCode: Int32? { run.exitCode }
  var wasKilled: Bool { run.ending == .killed(signal: 9) }
  var result: String? { field("result").map { String($0.dropFirst().prefix { $0 != "\"" }) } }
  var wireSent: Int? { number("wire_sent") }
  var generation: Int? { number("generation") }

  func number(_ name: String) -> Int? { field(name).flatMap { Int($0.prefix { $0.isNumber }) } }

  /// What follows a field's name, of the first that has it.
  private func field(_ name: String) -> Substring? {
    let text = run.outputText
    guard let place = text.firstRange(of: "\"\(name)\":") else { return nil }
    return text[place.upperBound...].drop { $0 == " " }
  }
}

/// The codes with which a cycle may end where the other side or a system call fails: no bug, no wrong usage.
let honestCodes: Set<Int32> = [0, 1, 3, 65, 69, 73, 75, 76, 77]

/// Whether the text on standard error has the three parts of an error.
func hasThreeParts(_ text: String) -> Bool {
  ["hotsync: ", "  cause: ", "  next:  "].allSatisfy { part in
    text.split(separator: "\n").contains { $0.hasPrefix(part) }
  }
}

public import HotsyncConfig
import HotsyncFacts
import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem
public import Logging

/// Keeps a machine from serving once another was promoted in its place: asks the wire and the peers, decides, and makes the
/// machine be so. Whatever it was in the middle of, running it again gives the same.
public struct MachineGuard {
  /// When it is called.
  public enum Moment: Sendable { case link, boot, running }

  private let machine: GuardedMachine
  private let connections: [ConnectionConfiguration]
  private let policy: GuardPolicy
  private let moment: GuardMoment
  private let program: String
  private let progress: Progress
  private let log: Logger
  private let clocks: Clocks

  /// As long as boot may wait for the wire (the design's 5 s, with the time that starting takes).
  private static let linkLimit = Duration.milliseconds(4_500)
  private static let runningLimit = Duration.milliseconds(1_500)

  /// - Parameter root: the live root, which configuration and state lie below.
  public init(
    _ configuration: Configuration, root: consuming Folder, at moment: Moment, progress: Progress, program: String,
    log: Logger, clocks: Clocks = .system
  ) throws {
    machine = try GuardedMachine(root: root, log: log)
    connections = configuration.connections.filter { $0.role == .master && $0.isEnabled }
    policy = configuration.guardPolicy
    self.moment =
      switch moment {
      case .link: .link
      case .boot: .boot
      case .running: .running
      }
    self.program = program
    self.progress = progress
    self.log = log
    self.clocks = clocks
  }

  public func run() throws -> GuardReport {
    var findings = GuardFindings(moment: moment, policy: policy)
    findings.fence = try Fence.read(below: machine.root)
    let flag = try machine.shownFlag()
    findings.wasHeld = flag == "held"
    // A machine that is nobody's master has nothing to hold back, but what held it back before stays.
    guard !connections.isEmpty || findings.fence != nil || flag != nil else { return GuardReport(state: .free) }
    try look(&findings)
    let state = findings.state(now: clocks.now())
    var report = GuardReport(state: .free)
    report.peers = findings.answers.map(MachineGuard.told)
    switch state {
    case .fenced(let fence): try fenceOff(fence, isNew: findings.fence == nil, flag, &report)
    case .held(let cause): try hold(cause, flag, &report)
    case .free: try release(findings, flag, &report)
    }
    return report
  }

  private func look(_ findings: inout GuardFindings) throws {
    if moment != .link {
      for connection in connections {
        findings.answers.append((connection.name, try ask(connection)))
      }
    }
    // Whoever has a peer that knows it needs no other witness; one that is fenced for an epoch stays so.
    let isKnown = findings.answers.contains { $0.answer != .accepted } || findings.answers.isEmpty
    let isAddressFence = findings.fence?.evidence == .address
    guard isAddressFence || findings.fence == nil && isKnown else { return }
    let addresses = try machine.serviceAddresses()
    let limit = moment == .link ? MachineGuard.linkLimit : MachineGuard.runningLimit
    findings.taken = machine.taken(addresses, atMost: limit, makesLinks: moment == .link, clocks: clocks)
    // What answers once may be gone: a machine that serves is stopped for what answers twice.
    guard moment == .running, findings.fence == nil, !findings.taken.isEmpty else { return }
    let again = machine.taken(addresses, atMost: limit, makesLinks: false, clocks: clocks)
    findings.taken = findings.taken.filter { again[$0.key] != nil }
  }

  private func ask(_ connection: ConnectionConfiguration) throws -> PeerAnswer {
    let short = connection.answering(within: Cycle.questionLimit)
    return Cycle(
      short, root: try machine.root.duplicate(), options: CycleOptions(), progress: progress, program: program,
      log: log, clocks: clocks
    ).askForEpoch()
  }

  private static func told(_ entry: (connection: String, answer: PeerAnswer)) -> GuardReport.Peer {
    switch entry.answer {
    case .accepted: GuardReport.Peer(connection: entry.connection, answer: .accepted, message: "")
    case .fenced(let cause, _): GuardReport.Peer(connection: entry.connection, answer: .fenced, message: cause)
    case .silent(let cause): GuardReport.Peer(connection: entry.connection, answer: .silent, message: cause)
    }
  }

  // MARK: Making it so

  private func fenceOff(_ fence: Fence, isNew: Bool, _ flag: String?, _ report: inout GuardReport) throws {
    report.state = .fenced
    report.since = fence.since
    report.cause = fence.cause
    if isNew { try fence.write(below: machine.root) }
    let lines = MachineGuard.lines(fence)
    try machine.show("fenced", lines)
    // Again each time: what somebody started meanwhile is stopped, too. Before the network is up nothing was started.
    if moment != .link {
      let addresses = try machine.serviceAddresses()
      report.done += try machine.dropAddresses(addresses)
      machine.stop(try machine.managedUnits())
      if moment == .boot { try machine.raiseOthers(try machine.interfaceFiles()) }
    }
    guard flag != "fenced" else { return }
    log.critical("guard: this machine is fenced since \(fence.since): \(fence.cause)")
    machine.tellConsole(lines)
  }

  private func hold(_ cause: String, _ flag: String?, _ report: inout GuardReport) throws {
    report.state = .held
    report.cause = cause
    let lines = [
      "HotSync: this machine waits for its peer before it starts what serves.", "  cause: \(cause)",
      "  next:  mend the line to the peer; to start without it: hotsync config set guard.alone start, then hotsync guard --boot",
    ]
    try machine.show("held", lines)
    machine.stop(try machine.managedUnits())
    guard flag != "held" else { return }
    log.critical("guard: \(cause)")
    machine.tellConsole(lines)
  }

  private func release(_ findings: GuardFindings, _ flag: String?, _ report: inout GuardReport) throws {
    if findings.fence != nil { try Fence.lift(below: machine.root) }
    guard flag != nil else { return }
    try machine.show(nil, [])
    // Before the network is up nothing was held back yet.
    guard moment != .link else { return }
    log.notice("guard: this machine may serve again")
    if flag == "fenced" { machine.start(["networking.service"]) }
    machine.start(try machine.managedUnits())
    report.done.append("released this machine")
  }

  /// For the console and above the login.
  static func lines(_ fence: Fence) -> [String] {
    [
      "HotSync: this machine is FENCED since \(fence.since): another one is the master now.", "  cause: \(fence.cause)",
      "  It takes no service address and starts nothing that serves.",
      "  next:  leave it so, or see: hotsync status",
    ]
  }
}

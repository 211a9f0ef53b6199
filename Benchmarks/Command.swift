import ArgumentParser
import HotsyncReport
import HotsyncSystem
import TestSupport

/// Measures HotSync beside rsync; `scripts/bench` gives it the namespaces and the folder that it works in.
@main
struct Command: ParsableCommand {
  enum Scale: String, ExpressibleByArgument, CaseIterable { case full, quick }

  static let configuration = CommandConfiguration(
    commandName: "hotsync-bench",
    abstract: "Run rsync and HotSync in turn on the same files, and compare time, wire, memory and processor.",
    discussion: "Run it by scripts/bench or make bench: it needs a network namespace of its own.")

  @Option(help: ArgumentHelp("Only these workloads: W1,W2,W3,W2M,W4,W5,W6r,W6t,sparse.", valueName: "names"))
  var only: WorkloadList = WorkloadList(workloads: Workload.allCases)

  @Option(help: "How often each pair runs; medians count.")
  var runs = 3

  @Option(help: "How large everything is: full is what the goals are for.")
  var scale = Scale.full

  @Option(
    help: ArgumentHelp("Of all that is random; another one each time where nothing is said.", valueName: "number"))
  var seed: UInt64?

  @Flag(help: "Instead: how HotSync's cost grows from a tenth of the files, and from a quarter of the large file.")
  var growth = false

  @Option(help: ArgumentHelp("Instead: many changed small files over a line of this round trip.", valueName: "ms"))
  var delay: Milliseconds?

  @Option(help: ArgumentHelp("Where the results go as JSON.", valueName: "file"))
  var json = ".build/benchmark.json"

  @Option(help: ArgumentHelp("Where the executables are.", valueName: "folder"))
  var programs = RunningProgram.productsFolder

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs is at least 1") }
    guard !(growth || delay != nil) || only.workloads == Workload.allCases else {
      throw ValidationError("--growth and --delay have workloads of their own: leave out --only")
    }
  }

  func run() throws {
    guard Environment.isRoot else { throw ValidationError("files of several owners can only be copied by root") }
    Environment.raiseOpenFileLimit()
    // Half an hour is not measured for a file that cannot be written.
    let results = try Descriptor.open(json, [.writing, .creating], permissions: 0o644)
    let seed = self.seed ?? SeededGenerator.testSeed()
    let ground = try Ground(
      programs: Environment.absolutePath(programs), seed: seed, sizes: scale == .full ? .full : .quick, runs: runs)
    ground.tell("seed \(seed)")
    var program = Program(ground, only.workloads)
    var outcome = Outcome(seed: seed, runs: runs, scale: scale.rawValue)
    if growth { outcome.figures += try Growth(ground).run() }
    if let delay { outcome.figures += try LongLine(ground, roundTrip: delay.duration).run() }
    if !growth, delay == nil {
      try program.run { ground.tell("\n" + ResultText.text([$0])) }
      outcome.results = program.results
    }
    try results.truncate(to: 0)
    try results.write(Array((ResultDocument.document(outcome).text + "\n").utf8))
    try StandardStream.output.write(Array((ResultText.text(outcome) + "\n").utf8))
    // The trees go with their file system: to remove millions of files one by one takes minutes.
    withExtendedLifetime((ground, program)) {
      Command.exit(withError: outcome.results.allSatisfy(\.isVerified) ? nil : ExitCode(1))
    }
  }
}

/// `50ms`, or `50`.
struct Milliseconds: ExpressibleByArgument, Equatable {
  let duration: Duration

  init?(argument: String) {
    let digits = argument.hasSuffix("ms") ? argument.dropLast(2) : argument[...]
    guard let number = UInt16(digits), number > 0 else { return nil }
    duration = .milliseconds(Int(number))
  }
}

/// `W4,w5`.
struct WorkloadList: ExpressibleByArgument {
  let workloads: [Workload]

  init(workloads: [Workload]) { self.workloads = workloads }

  init?(argument: String) {
    workloads = argument.split(separator: ",").compactMap { Workload(named: String($0)) }
    guard !workloads.isEmpty, workloads.count == argument.split(separator: ",").count else { return nil }
  }

  var defaultValueDescription: String { "all" }
}

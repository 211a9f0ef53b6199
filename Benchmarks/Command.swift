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

  @Option(help: ArgumentHelp("Where the results go as JSON.", valueName: "file"))
  var json = ".build/benchmark.json"

  @Option(help: ArgumentHelp("Where the executables are.", valueName: "folder"))
  var programs = RunningProgram.productsFolder

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs is at least 1") }
  }

  func run() throws {
    guard Environment.isRoot else { throw ValidationError("files of several owners can only be copied by root") }
    Environment.raiseOpenFileLimit()
    let seed = self.seed ?? SeededGenerator.testSeed()
    let ground = try Ground(
      programs: programs, seed: seed, sizes: scale == .full ? .full : .quick, runs: runs)
    ground.tell("seed \(seed)")
    var program = Program(ground, only.workloads)
    try program.run { ground.tell("\n" + ResultText.text([$0])) }
    let results = program.results
    let document = ResultDocument.document(results, seed: seed, runs: runs, scale: scale.rawValue)
    try Descriptor.open(json, [.writing, .creating, .truncating], permissions: 0o644)
      .write(Array((document.text + "\n").utf8))
    let heading = "seed \(seed), \(runs) pairs, scale \(scale.rawValue)"
    let text = "\(heading)\n\n\(ResultText.text(results))\n"
    try StandardStream.output.write(Array(text.utf8))
    if results.contains(where: { !$0.isVerified }) { throw ExitCode(1) }
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

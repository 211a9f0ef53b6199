import TestSupport

/// Runs the workloads that are asked for.
struct Program {
  private let ground: Ground
  private let preparation: Preparation
  private let workloads: [Workload]
  private(set) var results: [ContestResult] = []

  init(_ ground: Ground, _ workloads: [Workload]) {
    (self.ground, self.workloads) = (ground, workloads)
    preparation = Preparation(ground)
  }

  /// Large files first: what they leave is gone at once, and trees stay until all is over.
  ///
  /// - Parameter report: gets each result as soon as it is there.
  mutating func run(_ report: (ContestResult) throws -> Void) throws {
    for workload in workloads {
      guard let result = try runLarge(workload) else { continue }
      try add(result, report)
      // What it made has gone by now.
      try ground.settle()
    }
    try runTree(report)
    if workloads.contains(.w2m) {
      let exercise = try preparation.unchanged(files: ground.sizes.manyFiles)
      try add(Contest.run(.w2m, exercise, ground), report)
    }
    let order = Workload.allCases
    results.sort { (order.firstIndex(of: $0.workload) ?? 0) < (order.firstIndex(of: $1.workload) ?? 0) }
  }

  private mutating func add(_ result: ContestResult, _ report: (ContestResult) throws -> Void) throws {
    results.append(result)
    try report(result)
  }

  /// W1, W2 and W3 share a tree.
  private mutating func runTree(_ report: (ContestResult) throws -> Void) throws {
    let chosen = [Workload.w1, .w2, .w3].filter(workloads.contains)
    guard !chosen.isEmpty else { return }
    var (files, initial) = try preparation.tree()
    for workload in chosen {
      if workload == .w1 {
        try add(Contest.run(.w1, initial, ground), report)
        continue
      }
      let arena = initial.arena
      files.moved(to: arena.source)
      try preparation.copyBefore(arena)
      let subject = "\(ground.sizes.files) files"
      var edits = files
      let exercise =
        workload == .w2
        ? Update(arena, "\(subject), nothing changed", .tree, isVerifiedEachTime: false)
        : Update(arena, "\(subject), 1% changed", .tree) { try edits.change(perMille: 10) }
      try add(Contest.run(workload, exercise, ground), report)
    }
  }

  /// Nil for a workload of many files.
  private func runLarge(_ workload: Workload) throws -> ContestResult? {
    let sizes = ground.sizes
    let exercise: any Exercise
    switch workload {
    case .w1, .w2, .w3, .w2m: return nil
    case .w4: exercise = try preparation.patched(bytes: sizes.patchedBytes)
    case .w5: exercise = try preparation.dumped(bytes: sizes.dumpBytes)
    case .w6r:
      exercise = try preparation.new("\(gibibytes(sizes.randomBytes)) of random bytes") {
        try LargeFile.makeRandom($0, bytes: sizes.randomBytes, ground.generator("random"))
      }
    case .w6t:
      exercise = try preparation.new("\(gibibytes(sizes.textBytes)) of text") {
        try LargeFile.makeText($0, bytes: sizes.textBytes, ground.generator("text"))
      }
    case .sparse: exercise = try preparation.sparse(bytes: sizes.sparseBytes)
    }
    return try Contest.run(workload, exercise, ground)
  }
}

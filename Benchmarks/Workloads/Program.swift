import TestSupport

/// Holds what is to stand until the end.
private final class Trees {
  private var kept: [AnyObject] = []

  @discardableResult
  func keep<Kept: AnyObject>(_ kept: Kept) -> Kept {
    self.kept.append(kept)
    return kept
  }
}

/// Prepares the workloads that are asked for and runs them, those of one tree after each other.
struct Program {
  let ground: Ground
  let workloads: [Workload]
  private(set) var results: [ContestResult] = []
  /// Removing a tree would slow what is timed next.
  private let trees: Trees

  init(_ ground: Ground, _ workloads: [Workload]) {
    (self.ground, self.workloads) = (ground, workloads)
    trees = Trees()
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
    if workloads.contains(.w2m) { try add(unchanged(.w2m, files: ground.sizes.manyFiles), report) }
    let order = Workload.allCases
    results.sort { (order.firstIndex(of: $0.workload) ?? 0) < (order.firstIndex(of: $1.workload) ?? 0) }
  }

  /// W1 leaves both sides with what W2 and W3 begin with.
  private mutating func runTree(_ report: (ContestResult) throws -> Void) throws {
    let chosen = [Workload.w1, .w2, .w3].filter(workloads.contains)
    guard !chosen.isEmpty else { return }
    let subject = "\(ground.sizes.files) files"
    let first = try trees.keep(Arena(ground))
    var files = ManyFiles(first.source, .served, ground.generator("tree"))
    ground.tell("making \(subject)")
    try files.make(count: ground.sizes.files)
    // Past copies are there until the last of the three has run.
    let initial = InitialCopy(first, "\(subject), new", .tree, keepsCopies: true)
    trees.keep(initial)
    for workload in chosen {
      if workload == .w1 {
        try add(Contest.run(.w1, initial, ground), report)
        continue
      }
      let arena = initial.arena
      files.moved(to: arena.source)
      try copyUntimed(arena)
      var edits = files
      let exercise =
        workload == .w2
        ? Update(arena, "\(subject), nothing changed", .tree, isVerifiedEachTime: false)
        : Update(arena, "\(subject), 1% changed", .tree) { try edits.change(perMille: 10) }
      try add(Contest.run(workload, exercise, ground), report)
    }
  }

  private mutating func add(_ result: ContestResult, _ report: (ContestResult) throws -> Void) throws {
    results.append(result)
    try report(result)
  }

  private func runLarge(_ workload: Workload) throws -> ContestResult? {
    let sizes = ground.sizes
    switch workload {
    case .w1, .w2, .w3, .w2m: return nil
    case .w4: return try patched(workload, bytes: sizes.patchedBytes)
    case .w5: return try dumped()
    case .w6r:
      return try new(workload, "\(gibibytes(sizes.randomBytes)) of random bytes, new") {
        try LargeFile.makeRandom($0, bytes: sizes.randomBytes, ground.generator("random"))
      }
    case .w6t:
      return try new(workload, "\(gibibytes(sizes.textBytes)) of text, new") {
        try LargeFile.makeText($0, bytes: sizes.textBytes, ground.generator("text"))
      }
    case .sparse: return try sparse()
    }
  }

  // MARK: Workloads

  /// Tiny files of which none changed.
  func unchanged(_ workload: Workload, files count: Int) throws -> ContestResult {
    let arena = try trees.keep(Arena(ground))
    ground.tell("making \(count) tiny files")
    var files = ManyFiles(arena.source, .tiny, ground.generator("tiny"))
    try files.make(count: count)
    try copyUntimed(arena)
    let exercise = Update(arena, "\(count) files, nothing changed", .tree, isVerifiedEachTime: false)
    return try Contest.run(workload, exercise, ground)
  }

  /// A file of which 1% is written over in pages.
  func patched(_ workload: Workload, bytes: Int) throws -> ContestResult {
    let arena = try Arena(ground)
    var random = ground.generator("image")
    let path = arena.source.path + "/image"
    ground.tell("making \(gibibytes(bytes))")
    try LargeFile.makeRandom(path, bytes: bytes, random.split())
    try copyUntimed(arena)
    let exercise = Update(arena, "\(gibibytes(bytes)) file, 1% in scattered pages of 4 KiB", .largeFile("image")) {
      try LargeFile.writePages(path, percent: 1, random.split())
    }
    return try Contest.run(workload, exercise, ground)
  }

  private func dumped() throws -> ContestResult {
    let arena = try Arena(ground)
    let path = arena.source.path + "/dump.sql"
    var dump = DatabaseDump(ground.generator("dump"))
    let size = gibibytes(ground.sizes.dumpBytes)
    ground.tell("making \(size) of SQL")
    try dump.make(path, bytes: ground.sizes.dumpBytes)
    try copyUntimed(arena)
    let exercise = Update(arena, "\(size) SQL dump, 0.5% of its rows", .largeFile("dump.sql")) { try dump.change(path) }
    return try Contest.run(.w5, exercise, ground)
  }

  private func new(_ workload: Workload, _ subject: String, make: (String) throws -> Void) throws -> ContestResult {
    let arena = try Arena(ground)
    ground.tell("making \(subject)")
    try make(arena.source.path + "/file")
    return try Contest.run(
      workload, InitialCopy(arena, subject, .largeFile("file"), keepsCopies: false), ground)
  }

  private func sparse() throws -> ContestResult {
    let arena = try Arena(ground)
    let path = arena.source.path + "/image"
    var random = ground.generator("sparse")
    try LargeFile.makeSparse(path, bytes: ground.sizes.sparseBytes, random.split())
    try catchUp(arena)
    let exercise = Update(
      arena, "\(gibibytes(ground.sizes.sparseBytes)) sparse image, 1 MiB changed", .sparseFile("image")
    ) {
      try LargeFile.writePieces(path, bytes: 1 << 20, random.split())
    }
    return try Contest.run(.sparse, exercise, ground)
  }

  // MARK: Parts

  /// Both sides get the source for the first time.
  private func copyUntimed(_ arena: Arena) throws {
    ground.tell("the first copies")
    _ = try arena.run(.rsync(RsyncWay(isWhole: true, cipher: .aes)))
    try catchUp(arena)
  }

  /// HotSync has what there is, and has had a cycle in which nothing changed: it doubts no time stamp any more.
  private func catchUp(_ arena: Arena) throws {
    for _ in 0..<2 { _ = try arena.run(.hotsync(.ssh)) }
  }
}

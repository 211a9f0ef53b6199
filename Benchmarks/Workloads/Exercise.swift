import TestSupport

/// What a contest asks of a workload, step by step.
protocol Exercise: AnyObject {
  /// Where the next contestant runs.
  var arena: Arena { get }
  /// What is copied, in words.
  var subject: String { get }
  var depth: Verification.Depth { get }
  /// Whether each run is verified by itself; where nothing changes from run to run the last one tells of all.
  var isVerifiedEachTime: Bool { get }

  /// Changes the source as the workload asks; every contestant of the round then copies the same.
  func beginRound() throws
  /// Gives a contestant what it may find.
  func prepare(_ contestant: Contestant) throws
}

extension Exercise {
  var isVerifiedEachTime: Bool { true }
}

/// New files, into an empty target each time.
final class InitialCopy: Exercise {
  private(set) var arena: Arena
  let subject: String
  let depth: Verification.Depth
  /// Whether what was copied stays until the end: removing many files slows what is timed next, and large ones fill
  /// the disk.
  private let keepsCopies: Bool
  private var past: [Arena] = []

  init(_ arena: Arena, _ subject: String, _ depth: Verification.Depth, keepsCopies: Bool) {
    (self.arena, self.subject, self.depth, self.keepsCopies) = (arena, subject, depth, keepsCopies)
  }

  func beginRound() throws {}

  func prepare(_ contestant: Contestant) throws {
    switch contestant {
    case .rsync: try arena.freshTarget()
    case .hotsync(let transport):
      let next = try Arena(arena.ground, transport: transport)
      try next.takeSource(of: arena)
      past.append(arena)
      arena = next
    }
    if !keepsCopies {
      past = []
      try arena.removeOldTargets()
      try arena.ground.settle()
    }
  }
}

/// A source that both sides have: it is changed before each round, or is not.
final class Update: Exercise {
  let arena: Arena
  let subject: String
  let depth: Verification.Depth
  let isVerifiedEachTime: Bool
  private let change: () throws -> Void

  init(
    _ arena: Arena, _ subject: String, _ depth: Verification.Depth, isVerifiedEachTime: Bool = true,
    change: @escaping () throws -> Void = {}
  ) {
    (self.arena, self.subject, self.depth) = (arena, subject, depth)
    (self.isVerifiedEachTime, self.change) = (isVerifiedEachTime, change)
  }

  func beginRound() throws { try change() }
  func prepare(_ contestant: Contestant) throws {}
}

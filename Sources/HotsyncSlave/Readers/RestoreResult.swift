import HotsyncCatalog
public import HotsyncSystem

/// Something of a generation that is not what its catalog says.
public struct Damage: Sendable, Equatable {
  public let path: RelativePath
  public let generation: UInt64
  /// In words: "its content is not what was stored".
  public let what: String
  /// The bytes of a file, which older generations may share.
  let isContent: Bool

  init(path: RelativePath, generation: UInt64, what: String, isContent: Bool = true) {
    self.path = path
    self.generation = generation
    self.what = what
    self.isContent = isContent
  }
}

/// What a restore is to bring back, and how.
public struct RestoreRequest: Sendable {
  /// Each with all below it; empty for all files of the master.
  public var paths: [RelativePath]
  /// With all files: the dumps, the facts.
  public var takesDumps: Bool
  public var takesFacts: Bool
  /// Replaces files that are there.
  public var force: Bool
  /// Ids are taken as they are, names are not looked at.
  public var keepsNumbers: Bool

  public init(
    paths: [RelativePath], force: Bool, keepsNumbers: Bool, takesDumps: Bool = false, takesFacts: Bool = false
  ) {
    self.paths = paths
    self.takesDumps = takesDumps
    self.takesFacts = takesFacts
    self.force = force
    self.keepsNumbers = keepsNumbers
  }
}

extension RestoreRequest {
  /// Whether a path stays behind with all below it: dumps and facts come only where they were asked for.
  func leavesOut(_ path: RelativePath) -> Bool {
    guard paths.isEmpty, ReservedPaths.holds(path) else { return false }
    if path == ReservedPaths.top { return !takesDumps && !takesFacts }
    func isIn(_ folder: RelativePath) -> Bool { path == folder || path.isBelow(folder) }
    return !(takesDumps && isIn(ReservedPaths.dumps)) && !(takesFacts && isIn(ReservedPaths.facts))
  }
}

public struct RestoreResult: Sendable {
  public let generation: UInt64
  public internal(set) var files: UInt64 = 0
  public internal(set) var bytes: UInt64 = 0
  public internal(set) var elapsed: Duration = .zero
  /// Owners whose ids here differ from the master's.
  public internal(set) var mapped: [MappedOwner] = []
  /// Files that were not written under their names, as what is stored is not what was sent.
  public internal(set) var damaged: [Damage] = []
  public internal(set) var notices: [Notice] = []
}

import HotsyncCatalog
import HotsyncDatabases
import HotsyncDelta
import HotsyncReport
import HotsyncSystem

/// What a cycle brings that is no file of the tree: dumps and facts, as entries of the catalog below `.hotsync`
/// (docs/decisions/0025-dumps-and-facts-in-the-catalog.md).
struct Provided {
  enum Content {
    case bytes([UInt8])
    case database(any DatabaseEngine, DumpSubject)
    /// Known once the dump at that path has come to its end.
    case fingerprint(of: RelativePath)
  }

  /// What one cycle knows of an engine.
  enum Standing {
    /// It answers: only what is in `files` stays.
    case answers
    /// It cannot be asked: what the catalog has of it stays, and the operator is told.
    case fails(any HotsyncError)
    /// There is no sign of it. That is only told where the catalog has dumps of it.
    case absent
  }

  var files: [RelativePath: Content] = [:]
  /// What the catalog has there and below stays as it is.
  var unknown: [RelativePath] = []
  /// The same, where the catalog has anything; then the problem is told.
  var absent: [(path: RelativePath, problem: Problem)] = []
  var problems: [Problem] = []

  static func name(_ subject: DumpSubject) -> String {
    switch subject {
    case .accounts: "accounts"
    case .database(let name): name
    }
  }
}

// MARK: Against the catalog

/// What is to be done about one path below `.hotsync`.
struct ProvidedStep {
  enum Wanted {
    case folder
    case file(Provided.Content)
    case nothing
  }

  let path: RelativePath
  let wanted: Wanted
  let old: Record?
}

/// The steps of a cycle below `.hotsync`, in the order of their paths. There are some for each database and no more, so that
/// they fit into memory.
struct ProvidedSteps {
  private(set) var steps: [ProvidedStep] = []
  private(set) var problems: [Problem]
  private let key: HashKey
  private let damaged: Set<RelativePath>

  /// - Parameter old: what the catalog has below `.hotsync`, in order.
  init(_ provided: Provided, against old: [Record], key: HashKey, damaged: Set<RelativePath>) {
    self.key = key
    self.damaged = damaged
    problems = provided.problems
    var kept = provided.unknown
    for (path, problem) in provided.absent where old.contains(where: { !$0.isFolder && $0.path.isBelow(path) }) {
      kept.append(path)
      problems.append(problem)
    }
    var wanted: [RelativePath: ProvidedStep.Wanted] = provided.files.mapValues { .file($0) }
    func wantFolders(above path: RelativePath) {
      var next = path.parent
      while let folder = next {
        wanted[folder] = .folder
        next = folder.parent
      }
    }
    for path in provided.files.keys { wantFolders(above: path) }
    var records: [RelativePath: Record] = [:]
    for record in old {
      records[record.path] = record
      // Also where a name was wanted and is not known today.
      let isKept = kept.contains { record.path == $0 || record.path.isBelow($0) }
      guard isKept, wanted[record.path] == nil else { continue }
      wanted[record.path] = .file(.bytes([]))
      wantFolders(above: record.path)
    }
    for path in Set(wanted.keys).union(records.keys).sorted() {
      let isKept = kept.contains { path == $0 || path.isBelow($0) }
      if isKept, provided.files[path] == nil, records[path] != nil { continue }
      add(ProvidedStep(path: path, wanted: wanted[path] ?? .nothing, old: records[path]))
    }
  }

  /// Nothing is to be done about what the slave has already.
  private mutating func add(_ step: ProvidedStep) {
    guard !damaged.contains(step.path), let old = step.old else {
      steps.append(step)
      return
    }
    switch step.wanted {
    case .folder where old.isFolder && old.metadata.permissions == ProvidedSteps.folderPermissions: return
    case .file(.bytes(let bytes)):
      guard case .regular(let size, let digest) = old.content, size == UInt64(bytes.count),
        ContentDigest.of(bytes, key: key) == digest
      else { break }
      return
    case .folder, .file, .nothing: break
    }
    steps.append(step)
  }

  static let folderPermissions: UInt16 = 0o700
  static let filePermissions: UInt16 = 0o600

  /// Bytes that may have to be sent, and that the slave needs room for, as far as that is known: a dump is about as long as the
  /// last one.
  var bytes: UInt64 {
    steps.reduce(0) { sum, step in
      switch step.wanted {
      case .file(.bytes(let bytes)): sum &+ UInt64(bytes.count)
      case .file(.database): sum &+ (step.old?.size ?? 0)
      case .file(.fingerprint), .folder, .nothing: sum
      }
    }
  }
}

public import HotsyncSystem

/// What of the tree belongs to a connection: all that lies below one of the roots and that no pattern excludes.
///
/// Rules are asked from the top down, and what lies below an excluded folder is not asked for: like rsync, the walk
/// does not enter it. A root that is named is wanted: no pattern excludes a root itself, nor the folders on the way
/// to it.
public struct Rules: Sendable {
  private let roots: LiteralSet
  /// The roots, and the folders above them.
  private let ways: LiteralSet
  /// Folders that a pattern excludes and that the walk enters all the same, for a root below: what else they hold is
  /// out.
  private let passages: LiteralSet
  private let patterns: PatternSet
  /// Rules with roots and patterns of their own: what either of both wants belongs to the connection.
  private let others: [Rules]

  /// - Parameter roots: the connection's `include`, relative to `/`; without any, everything is excluded.
  public init(roots: [RelativePath], excludes: [ExcludePattern]) {
    self.init(roots: roots, excludes: excludes, others: [])
  }

  /// These rules, and others beside them.
  public func adding(_ other: Rules) -> Rules { Rules(self, others: others + [other]) }

  private init(_ rules: Rules, others: [Rules]) {
    roots = rules.roots
    ways = rules.ways
    passages = rules.passages
    patterns = rules.patterns
    self.others = others
  }

  private init(roots: [RelativePath], excludes: [ExcludePattern], others: [Rules]) {
    let rootSet = LiteralSet(roots.map(\.bytes))
    let patterns = PatternSet(excludes)
    var above: Set<RelativePath> = []
    for root in roots {
      var folder = root.parent
      while let way = folder, above.insert(way).inserted { folder = way.parent }
    }
    above.subtract(roots)
    let passages = above.filter {
      rootSet.longestFolder(above: $0.bytes.span) > 0 && patterns.contains($0, isFolder: true)
    }
    self.roots = rootSet
    ways = LiteralSet(roots.map { ($0.bytes, false) } + above.map { ($0.bytes, true) })
    self.passages = LiteralSet(passages.map(\.bytes))
    self.patterns = patterns
    self.others = others
  }

  /// Whether the entry stays out. A folder on the way to a root is not excluded, what lies beside the way is.
  public func isExcluded(_ path: RelativePath, isFolder: Bool) -> Bool {
    isExcluded(path.bytes.span, isFolder: isFolder)
  }

  /// - Parameter bytes: of a path.
  public func isExcluded(_ bytes: Span<UInt8>, isFolder: Bool) -> Bool {
    guard isExcludedHere(bytes, isFolder: isFolder) else { return false }
    for other in others where !other.isExcluded(bytes, isFolder: isFolder) { return false }
    return true
  }

  private func isExcludedHere(_ bytes: Span<UInt8>, isFolder: Bool) -> Bool {
    let root = roots.longestFolder(above: bytes)
    if ways.contains(bytes, 0..<bytes.count, isFolder: isFolder) { return false }
    if root == 0 || passages.longestFolder(above: bytes) > root { return true }
    return patterns.contains(bytes, isFolder: isFolder)
  }

  /// Whether nothing below a root has to be asked for.
  public var excludesNothing: Bool { patterns.isEmpty && others.isEmpty }
}

/// Patterns, sorted by how quickly they are found.
struct PatternSet: Sendable {
  private let names: LiteralSet
  private let paths: LiteralSet
  /// Those that have to be tried one by one.
  private let others: [ExcludePattern]

  init(_ patterns: [ExcludePattern]) {
    var names: [(bytes: [UInt8], isForFoldersOnly: Bool)] = []
    var paths = names
    var others: [ExcludePattern] = []
    for pattern in patterns {
      switch (pattern.form, pattern.reach) {
      case (.literal(let bytes), .lastNames(1)): names.append((bytes, pattern.isForFoldersOnly))
      case (.literal(let bytes), .wholePath): paths.append((bytes, pattern.isForFoldersOnly))
      default: others.append(pattern)
      }
    }
    self.names = LiteralSet(names)
    self.paths = LiteralSet(paths)
    self.others = others
  }

  var isEmpty: Bool { names.isEmpty && paths.isEmpty && others.isEmpty }

  func contains(_ path: RelativePath, isFolder: Bool) -> Bool { contains(path.bytes.span, isFolder: isFolder) }

  /// Whether a pattern matches the path, whatever lies above it.
  func contains(_ bytes: Span<UInt8>, isFolder: Bool) -> Bool {
    let name = (PatternSet.start(ofLastNames: 1, of: bytes) ?? 0)..<bytes.count
    if names.contains(bytes, name, isFolder: isFolder) { return true }
    if paths.contains(bytes, 0..<bytes.count, isFolder: isFolder) { return true }
    for pattern in others where isFolder || !pattern.isForFoldersOnly {
      if PatternSet.matches(pattern, bytes, name, isFolder: isFolder) { return true }
    }
    return false
  }

  private static func matches(
    _ pattern: ExcludePattern, _ path: Span<UInt8>, _ name: Range<Int>, isFolder: Bool
  ) -> Bool {
    var range = 0..<path.count
    if case .lastNames(let count) = pattern.reach {
      guard let start = count == 1 ? name.lowerBound : start(ofLastNames: count, of: path) else { return false }
      range = start..<path.count
    }
    return switch pattern.form {
    case .wildcard(let wildcard): wildcard.matches(path, range, isFolder: isFolder)
    case .literal(let bytes): LiteralSet.isEqual(bytes, path, range)
    }
  }

  /// Where the last `count` names of a path begin; nil where it has fewer.
  private static func start(ofLastNames count: Int, of path: Span<UInt8>) -> Int? {
    var missing = count
    var index = path.count
    while index > 0 {
      index -= 1
      guard path[index] == .slash else { continue }
      missing -= 1
      if missing == 0 { return index + 1 }
    }
    return missing == 1 ? 0 : nil
  }
}

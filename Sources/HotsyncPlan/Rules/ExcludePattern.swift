public import HotsyncSystem

/// One pattern of an `exclude` list. It means what the same text means to `rsync --exclude` when the folder that is
/// transferred is `/` (rsync(1), "PATTERN MATCHING RULES"; tests hold it against the real rsync):
///
/// - `name` is matched with the last name of a path, `a/b` with its last two, `/a/b` with the whole;
/// - `*` and `?` stand for anything but `/`, `**` for anything, `[a-z]`, `[!a-z]`, `[[:digit:]]` for one byte that is
///   not `/`;
/// - a trailing `/` matches folders only, a trailing `/***` the folder and all below it;
/// - `\` takes the meaning from what follows, but only in a pattern that has one of `*`, `?`, `[`.
public struct ExcludePattern: Sendable, Equatable, CustomStringConvertible {
  /// The longest path that the kernel takes in one piece (PATH_MAX without its NUL).
  public static let maximumLength = 4_095

  /// What of a path the pattern is held against.
  enum Reach: Equatable {
    case lastNames(Int)
    case wholePath
    /// The whole path, or what follows any slash in it: `**` stands inside.
    case anyLevel
    /// The whole path with a slash before it, so that a leading `**/` finds the top level too.
    case wholePathAfterSlash
  }

  enum Form: Equatable {
    case literal([UInt8])
    case wildcard(Wildcard)
  }

  /// As it was written.
  public let bytes: [UInt8]
  let isForFoldersOnly: Bool
  let reach: Reach
  let form: Form

  /// - Throws: of the kind `.configuration`, for what could never exclude anything, or means something else to rsync.
  public init(_ bytes: some Collection<UInt8>) throws(PlanError) {
    let written = Array(bytes.prefix(ExcludePattern.maximumLength + 1))
    try ExcludePattern.check(written)
    var pattern = written[...]
    isForFoldersOnly = pattern.count > 1 && pattern.last == .slash
    if isForFoldersOnly { pattern.removeLast() }

    // rsync looks for `**` and counts slashes in the pattern as written, escapes and classes included.
    let hasWildcard = pattern.contains { [.asterisk, .questionMark, .openingBracket].contains($0) }
    let doubled = pattern.indices.dropLast().first {
      pattern[$0] == .asterisk && pattern[$0 + 1] == .asterisk
    }
    let isAnchored = pattern.first == .slash
    if isAnchored {
      reach = .wholePath
    } else if let doubled {
      reach = doubled == pattern.startIndex ? .wholePathAfterSlash : .anyLevel
    } else {
      reach = .lastNames(1 + pattern.count { $0 == .slash })
    }
    // rsync shows a folder with a slash behind it to a pattern that ends so: `dir/***` finds `dir` too.
    let seesFolderSlash = pattern.suffix(3).elementsEqual([.asterisk, .asterisk, .asterisk])
    if isAnchored { pattern.removeFirst() }

    if !hasWildcard {
      form = .literal(Array(pattern))
    } else if let wildcard = Wildcard(pattern, reach: reach, seesFolderSlash: seesFolderSlash) {
      form = .wildcard(wildcard)
    } else {
      throw ExcludePattern.refusal(
        written, cause: "a [class] is not closed or not known, or a backslash stands last: this never matches",
        next: "close the class with ], or write \\[ or \\\\ for the character itself")
    }
    self.bytes = written
  }

  public init(_ text: String) throws(PlanError) { try self.init(Array(text.utf8)) }

  public static func == (left: ExcludePattern, right: ExcludePattern) -> Bool { left.bytes == right.bytes }

  /// Fit for a terminal.
  public var description: String { shown(bytes) }

  // MARK: What is refused

  private static func check(_ pattern: [UInt8]) throws(PlanError) {
    guard pattern.count <= maximumLength else {
      throw refusal(
        Array(pattern.prefix(60)), cause: "it is longer than \(maximumLength) bytes, and so is no path",
        next: "write a shorter pattern")
    }
    guard !pattern.isEmpty else {
      throw refusal(pattern, cause: "it is empty", next: "remove the line, or write a pattern")
    }
    guard !pattern.contains(0) else {
      throw refusal(pattern, cause: "it holds a NUL byte, which no path has", next: "remove that byte")
    }
    let isPrefixed =
      pattern == [.exclamationMark] || [.plus, .minus].contains(pattern[0]) && pattern.dropFirst().first == .space
    guard !isPrefixed else {
      throw refusal(
        pattern, cause: "to rsync a leading \"+ \", \"- \" or a lone \"!\" is an instruction, not part of a pattern",
        next:
          "write the pattern alone, or bracket the character if a name begins so: [\(shown(pattern.prefix(1)))]"
      )
    }
    var names = pattern.split(separator: .slash, omittingEmptySubsequences: false)
    if names.first?.isEmpty == true { names.removeFirst() }
    if names.last?.isEmpty == true { names.removeLast() }
    let isNever =
      names.isEmpty || names.contains { $0.isEmpty || $0.elementsEqual([.dot]) || $0.elementsEqual([.dot, .dot]) }
    guard !isNever else {
      throw refusal(
        pattern, cause: "paths hold no empty name, no \".\" and no \"..\": this never matches",
        next: "write the path without them; what is to be left out as a whole is taken from include")
    }
  }

  private static func refusal(_ pattern: [UInt8], cause: String, next: String) -> PlanError {
    PlanError(.configuration, "cannot use the exclude pattern", "\"\(shown(pattern))\"", cause: cause, next: next)
  }
}

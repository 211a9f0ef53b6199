public import HotsyncSystem

/// A file that lists paths or patterns, one a line: `/etc/backup-data.d/*.include` and `*.exclude`, and the two files
/// that the executables in `/etc/hotsync.d` append to. Lines that are blank or begin with `#` are skipped; a carriage
/// return before the line's end is not part of the line, other spaces are.
public struct PathList: Sendable, Equatable {
  public struct Line: Sendable, Equatable {
    /// From 1.
    public let number: Int
    public let bytes: [UInt8]

    public init(number: Int, bytes: [UInt8]) {
      self.number = number
      self.bytes = bytes
    }
  }

  /// Larger files are no lists of paths that somebody wrote.
  public static let maximumBytes = 4 << 20
  public static let maximumLines = 65_536

  /// The file's name, for messages.
  public let source: String
  public let lines: [Line]

  /// - Throws: of the kind `.configuration`, for a file that is too large.
  public static func parse(_ bytes: some Collection<UInt8>, source: String) throws(PlanError) -> PathList {
    guard bytes.count <= maximumBytes else {
      throw refusal(
        source, cause: "it is larger than \(maximumBytes) bytes", next: "list folders instead of single files")
    }
    var lines: [Line] = []
    for (index, line) in bytes.split(separator: .lineFeed, omittingEmptySubsequences: false).enumerated() {
      var content = Array(line)
      if content.last == .carriageReturn { content.removeLast() }
      let isBlank = content.allSatisfy { $0 == .space || $0 == .tabulator }
      if isBlank || content.first == .numberSign { continue }
      guard lines.count < maximumLines else {
        throw refusal(
          source, cause: "it has more than \(maximumLines) lines", next: "list folders instead of single files")
      }
      lines.append(Line(number: index + 1, bytes: content))
    }
    return PathList(source: source, lines: lines)
  }

  /// The lines as roots: absolute paths, where doubled and trailing slashes and `.` mean nothing.
  ///
  /// - Throws: of the kind `.configuration`, with file and line.
  public func roots() throws(PlanError) -> [RelativePath] {
    var roots: [RelativePath] = []
    for line in lines {
      let names = line.bytes.split(separator: .slash).filter { !$0.elementsEqual([.dot]) }
      guard line.bytes.first == .slash, let root = RelativePath(Array(names.joined(separator: [.slash]))) else {
        throw PathList.refusal(
          "\(source) line \(line.number)",
          cause: "\"\(shown(line.bytes))\" is not the absolute path of a folder or file",
          next: "write it from / on and without \"..\", as in /srv/data")
      }
      roots.append(root)
    }
    return roots
  }

  /// The lines as patterns.
  ///
  /// - Throws: of the kind `.configuration`, with file and line.
  public func patterns() throws(PlanError) -> [ExcludePattern] {
    var patterns: [ExcludePattern] = []
    for line in lines {
      do throws(PlanError) { patterns.append(try ExcludePattern(line.bytes)) } catch {
        throw PathList.refusal(
          "\(source) line \(line.number)", cause: "\(error.subject): \(error.cause)", next: error.nextStep)
      }
    }
    return patterns
  }

  private static func refusal(_ subject: String, cause: String, next: String) -> PlanError {
    PlanError(.configuration, "cannot use", subject, cause: cause, next: next)
  }
}

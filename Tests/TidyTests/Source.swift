import Foundation

/// A text file of the repository.
struct SourceFile {
  /// From the repository's root: `Sources/HotsyncPlan/Planner.swift`.
  let path: String
  let text: String
  let lines: [String]
  let tokens: [Token]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    tokens = path.hasSuffix(".swift") ? SwiftWords.tokens(of: text) : []
  }

  /// The target that it belongs to: the folder below `Sources` or `Tests`.
  var module: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
    return String(parts[1])
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isSource: Bool { path.hasPrefix("Sources/") }
}

/// What a rule found.
struct Finding: CustomStringConvertible, Equatable {
  let path: String
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// The repository that this test was built from.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Every text file that belongs to it: what is hidden or ignored does not (`.ci` does).
  static func files() throws -> [SourceFile] {
    let ignored = try String(contentsOf: root.appending(path: ".gitignore"), encoding: .utf8)
      .split(separator: "\n").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "/")) }
    var files: [SourceFile] = []
    try collect("", ignored: Set(ignored), into: &files)
    return files
  }

  private static func collect(_ folder: String, ignored: Set<String>, into files: inout [SourceFile]) throws {
    let place = folder.isEmpty ? root : root.appending(path: folder)
    for name in try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() {
      if ignored.contains(name) || (name.hasPrefix(".") && name != ".ci" && name != ".gitignore") { continue }
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      let facts = try FileManager.default.attributesOfItem(atPath: root.appending(path: path).path)
      switch facts[.type] as? FileAttributeType {
      case .typeDirectory?: try collect(path, ignored: ignored, into: &files)
      case .typeRegular? where (facts[.size] as? Int ?? 0) < 2_000_000:
        let content = try Data(contentsOf: root.appending(path: path))
        guard !content.contains(0), let text = String(data: content, encoding: .utf8) else { continue }
        files.append(SourceFile(path: path, text: text))
      default: break
      }
    }
  }
}

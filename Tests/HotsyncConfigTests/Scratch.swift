import Glibc
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncConfig

/// A root of its own for one test, removed when the test ends.
final class Scratch {
  private let folder: ScratchFolder
  var root: String { folder.path }

  init(_ main: String? = nil) throws {
    folder = try ScratchFolder("config")
    if let main { try write("etc/hotsync/hotsync.yaml", main) }
  }

  /// Writes a file, with its folders.
  func write(_ path: String, _ content: String, mode: UInt32 = 0o644) throws {
    let names = path.split(separator: "/")
    let parent = try folder.makeOrOpenFolder(names.dropLast().joined(separator: "/"))
    try parent.replace(.of(String(names.last ?? "")), with: Array(content.utf8), permissions: mode)
  }

  func read(_ path: String) throws -> String? {
    guard let path = RelativePath(path) else { return nil }
    do throws(SystemError) {
      let bytes = try folder.folder.open(at: path).readAll(limit: 1 << 20)
      return bytes.flatMap { String(validating: $0, as: UTF8.self) }
    } catch { if error.isMissing { return nil } else { throw error } }
  }

  func mode(_ path: String) throws -> UInt16 {
    try folder.folder.open(at: .of(path)).status().permissions
  }

  func setMode(_ path: String, _ mode: UInt16) throws {
    try folder.folder.open(at: .of(path)).setPermissions(mode)
  }

  var editor: ConfigurationEditor { ConfigurationEditor(root: root, environment: { _ in nil }) }

  func problems() -> [ConfigurationProblem] { withExtendedLifetime(self) { editor.check() } }

  func load(_ variables: [String: String] = [:]) throws(ConfigError) -> Configuration {
    try Configuration.load(root: root, environment: { variables[$0] })
  }

  /// An error as the terminal shows it, with this scratch folder left out.
  func told(_ error: ConfigError) -> String {
    let text = "hotsync: \(error.operation) \(error.subject)\n  cause: \(error.cause)\n  next:  \(error.nextStep)"
    var result = ""
    var rest = Substring(text)
    while let range = rest.firstRange(of: root) {
      result += rest[..<range.lowerBound]
      rest = rest[range.upperBound...]
    }
    return result + rest
  }

  /// What `load` says, as the terminal shows it.
  func refusal(_ variables: [String: String] = [:]) -> String {
    do throws(ConfigError) {
      _ = try load(variables)
      return "no error"
    } catch { return told(error) }
  }
}

extension Substring {
  /// The first place where a text stands.
  fileprivate func firstRange(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// What an operation throws.
func failure<Result>(_ body: () throws -> Result) -> ConfigError? {
  do {
    _ = try body()
    return nil
  } catch { return error as? ConfigError }
}

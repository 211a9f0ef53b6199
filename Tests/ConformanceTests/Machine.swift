import HotsyncSystem
import TestSupport
import Testing

/// One machine of somebody who types what is printed: what was typed at it, and how many commands that were.
final class Machine {
  let root: String
  private(set) var commands = 0

  init(_ root: String) { self.root = root }

  /// Types a line of shell; what it printed on both streams.
  func type(_ line: String, expecting code: Int32 = 0) throws -> String {
    commands += 1
    let path = "\(RunningProgram.productsFolder):/usr/bin:/bin"
    let result = try RunningProgram.run("/bin/bash", ["-c", line], environment: ["PATH": path])
    #expect(result.exitCode == code, "\(line)\n\(result)")
    return result.outputText + result.errorText
  }

  /// The same of a command that was printed elsewhere, and so names no root.
  @discardableResult
  func typeHere(_ command: String) throws -> String {
    // What goes in behind <<< stays last.
    let end = command.firstRange(of: " <<< ")?.lowerBound ?? command.endIndex
    return try type(command[..<end] + " --root '\(root)'" + command[end...])
  }
}

/// What is picked out of a text that was printed.
enum Printed {
  /// What stands behind a word, up to the end of its line.
  static func after(_ word: String, in text: String, until end: String = "\n") throws -> String {
    let start = try #require(text.firstRange(of: word), "\(word) in: \(text)").upperBound
    let rest = text[start...]
    return String(rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)])
  }

  /// The first printed line that begins with a command.
  static func line(_ command: String, in text: String) throws -> String {
    command + (try after("  \(command)", in: text))
  }
}

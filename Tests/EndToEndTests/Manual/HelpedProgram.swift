import TestSupport

/// One of our executables, as its `--help` tells of it.
struct HelpedProgram {
  /// Each verb with its long options: `snapshot list`.
  let verbs: [String: [String]]

  /// Those that every verb has. The choice of the connection is none of them, also where every verb works on one.
  var globalOptions: Set<String> {
    verbs.values.dropFirst().reduce(Set(verbs.values.first ?? [])) { $0.intersection($1) }.subtracting(["--connection"])
  }

  /// The options of a verb that not all of them have.
  func ownOptions(of verb: String) -> [String] { (verbs[verb] ?? []).filter { !globalOptions.contains($0) } }

  static func asked(_ name: String) throws -> HelpedProgram {
    switch name {
    case "hotsync": try master.get()
    case "hotsync-slave": try slave.get()
    default: try promotion.get()
    }
  }

  // Asked once: every verb is a program that is started.
  private static let master = Result { try HelpedProgram("hotsync") }
  private static let slave = Result { try HelpedProgram("hotsync-slave") }
  private static let promotion = Result { try HelpedProgram("hotsync-promote") }

  private init(_ name: String) throws {
    var verbs: [String: [String]] = [:]
    try HelpedProgram.ask(name, [], &verbs)
    self.verbs = verbs
  }

  private static func ask(_ name: String, _ words: [String], _ verbs: inout [String: [String]]) throws {
    let help = try RunningProgram.run(name, words + ["--help"])
    guard help.exitCode == 0 else { throw SupportError("\(name) \(words): \(help)") }
    let below = first(words: "SUBCOMMANDS:", of: help.outputText).compactMap { $0.first }
    for verb in below { try ask(name, words + [verb], &verbs) }
    guard below.isEmpty else { return }
    let options = first(words: "OPTIONS:", of: help.outputText).flatMap { words in
      words.prefix { $0.hasPrefix("-") }.filter { $0.hasPrefix("--") }
    }
    verbs[words.joined(separator: " ")] = options.sorted()
  }

  /// The words of the lines that begin an entry of a list: what goes on is further in.
  private static func first(words title: String, of help: String) -> [[String]] {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0 == title }) else { return [] }
    return lines[(start + 1)...].prefix { !$0.isEmpty }.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .map { $0.split { $0 == " " || $0 == "," }.map(String.init) }
  }
}

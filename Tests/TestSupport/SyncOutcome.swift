/// How a cycle ended, and what its document says.
public struct SyncOutcome: CustomStringConvertible {
  public let program: RunningProgram.Result
  /// Of the only connection.
  public let connection: Document

  init(_ program: RunningProgram.Result) throws {
    self.program = program
    do { connection = try Document(program.outputText)["connections"][0] } catch {
      throw SupportError("\(error): \(program)")
    }
  }

  public var code: Int32? { program.exitCode }
  public var result: String? { connection["result"].text }
  public var generation: Int? { connection["generation"].integer }
  public var problems: [Document] { connection["problems"].items }
  public func files(_ name: String) -> Int? { connection["files"][name].integer }
  public func bytes(_ name: String) -> Int? { connection["bytes"][name].integer }
  /// Both ways.
  public var wire: Int { (bytes("wire_sent") ?? .max / 2) + (bytes("wire_received") ?? .max / 2) }

  /// The codes of the problems of a path.
  public func codes(of path: String) -> [String] {
    problems.filter { $0["path"].text == path }.compactMap { $0["code"].text }
  }

  public var description: String { "\(program)" }
}

extension RunningProgram.Result {
  /// What is missing of an error as it is told on a terminal, with this code: what could not be done to what; why; what to
  /// type next; and these words among them. Empty where nothing is.
  public func flaws(code: Int32, _ words: [String] = []) -> [String] {
    let lines = errorText.split(separator: "\n")
    let isInThreeParts =
      lines.count == 3 && lines[0].hasPrefix("hotsync") && lines[1].hasPrefix("  cause: ")
      && lines[2].hasPrefix("  next:  ")
    return (exitCode == code ? [] : ["code \(code)"]) + (isInThreeParts ? [] : ["three parts"])
      + words.filter { !errorText.contains($0) }
  }
}

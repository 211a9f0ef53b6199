import HotsyncReport
import HotsyncSystem
import Testing

@Suite("Errors become exit codes and three lines")
struct ExitCodeTests {
  @Test("every kind of failure has the code of the interface")
  func table() {
    let expected: [FailureKind: Int32] = [
      .failed: 1, .incomplete: 3, .usage: 64, .damaged: 65, .unreachable: 69, .bug: 70, .unwritable: 73, .busy: 75,
      .incompatible: 76, .refused: 77, .fenced: 77, .configuration: 78,
    ]
    #expect(expected.count == FailureKind.allCases.count)
    for (kind, code) in expected { #expect(ExitCode(kind).rawValue == code) }
  }

  @Test("of several connections' codes the first of the interface's order is the command's")
  func several() {
    let order: [Int32] = [70, 65, 78, 77, 73, 76, 69, 1, 75, 3]
    for (index, code) in order.enumerated() {
      let codes = ([0] + order[index...].reversed()).compactMap(ExitCode.init(rawValue:))
      #expect(ExitCode.ofSeveral(codes).rawValue == code)
    }
    #expect(ExitCode.ofSeveral([]) == .done)
    #expect(ExitCode.ofSeveral([.done, .done]) == .done)
  }

  @Test("an error prints what, why and what next")
  func terminal() {
    let expected = """
      hotsync: cannot reach the slave of "standby" at 192.0.2.20 port 22
        cause: connection refused
        next:  start sshd there, or: hotsync config set connections.standby.port PORT
      """
    #expect(ErrorReport(unreachable).terminalText(program: "hotsync") == expected)
  }

  @Test("an error that is none of ours is a bug, and says so")
  func surprise() {
    let report = ErrorReport(Surprise())
    #expect(ExitCode(Surprise()) == .bug)
    #expect(report.cause.contains("Surprise"))
    #expect(report.terminalText(program: "hotsync").hasPrefix("hotsync: cannot go on with this command\n  cause: "))
  }

  @Test("what a peer says cannot forge a line, a colour or a direction")
  func injection() {
    let hostile = "x\u{1B}[2J\nhotsync: all is well\r\u{202E}\u{9B}\\x41"
    let error = TestError(.failed, hostile, hostile, cause: hostile, next: hostile)
    let text = ErrorReport(error).terminalText(program: "hotsync")
    #expect(text.split(separator: "\n").count == 3)
    let escaped = "x\\x1b[2J\\x0ahotsync: all is well\\x0d\\xe2\\x80\\xae\\xc2\\x9b\\x41"
    #expect(text == "hotsync: \(escaped) \(escaped)\n  cause: \(escaped)\n  next:  \(escaped)")
  }

  @Test("what was escaped once is not escaped again")
  func once() {
    let shownPath = path([UInt8(ascii: "a"), 0xFF, UInt8(ascii: "\\")]).description
    #expect(shownPath == "/a\\xff\\x5c")
    #expect(harmless(shownPath) == shownPath)
    #expect(harmless("\\ä\\\t") == "\\ä\\\\x09")
  }

  @Test("a command that fails outright gives its error as a document")
  func document() {
    let stage = Stage(.init(json: true))
    #expect(stage.console.fail(unreachable) == .unreachable)
    #expect(
      stage.output.text
        == #"{"error": {"code": "unreachable", "operation": "cannot reach", "subject": "the slave of \"standby\" at 192.0.2.20 port 22", "#
        + #""cause": "connection refused", "next_step": "start sshd there, or: hotsync config set connections.standby.port PORT"}}"#
        + "\n")
    #expect(stage.errors.text.hasPrefix("hotsync: cannot reach"))
  }
}

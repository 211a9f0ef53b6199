import Glibc
import HotsyncSystem
import Testing

/// A program whose output comes through a pipe, with its errors where they are wanted.
private struct Piped: ~Copyable {
  let child: ChildProcess
  let output: Descriptor

  init(
    _ program: String, _ arguments: [String], environment: [String: String], keepsErrors: Bool = false
  ) throws {
    let ends = try Descriptor.pipe()
    let reading = Descriptor(owning: ends.reading)
    let writing = Descriptor(owning: ends.writing)
    let none = try Descriptor.open("/dev/null", .readingAndWriting)
    child = try ChildProcess.start(
      program, arguments, environment: environment, input: none, output: writing,
      errors: keepsErrors ? writing.duplicate() : none.duplicate())
    output = reading
  }
}

@Suite struct ProcessTests {
  /// Runs a shell script; gives its ending and what it wrote.
  private func run(
    _ script: String, environment: [String: String] = [:]
  ) throws -> (ending: ChildProcess.Ending, output: String) {
    let program = try Piped("/bin/sh", ["-c", script], environment: environment, keepsErrors: true)
    let output = try program.output.readAll(limit: 1 << 20) ?? []
    return (program.child.wait(), String(decoding: output, as: UTF8.self))
  }

  @Test("a program's code and the signal that ended it are told apart")
  func endings() throws {
    #expect(try run("exit 0").ending.succeeded)
    #expect(try run("exit 42").ending == .exited(42))
    #expect(try run("kill -9 $$").ending == .killed(signal: 9))
    #expect(try run("kill -15 $$").ending == .killed(signal: 15))
  }

  @Test("a program that is missing or may not be run is an error of the start")
  func missing() throws {
    let none = try Descriptor.open("/dev/null", .readingAndWriting)
    for (program, number) in [("/nonexistent/program", 2), ("/etc/passwd", 13), ("sh", 2)] as [(String, Int32)] {
      let error = try #require(throws: SystemError.self) {
        _ = try ChildProcess.start(program, [], environment: [:], input: none, output: none, errors: none)
      }
      #expect(error.number == number)
      #expect(error.subject == program)
    }
  }

  @Test("a program has the environment that it was given, and nothing else")
  func environment() throws {
    // A shell adds some of its own, so the kernel's copy is read.
    let (_, output) = try run("/usr/bin/tr '\\0' '\\n' < /proc/$$/environ", environment: ["B": "2 = x", "A": "1"])
    #expect(output == "A=1\nB=2 = x\n")
    #expect(try run("/usr/bin/tr '\\0' '\\n' < /proc/$$/environ").output == "")
  }

  @Test("arguments arrive as they are: no shell looks at them")
  func arguments() throws {
    let program = try Piped("/usr/bin/printf", ["%s|", "$HOME; id", "", "a b\n"], environment: [:])
    #expect(try program.output.readAll(limit: 100) == Array("$HOME; id||a b\n|".utf8))
    #expect(program.child.wait() == .exited(0))
  }

  @Test("a program inherits its three descriptors and no other, though others are open without close-on-exec")
  func descriptors() throws {
    let open = try Descriptor.open("/dev/null")
    let leaky = Descriptor(owning: dup(open.number))
    let (_, output) = try run("/bin/ls /proc/$$/fd")
    #expect(output.split(separator: "\n").sorted() == ["0", "1", "2"])
    _ = consume leaky
  }

  @Test("a signal to the group ends what the program started too")
  func group() throws {
    let program = try Piped("/bin/sh", ["-c", "sleep 20 & echo ready; wait"], environment: ["PATH": "/bin:/usr/bin"])
    var buffer = [UInt8](repeating: 0, count: 6)
    #expect(try program.output.read(into: &buffer, count: 6) == 6)
    #expect(program.child.wait(atMost: .milliseconds(20)) == nil, "it still runs")
    program.child.signalGroup(ChildProcess.killNow)
    #expect(program.child.wait(atMost: .seconds(20)) == .killed(signal: 9))
    // The grandchild held the pipe's other end: its end shows that it is gone too.
    #expect(try program.output.read(into: &buffer, count: 6) == 0)
  }

  @Test("a child that nobody can wait for any more has not succeeded")
  func waitedTwice() throws {
    let none = try Descriptor.open("/dev/null", .readingAndWriting)
    let child = try ChildProcess.start("/bin/true", [], environment: [:], input: none, output: none, errors: none)
    #expect(child.wait() == .exited(0))
    #expect(!child.wait().succeeded)
    #expect(child.wait(atMost: .zero)?.succeeded == false)
  }
}

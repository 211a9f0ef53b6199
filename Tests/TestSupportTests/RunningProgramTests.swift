import HotsyncSystem
import TestSupport
import Testing

@Suite struct RunningProgramTests {
  @Test("output, errors, exit code, input and environment come through")
  func runs() throws {
    let result = try RunningProgram.run(
      "/bin/sh", ["-c", "cat; echo $A >&2; exit 3"], environment: ["A": "b c"], input: Array("in".utf8))
    #expect(result.exitCode == 3 && result.outputText == "in" && result.errorText == "b c\n" && !result.isOverTime)
  }

  @Test("a signal that ends it is told apart from a code")
  func tellsSignals() throws {
    let result = try RunningProgram.run("/bin/sh", ["-c", "kill -TERM $$"])
    #expect(result.ending == .killed(signal: 15) && result.exitCode == nil)
  }

  @Test("a program that runs too long is killed with all that it started")
  func limitsTime() throws {
    let result = try RunningProgram.run("/bin/sh", ["-c", "sleep 100 & sleep 100"], limit: .milliseconds(200))
    #expect(result.isOverTime && result.ending == .killed(signal: 9) && result.elapsed < .seconds(20))
  }

  @Test("a program in the background can be watched and killed")
  func killsInBackground() throws {
    let program = try RunningProgram("/bin/sh", ["-c", "echo ready; sleep 100"])
    #expect(try program.wait { program.outputSoFar() == "ready\n" })
    #expect(try program.isRunning)
    program.kill()
    #expect(try program.wait().ending == .killed(signal: 9))
    #expect(try !program.isRunning)
  }

  @Test("its most memory is its own, not that of the tests")
  func measuresMemory() throws {
    let small = try RunningProgram.run("sleep", ["0.2"])
    #expect((100_000..<20_000_000).contains(small.peakMemoryBytes), "\(small.peakMemoryBytes)")
    let large = try RunningProgram.run("dd", ["if=/dev/zero", "of=/dev/null", "bs=200M", "count=5"])
    #expect((200_000_000..<300_000_000).contains(large.peakMemoryBytes), "\(large.peakMemoryBytes)")
  }

  @Test("a scratch folder goes with its last reference, whatever its modes")
  func scratchGoes() throws {
    var path = ""
    do {
      let scratch = try ScratchFolder("gone")
      path = scratch.path
      try scratch.write([1], to: "\(try scratch.makeFolder("a/b").dropFirst(path.count + 1))/c")
      for folder in ["a/b", "a"] { try Descriptor.open(scratch.path(folder), .folder).setPermissions(0o000) }
    }
    #expect(throws: SystemError.self) { _ = try Folder.open(path) }
  }

  @Test("random numbers follow the seed, and a split does not disturb its origin")
  func seedsDecide() {
    var (first, second) = (SeededGenerator(seed: 9), SeededGenerator(seed: 9))
    var branch = first.split()
    _ = second.split()
    _ = branch.bytes(100)
    #expect(first.bytes(13) == second.bytes(13))
    #expect(first.text(1_000) == second.text(1_000) && first.text(77).count == 77)
    let sizes = (0..<2_000).map { _ in first.logarithmicSize(maximum: 1_000) }
    #expect(
      sizes.allSatisfy { (0...1_000).contains($0) } && sizes.count { $0 < 32 } > 500 && sizes.contains { $0 > 600 })
  }
}

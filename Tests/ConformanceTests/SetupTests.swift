import HotsyncSystem
import TestSupport
import Testing

/// A new administrator, who knows addresses and folders and types what is printed.
@Suite struct SetupTests {
  /// One machine: what was typed at it, and how many commands that were.
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
    func typeHere(_ command: String) throws -> String {
      // What goes in behind <<< stays last.
      let parts = command.firstRange(of: " <<< ")
      let end = parts?.lowerBound ?? command.endIndex
      return try type(command[..<end] + " --root \(root)" + command[end...])
    }
  }

  /// What stands behind a word, up to the end of its line.
  private func after(_ word: String, in text: String, until end: String = "\n") throws -> String {
    let start = try #require(text.firstRange(of: word), "\(word) in: \(text)").upperBound
    let rest = text[start...]
    return String(rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)])
  }

  /// The first printed line that begins with a command.
  private func line(_ command: String, in text: String) throws -> String {
    command + (try after("  \(command)", in: text))
  }

  @Test(
    "a pair is set up from nothing by typing what the commands print, in four commands a side",
    arguments: TestedTransport.overSSH)
  func setUp(_ transport: TestedTransport) throws {
    let scratch = try ScratchFolder("setup")
    let master = Machine(try scratch.makeFolder("master"))
    let slave = Machine(try scratch.makeFolder("slave"))
    try Place(path: master.root).write("the first file\n", to: "srv/data/first")
    let server = try SSHServer(root: slave.root)
    try withExtendedLifetime(server) {
      // Nobody counts the one that only asks what to do.
      let hint = try Machine(master.root).type("hotsync sync --root \(master.root)", expecting: 78)
      let first = try after("on a new master: ", in: hint, until: "; on a new slave: ")
        .replacing("ADDRESS", with: "127.0.0.1").replacing("'[/home, /srv]'", with: "'[/srv/data]'")
      let other = transport == .openssh ? " connections.standby.transport openssh" : ""
      let keyed = try master.type(
        "\(first) connections.standby.port \(server.port) connections.standby.user \(SSHServer.user)\(other)")
      let generated = try master.type(try after("next:  ", in: keyed))

      let slaveHint = try Machine(slave.root).type("hotsync-slave status --root \(slave.root)", expecting: 78)
      let firstThere = try after("on a new slave: ", in: slaveHint).replacing("ADDRESS", with: "127.0.0.1")
      let applying = try slave.type(firstThere)
      let applied = try slave.type(try after("next:  ", in: applying))
      #expect(applied.contains("hotsync key generate standby"))
      let authorised = try slave.typeHere(try line("hotsync-slave authorize", in: generated))

      let trusted = try master.typeHere(try line("hotsync trust", in: authorised))
      #expect(trusted.contains("is recorded"))
      let cycle = try master.type("hotsync sync --root \(master.root)")
      #expect(cycle.contains("committed generation 1"), "\(cycle)")
    }
    #expect(master.commands <= 4 && slave.commands <= 4)
    let mirror = Place(path: "\(slave.root)/var/lib/hotsync/standby/mirror/files/srv/data")
    #expect(try mirror.read("first") == "the first file\n")
  }
}

import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

@Suite struct CommandTests {
  private func run(_ slave: TestSlave, _ arguments: String...) throws -> RunningProgram.Result {
    try RunningProgram.run(try Executable.path(), arguments + ["--root", slave.scratch.path])
  }

  @Test(
    "a verb that is not built, or lacks its option, is a wrong command line", arguments: [["rejoin"], ["serve"]])
  func usage(_ arguments: [String]) throws {
    let result = try RunningProgram.run(try Executable.path(), arguments)
    #expect(result.exitCode == 64)
    #expect(result.output == [])
  }

  @Test("apply makes folders and store once, and says what it made")
  func apply() throws {
    let slave = try TestSlave()
    try slave.configure()
    try slave.scratch.open().removeTree(try #require(FileName("var")))
    let first = try run(slave, "apply")
    #expect(first.exitCode == 0)
    #expect(first.outputText.contains("store of \"standby\""))
    let second = try run(slave, "apply")
    #expect(second.outputText.hasPrefix("nothing to change"))
    let root = try slave.scratch.open()
    for (text, mode) in [
      ("etc/hotsync", 0o755), ("etc/hotsync/keys", 0o700), ("var/lib", 0o755), ("var/lib/hotsync-state", 0o700),
      ("var/lib/hotsync/standby", 0o700), ("run/hotsync", 0o755),
    ] {
      #expect(try root.open(at: try path(text)).status().permissions == UInt16(mode), "\(text)")
    }
  }

  @Test("what was pushed is listed, verified and restored by the executable")
  func whole() throws {
    let (slave, tree) = try filledSlave()
    try slave.configure()
    let listed = try run(slave, "generations", "--json")
    #expect(listed.outputText.contains("\"generation\": 1, "))
    #expect(listed.outputText.contains("\"kept_by\": [\"15m\", \"newest\"], \"verified\": null"))
    #expect(try run(slave, "status", "--json").outputText.contains("\"last_sync\": {\"generation\": 1, "))
    #expect(try run(slave, "verify", "--full", "--json").outputText.hasPrefix("{\"result\": \"sound\""))
    let out = slave.scratch.path + "/out"
    #expect(try run(slave, "restore", "--to", out).exitCode == 0)
    #expect(try tree.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [])
    #expect(try run(slave, "restore", "--to", out).exitCode == 73)
    #expect(try run(slave, "restore", "/srv/nothing", "--to", out).exitCode == 64)
    #expect(try run(slave, "restore", "/srv", "--to", out, "--generation", "7").exitCode == 64)
    try slave.damage("srv/image")
    #expect(try run(slave, "verify", "--full").exitCode == 65)
    #expect(try run(slave, "restore", "/srv/image", "--to", out + "2").exitCode == 65)
  }

  @Test("a path that is no text is given as it is shown")
  func oddPath() throws {
    let (slave, _) = try filledSlave()
    try slave.configure()
    #expect(try run(slave, "restore", "/srv/odd \\x0a\\x1b[31m", "--to", slave.scratch.path + "/out").exitCode == 0)
    #expect(
      try slave.scratch.makeOrOpenFolder("out").folder(at: try path("srv")).names().map(\.bytes) == [
        Array("odd \n\u{1B}[31m".utf8)
      ])
  }

  /// Why the agent refuses, as the master hears it and as it ends.
  private func refusal(_ slave: TestSlave, connection: String = "standby") throws -> FailureKind? {
    let transport = try LocalTransport(
      program: try Executable.path(), connection: connection, root: slave.scratch.path, silence: .seconds(20))
    defer { transport.end() }
    return kind { try ScriptedMaster(transport).greet() }
  }

  @Test("an agent that cannot serve tells the master why")
  func refusals() throws {
    let slave = try TestSlave()
    try slave.configure()
    #expect(try refusal(slave) == nil)
    #expect(try refusal(slave, connection: "other") == .usage)
    try slave.configure(
      "role: master\nconnections:\n  standby:\n    transport: local\n    local_root: /mnt\n    data: {include: [/srv]}\n"
    )
    #expect(try refusal(slave) == .refused)
    try slave.configure("role: slave\nconnections:\n  standby:\n    status: disabled\n    master_host: 192.0.2.10\n")
    #expect(try refusal(slave) == .refused)
    try slave.configure("role: nonsense\n")
    #expect(try refusal(slave) == .configuration)
    try slave.configure()
    try slave.scratch.open().folder(at: try path("var/lib")).removeTree(try #require(FileName("hotsync")))
    #expect(try refusal(slave) == .unwritable)
  }
}

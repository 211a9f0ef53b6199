import HotsyncSystem
import TestSupport
import Testing

/// Logins that must fail, over a real sshd: the code, three parts, and the last generation as it was.
@Suite struct BadInputTests {
  private func pair(_ transport: TestedTransport) throws -> (pair: Pair, line: SSHArrangement) {
    let pair = try Pair.committed(over: transport)
    try pair.data.write("new", to: "new")
    return (pair, try #require(pair.line))
  }

  private func key(_ pair: Pair) throws -> String { try pair.master.read("etc/hotsync/keys/standby.pub") }

  // MARK: Who we are

  @Test("a key that the slave does not know is 77", arguments: TestedTransport.overSSH)
  func wrongKey(_ transport: TestedTransport) throws {
    let (pair, _) = try pair(transport)
    try SSHArrangement.makeKey(of: "standby", at: pair.master)
    try pair.expectUntouched(77, "cannot log in", "hotsync-slave authorize --connection standby")
  }

  @Test("no key is 78, a key that others can read 77, one that is none 78", arguments: TestedTransport.overSSH)
  func keyFile(_ transport: TestedTransport) throws {
    let (pair, _) = try pair(transport)
    let path = "etc/hotsync/keys/standby"
    try pair.master.setPermissions(0o640, of: path)
    try pair.expectUntouched(77, "others can read it", "chmod 600")
    try pair.master.write("no key at all\n", to: path, permissions: 0o600)
    try pair.expectUntouched(78, path)
    try pair.master.remove(path)
    try pair.expectUntouched(78, "hotsync key generate standby")
  }

  @Test("a key that is bound to nothing runs nothing, and is 77", arguments: TestedTransport.overSSH)
  func unboundKey(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    try line.authorize(try key(pair), for: nil)
    try pair.expectUntouched(77, "not bound", "hotsync-slave authorize --connection standby")
  }

  // MARK: Who answers

  @Test("a host key that is not recorded, or not that one, is 77", arguments: TestedTransport.overSSH)
  func hostKey(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    try line.trust(line.hostKey, of: "another", at: pair.master)
    try pair.expectUntouched(77, "hotsync trust standby")
    try SSHArrangement.makeKey(of: "stranger", at: pair.master)
    let stranger = try pair.master.read("etc/hotsync/keys/stranger.pub").split(separator: " ").prefix(2)
    try line.trust(stranger.joined(separator: " "), of: "standby", at: pair.master)
    try pair.expectUntouched(77, "not the one that was recorded", "--fingerprint")
    try pair.master.remove("etc/hotsync/known_hosts")
    try pair.expectUntouched(77, "hotsync trust standby")
    try line.trust(line.hostKey, of: "standby", at: pair.master)
    try pair.master.setPermissions(0o666, of: "etc/hotsync/known_hosts")
    try pair.expectUntouched(77, "others can write it")
  }

  @Test(
    "a closed port, an address without an answer and a name that is none are 69", arguments: TestedTransport.overSSH)
  func unreachable(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    try pair.beImpatient()
    try pair.set(ofConnection: "slave_host", "192.0.2.1")
    try pair.expectUntouched(69, "192.0.2.1", within: .seconds(15))
    try pair.set(ofConnection: "slave_host", "name.invalid")
    try pair.expectUntouched(69, "name.invalid", "does not resolve")
    try pair.set(ofConnection: "slave_host", "127.0.0.1")
    line.server.stop()
    try pair.expectUntouched(69, "connection refused", "start sshd there")
  }

  // MARK: What runs there

  @Test("a program that is not there, or may not be run, is 76", arguments: TestedTransport.overSSH)
  func missingProgram(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    try line.authorize(try key(pair), for: "/nonexistent/hotsync-slave serve --connection standby")
    try pair.expectUntouched(76, "/nonexistent/hotsync-slave", "install hotsync on the slave")
    try line.authorize(try key(pair), for: "/etc/passwd serve --connection standby")
    try pair.expectUntouched(76, "/etc/passwd")
  }

  @Test(
    "words of the account's start files before the agent's first are 76, and named",
    arguments: TestedTransport.overSSH)
  func noise(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    try line.authorize(
      try key(pair), for: "echo \"Welcome to \\standby!\"; exec \(line.agentCommand(of: "standby"))")
    try pair.expectUntouched(76, "Welcome to", "print nothing")
  }

  @Test("a slave of another version says so, and that is 76", arguments: TestedTransport.overSSH)
  func otherVersion(_ transport: TestedTransport) throws {
    let (pair, line) = try pair(transport)
    let scripted = try ScriptedSlave()
    try scripted.answer(
      SlaveWords.preamble
        + SlaveWords.refusal("incompatible", ["cannot talk to", "hotsync 0.1.0", "it speaks 5 to 7", "install"]))
    try line.authorize(try key(pair), for: "\(scripted.programs)/hotsync-slave serve --connection standby")
    try pair.expectUntouched(76, "it speaks 5 to 7")
  }
}

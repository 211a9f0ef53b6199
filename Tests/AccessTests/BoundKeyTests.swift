import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// What a master's key can do once `authorize` has bound it, asked of OpenSSH's own client and server.
@Suite struct BoundKeyTests {
  /// A slave that a master's key is bound to, with its stores, and its sshd.
  private struct Bound {
    let stage: Stage
    let server: SSHServer

    init(connections: [String] = ["standby"]) throws {
      stage = try Stage(connections: connections)
      try stage.succeed(stage.hotsyncSlave("apply"))
      try stage.succeed(stage.authorize(try stage.makeKey()))
      server = try SSHServer(root: stage.slave, "Subsystem sftp internal-sftp")
    }

    /// Logs in, and expects the agent of the connection and nothing else on the line.
    @discardableResult
    func expectAgent(
      _ options: [String], command: [String] = ["exit", "126"], environment: [String: String] = [:],
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RunningProgram.Result {
      let result = try stage.ssh(
        server, options, command: command, environment: environment, input: Stage.greeting(for: "standby"))
      let answer = try Stage.answer(result)
      guard case .welcome? = answer else {
        Issue.record("\(result)", sourceLocation: sourceLocation)
        return result
      }
      #expect(!result.outputText.contains("pwned"), "\(result)", sourceLocation: sourceLocation)
      return result
    }
  }

  @Test("a key that was authorised gets the agent of its connection through a real sshd")
  func agent() throws { try Bound().expectAgent([]) }

  @Test(
    "a root with blanks, quotes, backslashes and tokens in its name survives sshd and the login shell",
    arguments: [
      "a \"b' c", "back\\slash\\", "100%h %%u %", "$HOME `x` $(id)", "žluť, 日本", "semi;amp&pipe|", "-dash *?",
    ])
  func oddRoots(_ name: String) throws {
    let stage = try Stage(slaveName: name)
    try stage.succeed(stage.hotsyncSlave("apply"))
    let serverRoot = try stage.scratch.makeFolder("server")
    try stage.succeed(RunningProgram.run("/bin/mkdir", ["-p", "-m", "700", serverRoot + "/root/.ssh"]))
    try stage.succeed(
      stage.authorize(try stage.makeKey(), "--authorized-keys", serverRoot + "/root/.ssh/authorized_keys"))
    let server = try SSHServer(root: serverRoot)
    let result = try stage.ssh(server, input: Stage.greeting(for: "standby"))
    guard case .welcome? = try Stage.answer(result) else {
      Issue.record("\(result)\n\(server.log)")
      return
    }
  }

  @Test(
    "whatever is asked for, the agent runs",
    arguments: [
      ["echo", "pwned"], ["/bin/sh", "-c", "echo pwned"], ["hotsync-slave", "serve", "--connection", "spare"],
      ["scp", "-f", "/etc/passwd"], ["rsync", "--server", "--sender", ".", "/"], ["x", "--help"], ["$(echo", "pwned)"],
      [],
    ])
  func otherCommand(_ command: [String]) throws { try Bound().expectAgent([], command: command) }

  @Test("a subsystem gets the agent, too")
  func subsystem() throws {
    let bound = try Bound()
    try bound.expectAgent(["-s"], command: ["sftp"])
  }

  @Test("sshd itself lists the forced command as the only thing that the key may do")
  func options() throws {
    let result = try Bound().expectAgent(["-v"])
    let listed = result.errorText.split(whereSeparator: \.isNewline).filter { $0.contains("key options:") }
    #expect(!listed.isEmpty, "\(result)")
    // No agent-forwarding, port-forwarding, pty, user-rc or x11-forwarding.
    for line in listed { #expect(line.hasSuffix("authorized_keys:1: key options: command"), "\(line)") }
  }

  @Test("there is no terminal for it")
  func terminal() throws {
    let bound = try Bound()
    let result = try bound.stage.ssh(bound.server, ["-tt"], command: ["tty"], input: Stage.greeting(for: "standby"))
    #expect(result.errorText.contains("PTY allocation request failed"), "\(result)")
    #expect(!result.outputText.contains("/dev/"), "\(result)")
  }

  @Test("nothing is forwarded from the slave's network to the master's user")
  func forwardingOut() throws {
    let bound = try Bound()
    let straight = try bound.stage.ssh(bound.server, ["-W", "127.0.0.1:\(bound.server.port)"], command: [])
    #expect(straight.exitCode != 0 && straight.output.isEmpty, "\(straight)")
    #expect(straight.errorText.contains("prohibited"), "\(straight)")
    for option in ["-L", "-D"] {
      let port = 32_000 + Int(SeededGenerator.testSeed() % 600)
      let target = option == "-L" ? "\(port):127.0.0.1:\(bound.server.port)" : "\(port)"
      let client = try RunningProgram(
        "ssh", bound.stage.sshArguments(bound.server) + ["-N", option, target, SSHServer.user + "@127.0.0.1"])
      // By SOCKS 5 or straight, sshd's own greeting would come back.
      let request =
        option == "-L"
        ? ""
        : "\\x05\\x01\\x00\\x05\\x01\\x00\\x01\\x7f\\x00\\x00\\x01"
          + "\\x\(hexadecimal([UInt8(bound.server.port >> 8)]))\\x\(hexadecimal([UInt8(bound.server.port & 0xFF)]))"
      let script = """
        for i in {1..100}; do exec 3<>/dev/tcp/127.0.0.1/\(port) && break; sleep 0.05; done 2>/dev/null
        printf '\(request)' >&3; timeout 3 cat <&3
        """
      let result = try RunningProgram.run("/bin/bash", ["-c", script])
      #expect(!result.outputText.contains("SSH-2.0"), "\(option): \(result)")
      _ = try client.wait(until: { client.errorsSoFar().contains("prohibited") }, limit: .seconds(5))
      #expect(client.errorsSoFar().contains("prohibited"), "\(option): \(client.errorsSoFar())")
      client.kill()
    }
  }

  @Test("no port or socket of the slave is opened for the master's user")
  func forwardingIn() throws {
    let bound = try Bound()
    for target in ["0:127.0.0.1:9", bound.stage.scratch.path("socket") + ":127.0.0.1:9"] {
      let result = try bound.stage.ssh(
        bound.server, ["-o", "ExitOnForwardFailure=yes", "-N", "-R", target], command: [])
      #expect(result.exitCode == 255 && result.errorText.contains("remote port forwarding failed"), "\(result)")
    }
    #expect(try bound.stage.scratch.folder.statusIfPresent(.of("socket")) == nil)
  }

  @Test("no agent and no display is forwarded, and of the environment only what the slave's sshd accepts comes through")
  func environment() throws {
    let bound = try Bound()
    // In the agent's place, a program that tells what it was given.
    let probe = try bound.stage.scratch.makeFolder("probe") + "/hotsync-slave"
    try bound.stage.write("#!/bin/sh\nenv\nfor word; do echo \"word $word\"; done\n", to: probe, permissions: 0o755)
    let line = try bound.stage.read(bound.stage.authorizedKeys)
    guard let command = line.split(separator: "\"").dropFirst().first,
      let program = command.split(separator: " ").first
    else { throw SupportError(line) }
    try bound.stage.writeAuthorizedKeys(line.replacing(program, with: "'\(probe)'"))
    let agent = try RunningProgram("ssh-agent", ["-D", "-a", bound.stage.scratch.path("agent")])
    _ = try agent.wait(until: { try bound.stage.scratch.folder.statusIfPresent(.of("agent")) != nil })
    let result = try bound.stage.ssh(
      bound.server, ["-A", "-X", "-o", "SetEnv=LD_PRELOAD=/x ROOT=/x BASH_ENV=/x"], command: ["echo", "pwned"],
      environment: ["SSH_AUTH_SOCK": bound.stage.scratch.path("agent"), "DISPLAY": "127.0.0.1:9"])
    agent.kill()
    let lines = result.outputText.split(separator: "\n").map(String.init)
    // What was asked for is told to the program, which takes no notice of it: see the tests above.
    #expect(lines.contains("SSH_ORIGINAL_COMMAND=echo pwned"), "\(result)")
    for name in ["SSH_AUTH_SOCK", "DISPLAY", "SSH_TTY", "LD_PRELOAD", "ROOT", "BASH_ENV"] {
      #expect(!lines.contains { $0.hasPrefix(name + "=") }, "\(name): \(result)")
    }
    #expect(
      lines.filter { $0.hasPrefix("word ") }.map { String($0.dropFirst(5)) }
        == ["serve", "--connection", "standby", "--root", bound.stage.slave])
  }

  @Test("variables that would name another connection or root change nothing")
  func variables() throws {
    let options = ["-o", "SetEnv=HOTSYNC_CONNECTION=spare HOTSYNC_ROOT=/ HOTSYNC_JSON=1"]
    try Bound().expectAgent(options, command: ["hotsync-slave", "serve", "--connection", "spare", "--root", "/"])
  }

  @Test("one connection's key cannot reach another one's store")
  func otherConnection() throws {
    let bound = try Bound(connections: ["spare", "standby"])
    let before = try TreeSnapshot(of: bound.stage.slave + "/var/lib/hotsync")
    let result = try bound.stage.ssh(
      bound.server, command: ["hotsync-slave", "serve", "--connection", "spare"], input: Stage.greeting(for: "spare"))
    guard case .refusal(let refusal)? = try Stage.answer(result) else {
      Issue.record("\(result)")
      return
    }
    #expect(refusal.kind == .refused && refusal.cause.contains("\"standby\" only"), "\(refusal)")
    #expect(result.exitCode == 77, "\(result)")
    #expect(before.differences(to: try TreeSnapshot(of: bound.stage.slave + "/var/lib/hotsync")) == [])
  }

  @Test("a key that is not authorised, or was revoked, gets nothing")
  func notAuthorised() throws {
    let bound = try Bound(connections: ["spare", "standby"])
    _ = try bound.stage.makeKey("spare")
    let spare = try bound.stage.ssh(bound.server, connection: "spare", input: Stage.greeting(for: "spare"))
    #expect(spare.exitCode == 255 && spare.output.isEmpty && spare.errorText.contains("Permission denied"), "\(spare)")
    try bound.stage.succeed(bound.stage.hotsyncSlave("revoke", "--connection", "standby"))
    let revoked = try bound.stage.ssh(bound.server, input: Stage.greeting(for: "standby"))
    #expect(revoked.exitCode == 255 && revoked.output.isEmpty, "\(revoked)")
  }
}

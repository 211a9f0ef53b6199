import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncTransport

@Suite struct OpenSSHTests {
  private func target(
    _ folder: String = "/srv/odd %h ${HOME} \"place\"", host: String = "192.0.2.20",
    variables: [String: String] = [:]
  ) -> SSHTarget {
    SSHTarget(
      connection: "standby", host: host, port: 2_222, identity: "\(folder)/key", knownHosts: "\(folder)/known_hosts",
      connectTimeout: .seconds(7), silence: .seconds(60), agentVariables: variables)
  }

  // MARK: How it is called

  @Test("our own options come before a file's, and the connection's name after the end of options")
  func order() throws {
    let arguments = OpenSSHCommand(target(), configuration: "/etc/hotsync/ssh_config").arguments
    #expect(arguments.prefix(2) == ["-F", "/etc/hotsync/ssh_config"])
    #expect(arguments.suffix(3) == ["--", "standby", "exit 126"])
    let options = stride(from: 2, to: arguments.count - 3, by: 2).map { arguments[$0] }
    #expect(options.allSatisfy { $0 == "-o" })
    #expect(!arguments.contains { $0.hasPrefix("Ciphers=") }, "a file may name others")
    let alone = OpenSSHCommand(target(), configuration: nil).arguments
    #expect(alone.prefix(2) == ["-F", "none"])
    #expect(alone.contains { $0.hasPrefix("Ciphers=aes128-gcm@openssh.com,") })
  }

  /// What `ssh -G` made of our options.
  private func understood(_ target: SSHTarget, configuration: String? = nil) throws -> [String] {
    let command = OpenSSHCommand(target, configuration: configuration)
    let result = try RunningProgram.run("ssh", ["-G"] + command.arguments, environment: command.environment)
    #expect(result.exitCode == 0, "\(result)")
    return result.outputText.split(separator: "\n").map(String.init)
  }

  @Test("ssh understands every option as it is meant, whatever a file says")
  func isUnderstood() throws {
    let scratch = try ScratchFolder("ssh")
    try scratch.write(
      """
      Host standby
        StrictHostKeyChecking no
        UserKnownHostsFile /tmp/others
        PasswordAuthentication yes
        ForwardAgent yes
        HostName 192.0.2.99
        Ciphers aes256-ctr
      """.utf8, to: "config")
    for configuration in [nil, scratch.path("config")] {
      let lines = try understood(target(host: "fe80::1%eth0"), configuration: configuration)
      for line in [
        "hostname fe80::1%eth0", "port 2222", "user root", "stricthostkeychecking true", "batchmode yes",
        "passwordauthentication no", "hostkeyalias standby", "globalknownhostsfile /dev/null", "identitiesonly yes",
        "connecttimeout 7", "serveraliveinterval 20", "serveralivecountmax 3", "forwardagent no", "escapechar none",
      ] { #expect(lines.contains(line), "\(line) of \(lines)") }
      #expect(lines.contains("ciphers aes256-ctr") == (configuration != nil))
      #expect(lines.contains { $0.hasPrefix("userknownhostsfile ") && !$0.contains("others") })
    }
  }

  @Test("variables for the agent reach ssh whole, several of them too")
  func variables() throws {
    let lines = try understood(target(variables: ["HOTSYNC_FAULT": "*:3:5", "HOTSYNC_KILL_AT": "stage:2"]))
    let expected = ["setenv HOTSYNC_FAULT=*:3:5", "setenv HOTSYNC_KILL_AT=stage:2"]
    #expect(lines.filter { $0.hasPrefix("setenv ") } == expected)
  }

  // MARK: What its end says

  struct Said: Sendable, CustomTestStringConvertible {
    let words: [String]
    let code: Int32
    let kind: FailureKind?
    let inMessage: String
    var testDescription: String { words.first ?? "code \(code)" }

    init(_ kind: FailureKind?, _ inMessage: String, code: Int32 = 255, _ words: String...) {
      self.words = words
      self.code = code
      self.kind = kind
      self.inMessage = inMessage
    }
  }

  static let said: [Said] = [
    Said(
      .unreachable, "does not resolve: Name or service not known",
      "ssh: Could not resolve hostname name.invalid: Name or service not known"),
    Said(.unreachable, "connection refused", "ssh: connect to host 192.0.2.20 port 22: Connection refused"),
    Said(.unreachable, "no answer within 7 s", "ssh: connect to host 192.0.2.20 port 22: Connection timed out"),
    Said(.unreachable, "No route to host", "ssh: connect to host 192.0.2.20 port 22: No route to host"),
    Said(
      .unreachable, "no answer within 7 s (sshd's greeting)", "Connection timed out during banner exchange",
      "Connection to 127.0.0.1 port 22 timed out"),
    Said(
      .unreachable, "Connection closed by 192.0.2.20",
      "kex_exchange_identification: Connection closed by remote host", "Connection closed by 192.0.2.20 port 22"),
    Said(.unreachable, "Connection reset by", "Connection reset by 192.0.2.20 port 22"),
    Said(
      .refused, "not the one that was recorded",
      "No ED25519 host key is known for standby and you have requested strict checking.",
      "Host key verification failed."),
    Said(
      .refused, "(now SHA256:abc)", "@@@@@@", "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
      "The fingerprint for the ED25519 key sent by the remote host is", "SHA256:abc.", "Host key verification failed."),
    Said(
      .unreachable, "Received disconnect",
      "Received disconnect from 192.0.2.20 port 22:2: Permission denied (publickey). No ED25519 host key is known for x"
    ),
    Said(.refused, "does not take the key", "root@192.0.2.20: Permission denied (publickey)."),
    Said(
      .incompatible, "no matching cipher found",
      "Unable to negotiate with 192.0.2.20 port 22: no matching cipher found. Their offer: aes128-cbc"),
    Said(.incompatible, "no sshd", "banner exchange: Connection to 192.0.2.20 port 22: invalid format"),
    Said(.configuration, "invalid format", "Load key \"/k\": invalid format", "root@h: Permission denied (publickey)."),
    Said(.refused, "not bound", code: 126),
    Said(.incompatible, "Permission denied", code: 126, "bash: line 1: /x/hotsync-slave: Permission denied"),
    Said(.incompatible, "No such file", code: 127, "bash: line 1: /x/hotsync-slave: No such file or directory"),
    Said(nil, "", code: 73, "hotsync-slave: cannot open the store"),
    Said(nil, "", code: 0),
  ]

  @Test("each way in which a login fails has its code and its words", arguments: said)
  func classified(_ said: Said) {
    let failure = OpenSSHEnding(code: said.code, words: said.words).failure(target(), agentHasSpoken: false)
    #expect(failure?.kind == said.kind)
    if let failure { #expect(failure.cause.contains(said.inMessage), "\(failure)") }
  }

  @Test("once the agent has spoken, an end of ssh itself is a lost connection, and an end of the agent its own")
  func afterwards() {
    let lost = OpenSSHEnding(code: 255, words: ["root@h: Permission denied (publickey)."])
    #expect(lost.failure(target(), agentHasSpoken: true)?.operation == "lost the connection to")
    #expect(OpenSSHEnding(code: 126, words: []).failure(target(), agentHasSpoken: true) == nil)
  }

  // MARK: Before it is started

  private static let knownHost = Array(
    "standby ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFNvqT2cZkZJGCWzWbHZ2p4mFbSQrxkzO1gqV3rYf0cD\n".utf8)

  @Test("a key that others can read, a missing key and missing known hosts are told before ssh is started")
  func files() throws {
    let scratch = try ScratchFolder("ssh")
    let target = target(scratch.path)
    let start = { try OpenSSHTransport(target, configuration: nil, program: "/nonexistent/ssh") }
    #expect(#expect(throws: TransportError.self) { try start() }?.kind == .configuration)
    try scratch.write("key".utf8, to: "key")
    let open = #expect(throws: TransportError.self) { try start() }
    #expect(open?.kind == .refused && open?.nextStep == "chmod 600 \(scratch.path("key"))")
    try Descriptor.open(scratch.path("key")).setPermissions(0o600)
    let unknown = #expect(throws: TransportError.self) { try start() }
    #expect(unknown?.kind == .refused && unknown?.nextStep == "hotsync trust standby")
    try scratch.write(OpenSSHTests.knownHost, to: "known_hosts")
    let missing = #expect(throws: TransportError.self) { try start() }
    #expect(missing?.nextStep.hasPrefix("apt-get install openssh-client") == true)
  }

  @Test("a configuration that others can write is refused")
  func configuration() throws {
    let scratch = try ScratchFolder("ssh")
    try scratch.write("key".utf8, to: "key")
    try Descriptor.open(scratch.path("key")).setPermissions(0o600)
    try scratch.write(OpenSSHTests.knownHost, to: "known_hosts")
    try scratch.write("".utf8, to: "ssh_config")
    try Descriptor.open(scratch.path("ssh_config")).setPermissions(0o666)
    let error = #expect(throws: TransportError.self) {
      _ = try OpenSSHTransport(target(scratch.path), configuration: scratch.path("ssh_config"))
    }
    #expect(error?.kind == .refused && error?.subject == scratch.path("ssh_config"))
  }
}

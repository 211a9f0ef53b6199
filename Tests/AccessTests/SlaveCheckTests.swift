import HotsyncSystem
import TestSupport
import Testing

@Suite struct SlaveCheckTests {
  private func ready(_ lines: String...) throws -> (Stage, SSHServer) {
    let stage = try Stage()
    try stage.succeed(stage.hotsyncSlave("apply"))
    try stage.succeed(stage.authorize(try stage.makeKey()))
    let server: SSHServer =
      switch lines.count {
      case 0: try SSHServer(root: stage.slave)
      default: try SSHServer(root: stage.slave, lines.joined(separator: "\n"))
      }
    return (stage, server)
  }

  private func expect(
    _ stage: Stage, code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try TreeSnapshot(of: stage.slave)
    let result = try stage.hotsyncSlave("check", "--connection", "standby")
    #expect(result.exitCode == code, "\(result)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        (result.outputText + result.errorText).contains(word), "\(word)\n\(result)", sourceLocation: sourceLocation)
    }
    #expect(before.differences(to: try TreeSnapshot(of: stage.slave)) == [], sourceLocation: sourceLocation)
  }

  @Test("a slave that is ready passes in every point")
  func ready() throws {
    let (stage, server) = try ready()
    try expect(
      stage, code: 0, "pass  sshd            listens on port \(server.port)", "pass  keys", "pass  key file", "MiB free"
    )
    #expect(try stage.hotsyncSlave("check", "--json").outputText.hasPrefix("{\"ready\": true"))
    server.stop()
  }

  @Test("what is in the way of sshd is told with the line that mends it")
  func server() throws {
    // sshd answers no key of root's then, so it is only asked for its settings.
    for (line, mend) in [
      ("PermitRootLogin no", "PermitRootLogin prohibit-password"),
      ("PubkeyAuthentication no", "PubkeyAuthentication yes"),
      ("ForceCommand /bin/true", "ForceCommand none"),
      ("Match User root\n  PermitRootLogin no", "PermitRootLogin prohibit-password"),
    ] {
      let (stage, server) = try ready(line)
      try expect(
        stage, code: 77, "FAIL  login", "write \(mend) into \(stage.slave)/etc/ssh/sshd_config", "systemctl reload ssh")
      server.stop()
    }
  }

  @Test("keys where sshd does not look are told")
  func otherFile() throws {
    let (stage, server) = try ready()
    let path = stage.slave + "/etc/ssh/sshd_config"
    let text = try stage.read(path)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("AuthorizedKeysFile") })
    for (files, code) in [
      ("/etc/keys/%u", 77), (".ssh/authorized_keys", 77), ("%h/.ssh/authorized_keys", 77), ("none", 77),
      (".ssh/authorized_keys \"\(stage.authorizedKeys)\"", 0),
    ] as [(String, Int32)] {
      try stage.write(text.replacing(line, with: "AuthorizedKeysFile \(files)"), to: path)
      try expect(stage, code: code, code == 0 ? "pass  key file" : "add it to AuthorizedKeysFile")
    }
    server.stop()
  }

  @Test("a home in which sshd would pass over the keys, and a list that leaves the account out, are told")
  func passedOver() throws {
    let (stage, server) = try ready()
    let path = stage.slave + "/etc/ssh/sshd_config"
    let text = try stage.read(path)
    try Descriptor.open(stage.slave + "/root", .folder).setPermissions(0o770)
    try expect(stage, code: 0, "pass  key file")
    try stage.write(text.replacing("StrictModes no", with: "StrictModes yes"), to: path)
    try expect(stage, code: 77, "others can write it", "chmod go-w '\(stage.slave)/root'")
    try Descriptor.open(stage.slave + "/root", .folder).setPermissions(0o700)
    try expect(stage, code: 0, "pass  key file")
    try stage.write(text + "AllowUsers admin\n", to: path)
    try expect(stage, code: 77, "AllowUsers admin", "systemctl reload ssh")
    server.stop()
  }

  @Test("a port that nobody listens on is told")
  func notListening() throws {
    let (stage, server) = try ready()
    server.stop()
    let result = try RunningProgram.run(
      "/bin/bash",
      ["-c", "for i in {1..100}; do (: <>/dev/tcp/127.0.0.1/\(server.port)) 2>/dev/null || exit 0; sleep 0.05; done"])
    #expect(result.exitCode == 0)
    try expect(stage, code: 69, "nothing listens on port \(server.port)", "systemctl enable --now ssh")
  }

  @Test("a missing store, a missing key and a program elsewhere are told with their commands")
  func ownPart() throws {
    let (stage, server) = try ready()
    let text = try stage.read(stage.authorizedKeys)
    try stage.writeAuthorizedKeys(text.replacing(RunningProgram.productsFolder, with: "/opt/elsewhere"))
    try expect(stage, code: 77, "/opt/elsewhere/hotsync-slave", "hotsync-slave authorize --connection standby")
    try stage.writeAuthorizedKeys(text.replacing("restrict,", with: ""))
    try expect(stage, code: 77, "it allows more than our command", "hotsync-slave revoke")
    try stage.writeAuthorizedKeys("")
    try expect(stage, code: 77, "no key is authorised", "hotsync key show standby")
    try stage.writeAuthorizedKeys(text)
    try stage.succeed(RunningProgram.run("/bin/rm", ["-rf", stage.slave + "/var/lib/hotsync/standby"]))
    try expect(stage, code: 73, "FAIL  store", "hotsync-slave apply")
    server.stop()
  }

  @Test("a connection that is another role's or switched off is told")
  func role() throws {
    let (stage, server) = try ready()
    try stage.succeed(stage.hotsyncSlave("config", "set", "connections.standby.status", "disabled"))
    try expect(stage, code: 77, "it is disabled on the slave", "status enabled")
    server.stop()
    #expect(try stage.hotsyncSlave("check", "--connection", "nowhere").exitCode == 64)
  }
}

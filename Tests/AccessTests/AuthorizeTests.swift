import HotsyncSystem
import TestSupport
import Testing

@Suite struct AuthorizeTests {
  @Test("the line binds the key to the agent of this connection; the next commands are told")
  func authorises() throws {
    let stage = try Stage()
    try stage.succeed(RunningProgram.run("/bin/mkdir", ["-p", stage.slave + "/etc/ssh"]))
    try stage.succeed(
      RunningProgram.run(
        "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stage.slave + "/etc/ssh/ssh_host_ed25519_key"]))
    let hostKey = try stage.fingerprint(of: stage.read(stage.slave + "/etc/ssh/ssh_host_ed25519_key.pub"))
    let key = try stage.makeKey()
    let result = try stage.succeed(stage.authorize(key))
    let line = try stage.read(stage.authorizedKeys)
    let program = RunningProgram.productsFolder + "/hotsync-slave"
    #expect(line == "restrict,command=\"\(program) serve --connection standby --root '\(stage.slave)'\" \(key)\n")
    #expect(result.outputText.contains("hotsync trust standby --fingerprint \(hostKey)\n"), "\(result)")
    #expect(result.outputText.contains("hotsync-slave apply --root '\(stage.slave)'"), "the store is not made yet")
    #expect(try stage.status(stage.authorizedKeys).permissions == 0o600)
    #expect(try stage.status(stage.slave + "/root/.ssh").permissions == 0o700)
    #expect(try stage.fingerprint(of: key) == String(result.outputText.split(separator: " ")[1]))
    try stage.succeed(stage.hotsyncSlave("apply"))
    #expect(try !stage.authorize(key).outputText.contains("hotsync-slave apply"))
  }

  @Test("the key may come from a file, from standard input, and with comments around it")
  func sources() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    try stage.write("# the master's\n\n\(key)\r\n", to: stage.scratch.path("key"))
    let file = try stage.hotsyncSlave("authorize", "--connection", "standby", "--key", stage.scratch.path("key"))
    #expect(try stage.succeed(file).outputText.hasPrefix("authorised: "))
    let dash = try stage.hotsyncSlave("authorize", "--connection", "standby", "--key", "-", input: key)
    #expect(try stage.succeed(dash).outputText.hasPrefix("already authorised: "))
    #expect(try stage.succeed(stage.hotsyncSlave("authorize", input: key)).outputText.hasPrefix("already authorised: "))
    #expect(try stage.read(stage.authorizedKeys).split(separator: "\n").count == 1)
  }

  @Test("the document of --json names all that comes next")
  func document() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    let result = try stage.succeed(stage.authorize(key, "--json"))
    #expect(result.outputText.hasPrefix("{\"connection\": \"standby\", \"result\": \"authorised\", \"path\": "))
    for text in [
      "\"host_key\": null", "\"older_keys\": []", "\"on_master\": [\"hotsync trust standby\"",
      "serve --connection standby",
    ] {
      #expect(result.outputText.contains(text), "\(text)\n\(result)")
    }
    #expect(result.errors.isEmpty)
  }

  @Test("a second key of the connection stands beside the first, and how to take that out is told")
  func rotation() throws {
    let stage = try Stage()
    let (first, second) = (try stage.makeKey(), try stage.otherKey("second"))
    try stage.succeed(stage.authorize(first))
    let result = try stage.succeed(stage.authorize(second))
    let old = try stage.fingerprint(of: first)
    let command = "hotsync-slave revoke --connection standby --root '\(stage.slave)' --key \(old)"
    #expect(result.outputText.contains(command), "\(result)")
    #expect(try stage.read(stage.authorizedKeys).split(separator: "\n").count == 2)
    let revoked = try stage.succeed(stage.hotsyncSlave("revoke", "--connection", "standby", "--key", old))
    #expect(revoked.outputText.contains("revoked: \(old)"), "\(revoked)")
    #expect(revoked.outputText.contains("still authorised: \(try stage.fingerprint(of: second))"), "\(revoked)")
    let left = try stage.read(stage.authorizedKeys)
    #expect(left.contains(second.split(separator: " ")[1]) && left.split(separator: "\n").count == 1)
  }

  @Test("a program that moved is written into the line that is there")
  func movedProgram() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    try stage.succeed(stage.authorize(key))
    let line = try stage.read(stage.authorizedKeys)
    let moved = line.replacing(RunningProgram.productsFolder, with: "/opt/elsewhere")
    try stage.writeAuthorizedKeys("# mine\n\(moved)# end\n")
    #expect(try stage.succeed(stage.authorize(key)).outputText.hasPrefix("authorised anew"))
    #expect(try stage.read(stage.authorizedKeys) == "# mine\n\(line)# end\n")
  }

  @Test("lines of others, owner and mode stay as they were")
  func others() throws {
    let stage = try Stage()
    let text = "# head\r\n\n\(try stage.otherKey("admin"))\nfrom=\"x\" \(try stage.otherKey("rsa", type: "rsa"))"
    try stage.writeAuthorizedKeys(text, permissions: 0o640)
    if Environment.isRoot { try stage.succeed(RunningProgram.run("chgrp", ["65534", stage.authorizedKeys])) }
    let before = try stage.status(stage.authorizedKeys)
    try stage.succeed(stage.authorize(try stage.makeKey()))
    #expect(try stage.read(stage.authorizedKeys).hasPrefix(text + "\nrestrict,"))
    let after = try stage.status(stage.authorizedKeys)
    #expect((after.owner, after.group, after.permissions) == (before.owner, before.group, before.permissions))
    try stage.succeed(stage.hotsyncSlave("revoke", "--connection", "standby"))
    #expect(try stage.read(stage.authorizedKeys) == text + "\n")
  }

  @Test("the file of the configured account is used, and belongs to it", .enabled(if: Environment.isRoot))
  func account() throws {
    let stage = try Stage()
    try stage.write(
      "root:x:0:0::/root:/bin/sh\nkeeper:x:1234:1235::/home/keeper/:/bin/sh\n", to: stage.slave + "/etc/passwd")
    try stage.succeed(stage.hotsyncSlave("config", "set", "connections.standby.user", "keeper"))
    try stage.succeed(stage.authorize(try stage.makeKey()))
    for path in ["/home/keeper/.ssh/authorized_keys", "/home/keeper/.ssh"] {
      let status = try stage.status(stage.slave + path)
      #expect(status.owner == 1234 && status.group == 1235, "\(path)")
    }
    try stage.succeed(stage.hotsyncSlave("config", "set", "connections.standby.user", "nobody-here"))
    expectThreeParts(
      try stage.hotsyncSlave("revoke", "--connection", "standby"), code: 78, "nobody-here", "--authorized-keys")
    let named = stage.scratch.path("named")
    try stage.succeed(stage.authorize(try stage.publicLine(), "--authorized-keys", named))
    #expect(try stage.read(named).hasPrefix("restrict,"))
  }
}

@Suite struct AuthorizeRefusalTests {
  @Test("a key that is there without our command is refused, with the line to take out")
  func unrestricted() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    for front in [
      "", "restrict ", "command=\"/usr/bin/hotsync-slave serve --connection standby\" ", "restrict,command=\"sh\" ",
    ] {
      let text = "# head\n\(front)\(key)\n"
      try stage.writeAuthorizedKeys(text)
      expectThreeParts(try stage.authorize(key), code: 77, "line 2 of \(stage.authorizedKeys)", "sed -i 2d")
      #expect(try stage.read(stage.authorizedKeys) == text)
    }
  }

  @Test("a key of another connection, or of another root's, is refused")
  func otherConnection() throws {
    let stage = try Stage(connections: ["standby", "spare"])
    let key = try stage.makeKey("spare")
    try stage.succeed(stage.authorize(key, connection: "spare"))
    let text = try stage.read(stage.authorizedKeys)
    expectThreeParts(try stage.authorize(key), code: 77, "line 1 of", "\"spare\"", "hotsync key generate standby")
    #expect(try stage.read(stage.authorizedKeys) == text)
    try stage.writeAuthorizedKeys(text.replacing(stage.slave, with: "/mnt/other"))
    expectThreeParts(try stage.authorize(key, connection: "spare"), code: 77, "below /mnt/other")
    #expect(try stage.hotsyncSlave("revoke", "--connection", "spare").outputText.hasPrefix("nothing to revoke"))
  }

  @Test("only an Ed25519 key is taken")
  func otherKeys() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    expectThreeParts(try stage.authorize(try stage.otherKey("rsa", type: "rsa")), code: 77, "ssh-rsa", "ssh-ed25519")
    expectThreeParts(try stage.authorize(try stage.otherKey("ecdsa", type: "ecdsa")), code: 77, "ecdsa-sha2-nistp256")
    let privateKey = try stage.read(stage.master + "/etc/hotsync/keys/standby")
    let result = try stage.authorize(privateKey)
    expectThreeParts(result, code: 77, "private key")
    #expect(!result.errorText.contains(privateKey.split(separator: "\n")[1]), "a secret is repeated")
    expectThreeParts(try stage.authorize(""), code: 77, "there is none")
    expectThreeParts(try stage.authorize("hello"), code: 77, "not a line")
    expectThreeParts(try stage.authorize("\(key)\n\(key)\n"), code: 77, "2 lines")
    expectThreeParts(try stage.authorize("command=\"sh\" \(key)"), code: 77, "not a line")
    expectThreeParts(try stage.authorize(String(repeating: "a", count: 100_000)), code: 77, "64 KiB")
    expectThreeParts(
      try stage.hotsyncSlave("authorize", "--connection", "standby", "--key", stage.scratch.path("none")), code: 64,
      "none")
    #expect(try stage.scratch.folder.folder(.of("the slave")).statusIfPresent(.of("root")) == nil, "nothing was made")
  }

  @Test("a file that is a link, a folder, a FIFO or in other hands is refused and stays as it was")
  func untrusted() throws {
    let stage = try Stage()
    let key = try stage.makeKey()
    try stage.writeAuthorizedKeys("# mine\n", permissions: 0o666)
    expectThreeParts(try stage.authorize(key), code: 77, "others can write it", "chmod go-w")
    let target = stage.scratch.path("target")
    try stage.write("# target\n", to: target)
    for command in ["ln -sf '\(target)' \"$0\"", "mkdir \"$0\"", "mkfifo \"$0\""] {
      try stage.succeed(RunningProgram.run("/bin/sh", ["-c", "rm -rf \"$0\"; " + command, stage.authorizedKeys]))
      expectThreeParts(try stage.authorize(key), code: 77, "cannot trust")
    }
    #expect(try stage.read(target) == "# target\n")
    try stage.succeed(
      RunningProgram.run("/bin/sh", ["-c", "rm -rf \"$0\"; chmod 777 \"${0%/*}\"", stage.authorizedKeys]))
    expectThreeParts(try stage.authorize(key), code: 77, "root/.ssh", "others can write it")
    try stage.succeed(
      RunningProgram.run(
        "/bin/sh", ["-c", "rm -rf \"$0\"; ln -s \"$1\" \"$0\"", stage.slave + "/root", stage.scratch.path]))
    expectThreeParts(try stage.authorize(key), code: 77, "symbolic link")
  }

  @Test("somebody else's file is refused", .enabled(if: Environment.isRoot))
  func otherOwner() throws {
    let stage = try Stage()
    try stage.writeAuthorizedKeys("")
    try stage.succeed(RunningProgram.run("chown", ["1234", stage.authorizedKeys]))
    expectThreeParts(try stage.authorize(try stage.makeKey()), code: 77, "it belongs to user 1234")
  }

  @Test("on a machine that is not configured as slave, the command that makes it one is told")
  func notConfigured() throws {
    let stage = try Stage(configured: false)
    let key = try stage.otherKey("key")
    expectThreeParts(
      try stage.authorize(key), code: 78,
      "hotsync-slave config set --root '\(stage.slave)' role slave connections.standby.status enabled")
    try stage.succeed(stage.hotsyncSlave("config", "set", "role", "slave", "connections.standby.status", "enabled"))
    expectThreeParts(
      try stage.authorize(key, connection: "spare"), code: 64, "configured are: standby", "connections.spare.role slave"
    )
    try stage.succeed(stage.authorize(key))
    try stage.succeed(
      stage.hotsyncSlave(
        "config", "set", "role", "master", "connections.standby.slave_host", "127.0.0.1",
        "connections.standby.data.include", "[/srv]"))
    expectThreeParts(try stage.authorize(key), code: 77, "configured as its master")
  }

  @Test("a root with a control character in its path is refused, as no line can hold it")
  func controlCharacters() throws {
    for name in ["a\nb", "a\u{7F}b", "a\tb"] {
      let stage = try Stage(slaveName: name)
      expectThreeParts(try stage.authorize(try stage.makeKey()), code: 77, "control character")
      #expect(try stage.scratch.folder.folder(.of(name)).statusIfPresent(.of("root")) == nil)
    }
  }

  @Test("to revoke what is not there is no failure, and makes nothing")
  func nothingToRevoke() throws {
    let stage = try Stage()
    let result = try stage.succeed(stage.hotsyncSlave("revoke", "--connection", "standby"))
    #expect(result.outputText.hasPrefix("nothing to revoke"), "\(result)")
    #expect(try stage.scratch.folder.folder(.of("the slave")).statusIfPresent(.of("root")) == nil)
    let key = try stage.makeKey()
    try stage.succeed(stage.authorize(key))
    let other = try stage.otherKey("other")
    for word in [try stage.fingerprint(of: other), stage.scratch.path("other.pub")] {
      let result = try stage.succeed(stage.hotsyncSlave("revoke", "--connection", "standby", "--key", word))
      #expect(result.outputText.hasPrefix("nothing to revoke") && result.outputText.contains("still authorised"))
    }
    let result2 = try stage.succeed(stage.hotsyncSlave("revoke", "--connection", "standby", "--key", "-", input: key))
    #expect(result2.outputText.hasPrefix("revoked: "), "\(result2)")
    #expect(try stage.read(stage.authorizedKeys) == "")
    expectThreeParts(
      try stage.hotsyncSlave("revoke", "--connection", "standby", "--key", "SHA256:short"), code: 64, "SHA256:short")
  }

  @Test("two at a time are both authorised")
  func together() throws {
    let stage = try Stage()
    let keys = try (0..<6).map { try stage.otherKey("key\($0)") }
    let programs = try keys.map { key in
      try RunningProgram(
        "hotsync-slave", ["authorize", "--connection", "standby", "--root", stage.slave], input: Array(key.utf8))
    }
    for program in programs { #expect(try program.wait().exitCode == 0) }
    let text = try stage.read(stage.authorizedKeys)
    for key in keys { #expect(text.contains(key.split(separator: " ")[1])) }
    #expect(text.split(separator: "\n").count == 6)
  }
}

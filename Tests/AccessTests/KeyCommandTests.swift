import HotsyncConfig
import HotsyncMaster
import HotsyncSystem
import TestSupport
import Testing

@Suite struct KeyCommandTests {
  private func keyPath(_ stage: Stage, _ name: String = "standby") -> String {
    stage.master + "/etc/hotsync/keys/" + name
  }

  private func key(_ stage: Stage) throws -> ConnectionKey {
    let configuration = try Configuration.load(root: stage.master)
    guard let connection = configuration.connection("standby") else { throw SupportError("no connection") }
    return ConnectionKey(connection, root: try Folder.open(stage.master), rootPath: stage.master)
  }

  private func remove(_ path: String) throws { try Stage.removeFile(path) }

  // MARK: generate, show

  @Test("generate makes a pair in a closed folder and prints the command for the slave")
  func generate() throws {
    let stage = try Stage()
    let result = try stage.succeed(stage.hotsync("key", "generate", "standby"))
    let line = try stage.publicLine()
    #expect(line.hasPrefix("ssh-ed25519 ") && line.hasSuffix(" hotsync:standby"))
    #expect(try stage.read(keyPath(stage, "standby.pub")) == line + "\n")
    for (path, permissions) in [("", 0o700), ("standby", 0o600), ("standby.pub", 0o644)] as [(String, UInt16)] {
      #expect(try stage.status(keyPath(stage, path)).permissions == permissions, "\(path)")
    }
    #expect(result.outputText.contains("hotsync-slave authorize --connection standby --key - <<< '\(line)'\n"))
    #expect(result.outputText.contains(try stage.fingerprint(of: line)))
    #expect(result.outputText.contains("hotsync trust standby --root '\(stage.master)'"))
    #expect(try Folder.open(keyPath(stage, "")).names().map(\.description) == ["standby", "standby.pub"])
  }

  @Test("the printed command, typed as it is, authorises the key")
  func printedCommand() throws {
    let stage = try Stage()
    let text = try stage.succeed(stage.hotsync("key", "generate", "standby")).outputText
    let command = try #require(text.split(separator: "\n").first { $0.contains("authorize") })
    let typed = "export PATH=\"\(RunningProgram.productsFolder):$PATH\"; \(command) --root '\(stage.slave)'"
    try stage.succeed(RunningProgram.run("/bin/bash", ["-c", typed]))
    #expect(try stage.read(stage.authorizedKeys).contains(try stage.publicLine()))
  }

  @Test("an existing key is never overwritten")
  func noOverwriting() throws {
    let stage = try Stage()
    let line = try stage.makeKey()
    let privateKey = try stage.read(keyPath(stage))
    expectThreeParts(
      try stage.hotsync("key", "generate", "standby"), code: 73, "there is one already", "hotsync key rotate standby")
    #expect(try stage.read(keyPath(stage)) == privateKey && stage.publicLine() == line)
  }

  @Test("show prints the public line alone, and what comes next beside it")
  func show() throws {
    let stage = try Stage()
    let line = try stage.makeKey()
    let result = try stage.hotsync("key", "show", "standby")
    #expect(result.outputText == line + "\n" && result.errorText.contains("hotsync-slave authorize"), "\(result)")
    #expect(try stage.hotsync("key", "show", "standby", "--quiet").errors.isEmpty)
    let json = try stage.hotsync("key", "show", "standby", "--json")
    #expect(json.outputText.contains("\"public_key\": \"\(line)\"") && json.errors.isEmpty, "\(json)")
    try remove(keyPath(stage, "standby.pub"))
    #expect(try stage.publicLine() == line)
    #expect(try stage.read(keyPath(stage, "standby.pub")) == line + "\n", "made again from the private half")
  }

  @Test("trust that is there already is not asked for again")
  func trusted() throws {
    let stage = try Stage()
    let hostKey = try stage.otherKey("host")
    try stage.write("standby \(hostKey)\n", to: stage.master + "/etc/hotsync/known_hosts")
    let result = try stage.succeed(stage.hotsync("key", "generate", "standby"))
    #expect(!result.outputText.contains("hotsync trust"), "\(result)")
    #expect(try stage.hotsync("key", "show", "standby", "--json").outputText.contains("\"trusted\": true"))
  }

  @Test("what cannot have a key is refused with its code")
  func refusals() throws {
    let stage = try Stage()
    for verb in ["show", "rotate"] {
      expectThreeParts(
        try stage.hotsync("key", verb, "standby"), code: 78, "there is none", "hotsync key generate standby --root")
    }
    for verb in ["generate", "show", "rotate"] {
      expectThreeParts(try stage.hotsync("key", verb, "nowhere"), code: 64, "configured are: standby")
    }
    try stage.succeed(
      stage.hotsync(
        "config", "set", "connections.standby.transport", "local", "connections.standby.local_root", stage.slave))
    expectThreeParts(
      try stage.hotsync("key", "generate", "standby"), code: 78, "its transport is local", "transport ssh")
    let slave = try RunningProgram.run("hotsync", ["key", "generate", "standby", "--root", stage.slave])
    expectThreeParts(slave, code: 77, "only a master logs in")
  }

  @Test("a key that others can read, or a folder that they can write, is refused")
  func untrusted() throws {
    let stage = try Stage()
    _ = try stage.makeKey()
    try Descriptor.open(keyPath(stage)).setPermissions(0o640)
    for verb in ["show", "rotate", "generate"] {
      expectThreeParts(try stage.hotsync("key", verb, "standby"), code: 77, "others can read it", "chmod 600")
    }
    #expect(throws: MasterError.self) { try key(stage).fingerprint() }
    try Descriptor.open(keyPath(stage)).setPermissions(0o600)
    try Descriptor.open(keyPath(stage, ""), .folder).setPermissions(0o777)
    expectThreeParts(try stage.hotsync("key", "show", "standby"), code: 77, "others can write it")
  }

  // MARK: rotate

  @Test("rotate makes a second key beside the first, once")
  func rotate() throws {
    let stage = try Stage()
    let first = try stage.makeKey()
    let result = try stage.succeed(stage.hotsync("key", "rotate", "standby"))
    let next = String(try stage.read(keyPath(stage, "standby.new.pub")).dropLast())
    #expect(try next != first && stage.publicLine() == first)
    #expect(
      result.outputText.contains("hotsync-slave authorize --connection standby --key - <<< '\(next)'\n"), "\(result)")
    expectThreeParts(try stage.hotsync("key", "rotate", "standby"), code: 73, "one waits already", "<<< '\(next)'")
    #expect(try key(stage).waiting() == keyPath(stage, "standby.new"))
    #expect(try key(stage).promoteNew() == true)
    #expect(try key(stage).promoteNew() == false)
    #expect(try key(stage).waiting() == nil)
    #expect(try stage.publicLine() == next && stage.read(keyPath(stage, "standby.pub")) == next + "\n")
    #expect(try Folder.open(keyPath(stage, "")).names().map(\.description) == ["standby", "standby.pub"])
  }

  /// The states that a cut between two steps of a promotion leaves, in their order.
  @Test(
    "cut between any two steps, one key works, its public half is right, and the next promotion ends it",
    arguments: ["rm standby.pub", "rm standby.pub; mv standby.new standby", "mv standby.new standby"])
  func cut(_ steps: String) throws {
    let stage = try Stage()
    let first = try stage.makeKey()
    try stage.succeed(stage.hotsync("key", "rotate", "standby"))
    let next = String(try stage.read(keyPath(stage, "standby.new.pub")).dropLast())
    try stage.succeed(RunningProgram.run("/bin/sh", ["-c", "cd \"$0\"; \(steps)", keyPath(stage, "")]))
    let isMoved = steps.contains("mv")
    #expect(try key(stage).waiting() == (isMoved ? nil : keyPath(stage, "standby.new")))
    #expect(try stage.publicLine() == (isMoved ? next : first))
    #expect(try stage.read(keyPath(stage, "standby.pub")) == (isMoved ? next : first) + "\n")
    #expect(try key(stage).promoteNew() == !isMoved)
    #expect(try stage.publicLine() == next)
    try stage.succeed(stage.hotsync("key", "rotate", "standby"))
    #expect(try key(stage).promoteNew())
    #expect(try stage.publicLine() != next)
  }
}

extension Stage {
  static func removeFile(_ path: String) throws {
    guard try RunningProgram.run("/bin/rm", ["-f", path]).exitCode == 0 else {
      throw SupportError("cannot remove \(path)")
    }
  }
}

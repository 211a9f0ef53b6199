import HotsyncSystem
import TestSupport
import Testing

/// Another key in the place of the one in use, over a real sshd: there is no moment at which no key works.
@Suite struct RotationTests {
  /// A pair in step whose master has a second key, which the slave does not know yet.
  private struct Rotation {
    let pair: Pair
    let line: SSHArrangement
    let relay: Relay
    /// What is typed on the slave so that it knows the key, as it was printed.
    let authorizing: String
    /// The private keys: the one in use, and the one that waits.
    let (old, new): (String, String)

    init(_ transport: TestedTransport) throws {
      pair = try Pair.committed(over: transport, isRelayed: true)
      line = try #require(pair.line)
      relay = try #require(line.relay)
      let printed = try Machine(pair.master.path).typeHere("hotsync key rotate standby")
      authorizing = try Printed.line("hotsync-slave authorize", in: printed)
      (old, new) = (try pair.master.read("\(keys)/standby"), try pair.master.read("\(keys)/standby.new"))
    }

    var keyNames: [String] { get throws { try Folder.open(pair.master.below(keys).path).names().map(\.description) } }

    /// Whether sshd lets somebody in with a private key.
    func letsIn(_ privateKey: String) throws -> Bool {
      let place = Place(path: pair.scratch.path)
      try place.write(privateKey, to: "key of somebody", permissions: 0o600)
      let login = try RunningProgram.run(
        "ssh",
        [
          "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
          "UserKnownHostsFile=/dev/null", "-v", "-p", "\(line.server.port)", "-i",
          place.below("key of somebody").path, "\(SSHServer.user)@127.0.0.1",
        ])
      let (isIn, isDenied) = (
        login.errorText.contains("Authenticated to"), login.errorText.contains("Permission denied")
      )
      #expect(isIn != isDenied, "\(login)")
      return isIn
    }
  }

  private static let keys = "etc/hotsync/keys"

  @Test(
    "a new key is used once the slave has it, and the old one is out once it is revoked",
    arguments: TestedTransport.overSSH)
  func rotates(_ transport: TestedTransport) throws {
    let rotation = try Rotation(transport)
    let (pair, slave) = (rotation.pair, Machine(rotation.pair.slave.path))

    try pair.data.write("by the old key", to: "first.txt")
    rotation.relay.plan(.pass)
    let waiting = try pair.expectInStep("--verbose")
    #expect(waiting.result == "committed" && waiting.problems.isEmpty, "\(waiting)")
    #expect(
      waiting.program.errorText.contains("does not take \(pair.master.path)/\(RotationTests.keys)/standby.new yet"))
    #expect(rotation.relay.counts.connections == 2)
    #expect(try rotation.keyNames == ["standby", "standby.new", "standby.new.pub", "standby.pub"])

    try slave.typeHere(rotation.authorizing)
    try pair.data.write("by the new key", to: "first.txt")
    rotation.relay.plan(.pass)
    let replacing = try pair.expectInStep()
    #expect(replacing.result == "committed" && rotation.relay.counts.connections == 1, "\(replacing)")
    let problem = try #require(replacing.problems.first { $0["code"].text == "key_replaced" }, "\(replacing)")
    #expect(try rotation.keyNames == ["standby", "standby.pub"])
    #expect(try pair.master.read("\(RotationTests.keys)/standby") == rotation.new)

    #expect(try rotation.letsIn(rotation.old))
    let revoking = try Printed.after("on the slave: ", in: try #require(problem["next_step"].text))
    #expect(try slave.typeHere(revoking).contains("revoked: "))
    #expect(try !rotation.letsIn(rotation.old))
    #expect(try rotation.letsIn(rotation.new))
    try pair.data.write("without the old key", to: "first.txt")
    let later = try pair.expectInStep()
    #expect(later.result == "committed" && later.problems.isEmpty, "\(later)")
  }

  @Test(
    "where another host answers during a rotation, that is the end of it: no second key is tried",
    arguments: TestedTransport.overSSH,
    [false, true])
  func changedHost(_ transport: TestedTransport, isAuthorized: Bool) throws {
    let rotation = try Rotation(transport)
    let pair = rotation.pair
    if isAuthorized { try Machine(pair.slave.path).typeHere(rotation.authorizing) }
    try SSHArrangement.makeKey(of: "stranger", at: pair.master)
    let stranger = try pair.master.read("\(RotationTests.keys)/stranger.pub").split(separator: " ").prefix(2)
    try rotation.line.trust(stranger.joined(separator: " "), of: "standby", at: pair.master)
    let before = try pair.master.below(RotationTests.keys).snapshot()
    rotation.relay.plan(.pass)
    try pair.expectUntouched(77, "cannot trust", "not the one that was recorded")
    #expect(rotation.relay.counts.connections == 1)
    #expect(before.differences(to: try pair.master.below(RotationTests.keys).snapshot()) == [])
    try rotation.line.trust(rotation.line.hostKey, of: "standby", at: pair.master)
    try pair.expectInStep()
  }

  @Test(
    "a check during a rotation changes no file, whether the slave has the key or not",
    arguments: TestedTransport.overSSH)
  func check(_ transport: TestedTransport) throws {
    let rotation = try Rotation(transport)
    let pair = rotation.pair
    for isAuthorized in [false, true] {
      if isAuthorized { try Machine(pair.slave.path).typeHere(rotation.authorizing) }
      let before = (try pair.master.snapshot(), try pair.storeSnapshot())
      let check = try pair.hotsync("check")
      #expect(check.exitCode == 0, "\(check)")
      try rotation.line.waitForAgents()
      #expect(before.0.differences(to: try pair.master.snapshot()) == [])
      #expect(before.1.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
    }
  }
}

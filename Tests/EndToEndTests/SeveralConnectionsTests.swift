import HotsyncSystem
import TestSupport
import Testing

/// Connections of one master have their own results; the command ends with the gravest code.
@Suite struct SeveralConnectionsTests {
  /// A second connection of the same master, `spare`, whose slave is given.
  private func add(_ root: Place, to pair: Pair) throws {
    try pair.set(
      "connections.spare.transport", "local", "connections.spare.local_root", root.path,
      "connections.spare.data.include", "[/srv/data]")
  }

  private func results(_ result: RunningProgram.Result) throws -> [String] {
    try Document(result.outputText)["connections"].items.map {
      "\($0["connection"].text ?? "") \($0["result"].text ?? "")"
    }
  }

  @Test("a disabled connection is 0 with the result disabled, and its slave is not touched")
  func disabled() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("deactivate", "standby").exitCode == 0)
    let before = try pair.slave.snapshot()
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "disabled", "\(cycle)")
    #expect(before.differences(to: try pair.slave.snapshot()) == [])
    #expect(try pair.hotsync("activate", "standby").exitCode == 0)
    #expect(try pair.sync().result == "committed")
  }

  @Test("status disabled switches every connection off")
  func allDisabled() throws {
    let pair = try Pair()
    try pair.set("status", "disabled")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "disabled", "\(cycle)")
  }

  @Test("one connection's failure does not keep the other from its cycle, and its code is the command's")
  func oneFails() throws {
    let pair = try Pair()
    try add(Place(path: try pair.scratch.makeFolder("empty")), to: pair)
    let result = try pair.hotsync("sync", "--json")
    #expect(result.exitCode == 73 || result.exitCode == 78, "\(result)")
    #expect(try results(result).sorted() == ["spare failed", "standby committed"])
    let alone = try pair.hotsync("sync", "--json", "standby")
    #expect(try alone.exitCode == 0 && results(alone) == ["standby unchanged"], "\(alone)")
  }

  @Test("two connections push the same tree to their own stores")
  func both() throws {
    let pair = try Pair()
    let other = try Pair("spare")
    try add(other.slave, to: pair)
    let result = try pair.hotsync("sync", "--json")
    #expect(try result.exitCode == 0 && results(result).count == 2, "\(result)")
    #expect(try pair.differences() == [])
    let differences = try pair.data.snapshot().differences(to: other.mirror.below("srv/data").snapshot())
    #expect(differences == [])
  }

  @Test("a connection that the slave does not know is refused there, with 64 or 77, and no store comes into being")
  func otherName() throws {
    let pair = try Pair()
    try add(pair.slave, to: pair)
    let result = try pair.hotsync("sync", "spare")
    expectThreeParts(result, code: 64, ["spare"])
    #expect(try !pair.slave.holds("var/lib/hotsync/spare"))
  }
}

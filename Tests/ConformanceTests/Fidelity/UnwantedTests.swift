import HotsyncSystem
import TestSupport
import Testing

/// What does not go along: by nature, or because one of the two sides does not want it. It is told, and nothing else fails.
@Suite(.enabled(if: Environment.isRoot, "only root makes device nodes, trusted attributes and flags"))
struct UnwantedTests {
  private static let takers = ["devices", "trusted_xattrs"]

  @Test("a master whose configuration does not want them leaves them out, says so, and ends with 0")
  func masterDoesNotWant() throws {
    let pair = try Pair()
    for key in Self.takers { try pair.setOnSlave("data.\(key)", "true") }
    try pair.data.makeDevice("null", 1, 3)
    try pair.data.makeSocket("socket")
    try pair.data.makeFIFO("fifo")
    try pair.data.setAttribute("trusted.mine", [1], of: "first.txt")
    try pair.data.setAttribute("user.mine", [1], of: "first.txt")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/null") == ["device_skipped"], "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/socket") == ["socket_skipped"], "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/first.txt") == ["attribute_skipped"], "\(cycle)")
    #expect(cycle.problems.count == 3, "\(cycle)")
    #expect(try !pair.mirror.holds("srv/data/null") && !pair.mirror.holds("srv/data/socket"))
    #expect(try pair.mirror.status("srv/data/fifo").kind == .fifo)
    let names = try pair.mirror.open("srv/data/first.txt").extendedAttributes().map { shown($0.name) }
    #expect(names == ["user.mine"])
  }

  @Test("a slave whose own configuration does not want them refuses with 77 and says what to do", arguments: takers)
  func slaveDoesNotWant(_ key: String) throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    for key in Self.takers { try pair.set(ofConnection: "data.\(key)", "true") }
    if key == "devices" {
      try pair.data.makeDevice("null", 1, 3)
    } else {
      try pair.data.setAttribute("trusted.mine", [1], of: "first.txt")
    }
    try pair.expectUntouched(
      77, "data.\(key)", "on the slave: hotsync-slave config set connections.standby.data.\(key) true")
    try pair.setOnSlave("data.\(key)", "true")
    try pair.expectInStep()
  }

  @Test("attributes that mean something on their machine only stay there")
  func bound() throws {
    let pair = try Pair.takingAll(over: .local)
    try pair.data.setAttribute("security.evm", [2, 1, 1], of: "first.txt")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.problems.isEmpty, "\(cycle)")
    #expect(try pair.mirror.open("srv/data/first.txt").extendedAttributes().isEmpty)
  }

  @Test("without root a FIFO goes there and back as well")
  func withoutRoot() throws {
    let pair = try Pair(unprivileged: true)
    try pair.data.makeFIFO("fifo")
    try Pair.shell("chown -R 65534:65534 \"$0\"", pair.data.path)
    let cycle = try pair.sync()
    #expect(cycle.code == 0, "\(cycle)")
    let target = pair.scratch.path("restored")
    #expect(try pair.hotsyncSlave("restore", "--to", target).exitCode == 0)
    #expect(try Place(path: target).status("srv/data/fifo").kind == .fifo)
  }

  // MARK: Mounts

  @Test(
    "what is mounted below a root is told and left out, and comes where it is wanted", .enabled(if: Mount.isPossible))
  func mounts() throws {
    let pair = try Pair()
    for name in ["mounted", "bound", "origin"] { try pair.data.makeFolder(name) }
    try pair.data.write("the origin", to: "origin/file")
    let mount = try Mount(at: pair.data.below("mounted").path, "size=1m")
    try pair.data.write("on another file system", to: "mounted/file")
    try Pair.shell("mount --bind \"$0/origin\" \"$0/bound\"", pair.data.path)
    defer { try? Pair.shell("umount -l \"$0/bound\"", pair.data.path) }
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.problems.count == 2, "\(cycle)")
    for name in ["mounted", "bound"] {
      #expect(cycle.codes(of: "/srv/data/\(name)") == ["mount_skipped"], "\(cycle)")
      #expect(try pair.mirror.status("srv/data/\(name)").kind == .folder)
      #expect(try !pair.mirror.holds("srv/data/\(name)/file"))
    }
    try pair.set(ofConnection: "data.one_file_system", "false")
    let wanted = try pair.sync()
    #expect(wanted.code == 0 && wanted.problems.isEmpty, "\(wanted)")
    // One file seen twice has one name only: on the slave they are two.
    #expect(try pair.differences(.all.subtracting(.hardLinks)) == [])
    withExtendedLifetime(mount) {}
  }
}

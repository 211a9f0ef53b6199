import HotsyncSystem
import TestSupport
import Testing

/// A new administrator, who knows addresses and folders and types what is printed.
@Suite struct SetupTests {
  @Test(
    "a pair is set up from nothing by typing what the commands print, in four commands a side",
    arguments: TestedTransport.overSSH)
  func setUp(_ transport: TestedTransport) throws {
    let scratch = try ScratchFolder("setup")
    let master = Machine(try scratch.makeFolder("master"))
    let slave = Machine(try scratch.makeFolder("slave"))
    try Place(path: master.root).write("the first file\n", to: "srv/data/first")
    let server = try SSHServer(root: slave.root)
    try withExtendedLifetime(server) {
      // Nobody counts the one that only asks what to do.
      let hint = try Machine(master.root).type("hotsync sync --root '\(master.root)'", expecting: 78)
      let first = try Printed.after("on a new master: ", in: hint, until: "; on a new slave: ")
        .replacing("ADDRESS", with: "127.0.0.1").replacing("'[/home, /srv]'", with: "'[/srv/data]'")
      let other = transport == .openssh ? " connections.standby.transport openssh" : ""
      let keyed = try master.type(
        "\(first) connections.standby.port \(server.port) connections.standby.user \(SSHServer.user)\(other)")
      let generated = try master.type(try Printed.after("next:  ", in: keyed))

      let slaveHint = try Machine(slave.root).type("hotsync-slave status --root \(slave.root)", expecting: 78)
      let firstThere = try Printed.after("on a new slave: ", in: slaveHint).replacing("ADDRESS", with: "127.0.0.1")
      let applying = try slave.type(firstThere)
      let applied = try slave.type(try Printed.after("next:  ", in: applying))
      #expect(applied.contains("hotsync key generate standby"))
      let authorised = try slave.typeHere(try Printed.line("hotsync-slave authorize", in: generated))

      let trusted = try master.typeHere(try Printed.line("hotsync trust", in: authorised))
      #expect(trusted.contains("is recorded"))
      let cycle = try master.type("hotsync sync --root '\(master.root)'")
      #expect(cycle.contains("committed generation 1"), "\(cycle)")
    }
    #expect(master.commands <= 4 && slave.commands <= 4)
    let mirror = Place(path: "\(slave.root)/var/lib/hotsync/standby/mirror/files/srv/data")
    #expect(try mirror.read("first") == "the first file\n")
  }
}

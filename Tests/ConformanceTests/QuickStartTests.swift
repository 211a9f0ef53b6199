import HotsyncSystem
import TestSupport
import Testing

/// README.md's way from nothing to a pair, typed as it stands there.
@Suite struct QuickStartTests {
  /// Of README.md.
  private let section: String

  init() throws {
    let repository = Place(path: String(#filePath.dropLast("/Tests/ConformanceTests/QuickStartTests.swift".count)))
    section = try Printed.after("## Quick start: two machines\n", in: try repository.read("README.md"), until: "\n## ")
  }

  /// The command of a row of the table: in its second column the master's, in its third the slave's.
  private func command(_ row: Int, column: Int) throws -> String {
    let line = try #require(section.split(separator: "\n").first { $0.hasPrefix("| \(row) |") }, "row \(row)")
    let cells = line.split(separator: "|", omittingEmptySubsequences: false)
    return try Printed.after("`", in: String(try #require(cells.dropFirst(column).first)), until: "`")
  }

  /// Puts the address of this test in the place of those that stand there, and what was printed in the place of `…`.
  private func filled(_ command: String, _ word: String = "…", with text: String = "") throws -> String {
    let command = command.replacing("192.0.2.20", with: "127.0.0.1").replacing("192.0.2.10", with: "127.0.0.1")
      .replacing(word, with: text)
    #expect(!command.contains("…"), "\(command)")
    return command
  }

  @Test("the commands of README.md's table make a pair, and restore", arguments: TestedTransport.overSSH)
  func twoMachines(_ transport: TestedTransport) throws {
    let scratch = try ScratchFolder("quick")
    let master = Machine(try scratch.makeFolder("master"))
    let slave = Machine(try scratch.makeFolder("slave"))
    let files = ["srv/www/index.html", "home/someone/letter"]
    for file in files { try Place(path: master.root).write(file, to: file) }
    // Which every machine has.
    try Place(path: slave.root).makeFolder("srv")
    let server = try SSHServer(root: slave.root)
    try withExtendedLifetime(server) {
      let settings =
        " connections.standby.port \(server.port) connections.standby.user \(SSHServer.user)"
        + " connections.standby.transport \(transport.rawValue)"
      try master.typeHere(try filled(command(1, column: 2)) + settings)
      try slave.typeHere(try filled(command(1, column: 3)))
      let generated = try master.typeHere(try filled(command(2, column: 2)))
      try slave.typeHere(try filled(command(2, column: 3)))
      let key = try Printed.after("'ssh-ed25519 ", in: generated, until: "'")
      let authorised = try slave.typeHere(try filled(command(3, column: 3), "…", with: key))
      let fingerprint = try Printed.after("--fingerprint SHA256:", in: authorised)
      try master.typeHere(try filled(command(3, column: 2), "…", with: fingerprint))
      let cycle = try master.typeHere(try filled(command(4, column: 2)))
      #expect(cycle.contains("committed generation 1"), "\(cycle)")
      try typeTheRest(master, slave)
    }
    for file in files {
      #expect(try Place(path: "\(slave.root)/var/lib/hotsync/standby/mirror/files").read(file) == file)
    }
    #expect(try Place(path: "\(slave.root)/srv/restored").read("srv/www/index.html") == "srv/www/index.html")
  }

  /// What stands below the table.
  private func typeTheRest(_ master: Machine, _ slave: Machine) throws {
    for machine in [(master, "hotsync check"), (slave, "hotsync-slave check")] {
      #expect(section.contains("`\(machine.1)`"))
      try machine.0.typeHere(machine.1)
    }
    let typed = section.split(separator: "\n").filter { $0.hasPrefix("    hotsync-slave ") }
    #expect(typed.count == 2)
    // Where it restores to is the one path that is not below --root.
    for line in typed {
      try slave.typeHere(String(line.dropFirst(4)).replacing("--to /srv", with: "--to \(slave.root)/srv"))
    }
  }
}

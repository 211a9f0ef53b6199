import HotsyncSystem
import TestSupport
import Testing

/// A mirror that somebody touched by hand: it never stops a cycle, is never called sound, and comes right again.
@Suite struct MendingTests {
  private func pairWithFiles() throws -> Pair {
    let pair = try Pair()
    var random = SeededGenerator(seed: 11)
    for number in 1...4 { try pair.data.write(random.bytes(20_000), to: "f\(number)") }
    try pair.data.write(random.bytes(3 << 20), to: "large")
    try pair.data.link("f1", as: "z1")
    // Past the tick of the file system's clock, so that the next walk trusts what it knows.
    Worker.pause(.milliseconds(200))
    #expect(try pair.sync().code == 0)
    return pair
  }

  @Test("what verify finds damaged is told by status, and the next cycle brings it again although nothing changed")
  func damage() throws {
    let pair = try pairWithFiles()
    try pair.store.open("mirror/files/srv/data/f2").write([0x58], at: 7)
    try pair.store.open("mirror/files/srv/data/large").write([0x58], at: 2_000_000)
    try pair.store.remove("mirror/files/srv/data/f3")
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 65)
    #expect(try pair.hotsyncSlave("status").outputText.contains("damaged"))
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(try pair.differences() == [])
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
    #expect(try !pair.hotsyncSlave("status").outputText.contains("damaged"))
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("a commit goes on where a file that only gets new metadata is gone, and the next cycle brings it")
  func missingAtCommit() throws {
    let pair = try pairWithFiles()
    try pair.store.remove("mirror/files/srv/data/f4")
    try pair.data.setPermissions(0o600, of: "f4")
    #expect(try pair.sync().code == 0)
    #expect(try pair.hotsyncSlave("status").outputText.contains("damaged"))
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a file comes whole where the mirror lost what it was to be moved or patched from")
  func missingBase() throws {
    let pair = try pairWithFiles()
    try pair.store.remove("mirror/files/srv/data/f2")
    try pair.store.remove("mirror/files/srv/data/f3")
    try pair.store.remove("mirror/files/srv/data/large")
    try pair.data.rename("f2", to: "moved")
    try pair.data.append([0x58], to: "f3")
    try pair.data.open("large").write([0x58], at: 1_000_000)
    let cycle = try pair.sync()
    #expect(cycle.code == 0, "\(cycle)")
    #expect(try pair.differences() == [])
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("restore refuses a target inside the store")
  func restoreIntoTheStore() throws {
    let pair = try pairWithFiles()
    let result = try pair.hotsyncSlave("restore", "--to", pair.mirror.below("srv").path, "--force")
    #expect(result.exitCode == 73 && result.errorText.contains("store"), "\(result)")
    #expect(try pair.differences() == [])
  }

  @Test("an include root that turns from a folder into a file is refused")
  func rootTurnsIntoFile() throws {
    let pair = try pairWithFiles()
    try pair.master.rename("srv/data", to: "srv/elsewhere")
    try pair.master.write("", to: "srv/data")
    try pair.expectRefusal(77, "folder in the last cycle", "--accept-deletes")
  }
}

import HotsyncSystem
import TestSupport
import Testing

/// A large file whose changes were on their way when the line was lost: what had arrived is not sent again.
@Suite struct PatchResumeTests {
  private struct Setting {
    let pair: Pair
    let scripted: ScriptedSlave
    var random: SeededGenerator
  }

  /// What is on its way when the slave dies comes again, and counts twice. The limits below have room for what pipes hold.
  /// Over SSH there are, besides, up to 2 MiB of the channel's window, which the slave's sshd took and nobody read, and
  /// what waits to be sent: 512 KiB in a client within the process (`SSHLine.roomToSend`).
  private static let held = TestedTransport.chosen == .local ? 0 : 3 << 20

  /// A pair in step with a large file: so many random bytes, then a hole.
  private func setting(_ seed: UInt64, _ size: Int, hole: Int = 0) throws -> Setting {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    var random = SeededGenerator(seed: seed)
    try pair.data.write(random.bytes(size), to: "large")
    try pair.data.open("large").truncate(to: UInt64(size + hole))
    #expect(try pair.sync().code == 0)
    return Setting(pair: pair, scripted: scripted, random: random)
  }

  private func expectResumed(
    _ setting: Setting, literal limit: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let cycle = try setting.pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)", sourceLocation: sourceLocation)
    #expect(try setting.scripted.laterSlaves() == 1, sourceLocation: sourceLocation)
    #expect(cycle.bytes("literal") ?? .max < limit, "\(cycle)", sourceLocation: sourceLocation)
    let differences = try setting.pair.differences()
    #expect(differences == [], sourceLocation: sourceLocation)
    let verified = try setting.pair.hotsyncSlave("verify", "--full")
    #expect(verified.exitCode == 0, "\(verified)", sourceLocation: sourceLocation)
    #expect(try setting.pair.sync().result == "unchanged", sourceLocation: sourceLocation)
  }

  @Test("a slave that offers more of broken patches than there may be is refused")
  func offersTooMuch() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    let digest = [UInt8](repeating: 7, count: 16)
    var offer: [UInt8] = [1, 1, 0x61, 0x80, 0x80, 0x01]
    for number in 0..<16_384 { offer += [UInt8(number & 0x7F | 0x80), UInt8(number >> 7 | 0x80), 0x01, 1] + digest }
    let enough = SlaveWords.frame(79, offer)
    try scripted.answer(SlaveWords.greeting + Array(repeatElement(enough, count: 65).joined()))
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: 65, ["more of a broken cycle than there may be"])
    #expect(result.elapsed < .seconds(30))
  }

  @Test("a long stretch that is new goes on where it was cut")
  func longStretch() throws {
    var setting = try setting(1, 48 << 20)
    let new = setting.random.bytes(20 << 20)
    try setting.pair.data.open("large").write(new, at: 8 << 20)
    try setting.scripted.killSlave(at: "stage:\(wholeChunks(in: 15 << 20))")
    // What was on its way, and the node in which it was cut.
    try expectResumed(setting, literal: (24 << 20) + PatchResumeTests.held)
  }

  @Test("pages here and there are not sent again")
  func scattered() throws {
    var setting = try setting(2, 32 << 20)
    let file = try setting.pair.data.open("large")
    let count = 2_000
    for number in 0..<count { try file.write(setting.random.bytes(4_096), at: UInt64(number) * 16_384) }
    try setting.scripted.killSlave(at: "stage:1500")
    try expectResumed(setting, literal: count * 4_096 + (1 << 20) + PatchResumeTests.held)
  }

  @Test("what changed again while the line was lost is sent as it is now")
  func changesAgain() throws {
    var setting = try setting(3, 16 << 20)
    let path = setting.pair.data.path
    try setting.pair.data.open("large").write(setting.random.bytes(6 << 20), at: 1 << 20)
    try setting.scripted.killSlave(
      at: "stage:\(wholeChunks(in: 6 << 20))",
      after: "dd if=/dev/urandom of='\(path)/large' bs=4096 seek=300 count=100 conv=notrunc")
    try expectResumed(setting, literal: (6 << 20) + (5 << 20))
  }

  @Test("what turned back into a hole meanwhile is one on the slave, too")
  func turnsBack() throws {
    var setting = try setting(4, 20 << 20, hole: 15 << 20)
    let path = setting.pair.data.path
    // What is staged where the base has a hole would show through.
    try setting.pair.data.open("large").write(setting.random.bytes(15 << 20), at: 20 << 20)
    try setting.scripted.killSlave(
      at: "stage:\(wholeChunks(in: 25 << 19))",
      after: "fallocate --punch-hole --offset 22MiB --length 2MiB '\(path)/large'")
    try expectResumed(setting, literal: (19 << 20) + PatchResumeTests.held)
  }
}

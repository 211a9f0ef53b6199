import HotsyncSystem
import TestSupport
import Testing

/// The settings of the line: compression, bandwidth, the time that a greeting may take.
@Suite struct LineTests {
  private func addText(to pair: Pair) throws {
    let line = (0..<64).map { "2026-11-21 12:00:\($0) host service[\($0 * 7)]: a request was answered in \($0) ms\n" }
    let text = Array(line.joined().utf8)
    for number in 0..<200 { try pair.data.write(text + Array("\(number)".utf8), to: "logs/\(number).log") }
    try pair.data.write((0..<500).flatMap { _ in text }, to: "large.log")
  }

  @Test("what is packed arrives the same, for a fraction on the wire, and the agent packs its answers too")
  func packed() throws {
    let (plain, packed) = (try Pair(), try Pair())
    try packed.set(ofConnection: "compression", "zstd")
    for pair in [plain, packed] { try addText(to: pair) }
    let (first, second) = (try plain.sync(), try packed.sync())
    #expect(first.code == 0 && second.code == 0, "\(first) \(second)")
    #expect(second.wire * 5 < first.wire, "\(second.wire) of \(first.wire)")
    #expect(try packed.differences() == [])
    // Signatures and catalogs come packed as well: the master forgot what it knew.
    for pair in [plain, packed] {
      try Pair.shell("rm -rf \"$0/var/lib/hotsync-state\"", pair.master.path)
      try pair.data.append(Array("more\n".utf8), to: "large.log")
    }
    let (third, fourth) = (try plain.sync("--adopt"), try packed.sync("--adopt"))
    #expect(third.code == 0 && fourth.code == 0, "\(third) \(fourth)")
    #expect(
      (fourth.bytes("wire_received") ?? .max) * 10 < (third.bytes("wire_received") ?? 0) * 9, "\(third) \(fourth)")
    #expect(try packed.differences() == [])
  }

  @Test("what the master sends is held to bandwidth_limit")
  func bandwidth() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.set(ofConnection: "bandwidth_limit", "256KiB")
    var random = SeededGenerator(seed: 3)
    try pair.data.write(random.bytes(700_000), to: "bytes")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.program.elapsed > .milliseconds(2_300), "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a slave that does not greet within timeouts.connect is given up, whatever it dribbles")
  func greeting() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try pair.set(ofConnection: "timeouts.connect", "2s")
    for (bytes, lines) in [
      ([], "exec sleep 300"), (SlaveWords.preamble + [0, 16, 0, 0, 65], "while printf x; do sleep 0.3; done"),
    ] as [([UInt8], String)] {
      try scripted.answer(bytes, then: lines)
      let result = try pair.hotsync("sync")
      expectThreeParts(result, code: 69, ["within 2 s"])
      #expect(result.elapsed > .seconds(1) && result.elapsed < .seconds(20), "\(result.elapsed)")
    }
  }

  @Test("an agent to which nobody says hello ends by itself")
  func hello() throws {
    let pair = try Pair()
    #expect(try pair.hotsyncSlave("config", "set", "connections.standby.timeouts.connect", "2s").exitCode == 0)
    let start = Clocks.system.elapsed()
    // Its input stays open, and brings a byte now and then.
    try Pair.shell(
      """
      (printf HOTSYNC1; printf '\\100\\000\\000\\000\\001'; while printf x; do sleep 0.3; done) 2>/dev/null \
        | { "$0/hotsync-slave" serve --connection standby --root "$1" >/dev/null 2>"$2/errors" || echo $? >"$2/code"; }
      test "$(cat "$2/code")" = 69
      grep -q 'within 2 s' "$2/errors"
      """, RunningProgram.productsFolder, pair.slave.path, pair.scratch.path)
    #expect(Clocks.system.elapsed() - start < .seconds(20))
  }
}

import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// What may come from a login before it has greeted: bytes that are no greeting, and greetings that are not taken.
@Suite struct GreetingFramesTests {
  private func length(_ length: UInt32) -> [UInt8] {
    Preamble.bytes + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
  }

  private func frame(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] { Preamble.bytes + SlaveWords.frame(type, payload) }

  @Test("every length that no frame may have before the greeting is 76", arguments: TestedTransport.overSSH)
  func lengths(_ transport: TestedTransport) throws {
    let ordeal = try Ordeal(over: transport)
    for wrong: UInt32 in [0, 65_537, 1_048_576, 1_048_577, .max / 2, .max] {
      try ordeal.expectRefused(.first("a length of \(wrong)", 76, "a frame of \(wrong) bytes", bytes: length(wrong)))
    }
    // These two are lengths, but what has them is no greeting.
    try ordeal.expectRefused(.first("a length of 1", 76, "message 1: cut short", bytes: length(1) + [1]))
    try ordeal.expectRefused(
      .first("the limit", 76, "message 99: unknown", bytes: frame(99, [UInt8](repeating: 0, count: 65_535))))
    try ordeal.expectTrueCycle()
  }

  @Test("whatever is not how hotsync begins is 76", arguments: TestedTransport.overSSH)
  func noise(_ transport: TestedTransport) throws {
    let ordeal = try Ordeal(over: transport)
    let noises = [
      "HOTSYNC2", "hotsync1", "HOTSYNc1", "\0", "\n", "SSH-2.0-x\r\n", "GET / HTTP/1.1\r\n\r\n", "\u{1B}[2J",
    ]
    for noise in noises {
      try ordeal.expectRefused(.first("\(noise.debugDescription)", 76, "it began with", bytes: Array(noise.utf8)))
    }
    let hello = RawMaster.frame(.hello(RawMaster.hello(ordeal.pair)))
    try ordeal.expectRefused(.first("noise, then a greeting", bytes: Array("x".utf8) + Preamble.bytes + hello))
    try ordeal.expectRefused(.first("a greeting without a preamble", bytes: hello))
    try ordeal.expectRefused(.first("the preamble twice", bytes: Preamble.bytes + Preamble.bytes + hello))
    try ordeal.expectTrueCycle()
  }

  /// The fields of a greeting, each of which a test can make another.
  private struct Fields {
    var oldest: [UInt8] = [1]
    var newest: [UInt8] = [1]
    var program: [UInt8] = [1, 0x78]
    var connection = [7] + Array("standby".utf8)
    var purpose: [UInt8] = [1]
    var epoch: [UInt8] = [1]
    var promoter = [UInt8](repeating: 0, count: 16)
    var generation: [UInt8] = [0]
    var sum = [UInt8](repeating: 0, count: 16)
    var records: [UInt8] = [0]
    var store: [UInt8] = [0]
    var adopts: [UInt8] = [1]
    var packed: [UInt8] = [0]

    var bytes: [UInt8] {
      oldest + newest + program + connection + purpose + epoch + promoter + generation + sum + records + store + adopts
        + packed
    }
  }

  private static let beyondNumber = [UInt8](repeating: 0x80, count: 9) + [1]
  private static let largest = [UInt8](repeating: 0xFF, count: 9) + [1]

  @Test("a greeting whose fields are out of their forms is 76")
  func malformed() throws {
    func with(_ name: String, _ words: String, _ change: (inout Fields) -> Void) -> Offence {
      var fields = Fields()
      change(&fields)
      return .first(name, 76, words, bytes: frame(1, fields.bytes))
    }
    let ordeal = try Ordeal()
    try ordeal.expectRefused([
      with("an integer that is longer than it need be", "longer than it needs") { $0.oldest = [0x81, 0] },
      with("zero in two bytes", "longer than it needs") { $0.generation = [0x80, 0] },
      with("65 bits", "beyond 64 bits") { $0.newest = [UInt8](repeating: 0xFF, count: 9) + [2] },
      with("an integer of 11 bytes", "beyond 64 bits") { $0.oldest = [UInt8](repeating: 0x80, count: 10) + [1] },
      with("an integer without an end", "beyond 64 bits") { $0.oldest = [UInt8](repeating: 0xFF, count: 500) },
      with("a generation of 2^63", "over the limit") { $0.generation = GreetingFramesTests.beyondNumber },
      with("an epoch of 2^63", "over the limit") { $0.epoch = GreetingFramesTests.beyondNumber },
      with("an epoch of 2^64-1", "over the limit") { $0.epoch = GreetingFramesTests.largest },
      with("more records than there can be", "over the limit") { $0.records = [0x81, 0xC2, 0xD7, 0x2F] },
      with("a name of 257 bytes", "over the limit") {
        $0.program = [0x81, 2] + [UInt8](repeating: 0x78, count: 257)
      },
      with("a name longer than the frame", "cut short") { $0 = Fields(program: [0xFF, 1]) },
      with("a name that is not UTF-8", "not UTF-8") { $0.program = [2, 0xC3, 0x28] },
      with("no purpose", "purpose") { $0.purpose = [0] },
      with("an unknown purpose", "purpose") { $0.purpose = [9] },
      with("a flag that is 2", "flag") { $0.adopts = [2] },
      with("a store of 15 bytes", "cut short") { $0.store = [1] + [UInt8](repeating: 7, count: 13) },
      with("a digest of 15 bytes", "") { $0.sum.removeLast() },
      with("a digest of 17 bytes", "") { $0.sum.append(0) },
      with("a byte too few", "cut short") { $0.packed = [] },
      with("a byte too many", "1 bytes too many") { $0.packed = [0, 0] },
    ])
    try ordeal.expectTrueCycle()
  }

  @Test("a greeting of another version, for another connection or of a lower epoch is answered by a refusal")
  func refusedGreetings() throws {
    let ordeal = try Ordeal()
    func hello(_ name: String, _ code: Int32, _ words: String, _ change: (inout Hello) -> Void) -> Offence {
      .first(
        name, code, words, bytes: Preamble.bytes + RawMaster.frame(.hello(RawMaster.hello(ordeal.pair, .cycle, change)))
      )
    }
    try ordeal.expectRefused([
      hello("an older version", 76, "versions 0 to 0") { ($0.oldestVersion, $0.newestVersion) = (0, 0) },
      hello("the next version", 76, "versions 2 to 3") { ($0.oldestVersion, $0.newestVersion) = (2, 3) },
      hello("a far newer version", 76, "versions \(UInt64.max) to") {
        ($0.oldestVersion, $0.newestVersion) = (.max, .max)
      },
      hello("versions upside down", 76, "versions 2 to 1") { ($0.oldestVersion, $0.newestVersion) = (2, 1) },
      hello("another connection", 77, "\"standby\" only") { $0.connection = "spare" },
      hello("a connection that is a path", 77, "\"standby\" only") { $0.connection = "../standby" },
      hello("an older state", 77, "remembers no cycle") { $0.adopts = false },
      hello("another store", 77, "another store") {
        ($0.adopts, $0.store) = (false, [UInt8](repeating: 9, count: 16))
        $0.position = Position(generation: 1, catalog: .empty)
      },
    ])
    // Every version from ours on, and one that knows of later promotions: the slave takes them as what they can agree on.
    for (oldest, newest) in [(UInt64(1), UInt64.max), (0, 1), (1, 1)] {
      let master = try ordeal.login()
      try master.greet(
        RawMaster.hello(ordeal.pair) {
          ($0.oldestVersion, $0.newestVersion) = (oldest, newest)
          $0.epoch = Epoch(number: .max / 2, promoter: [UInt8](repeating: 5, count: 16)) ?? .first
        })
      #expect(master.welcome?.version == 1 && master.welcome?.epoch == .first)
      master.say(.bye)
      _ = try master.hearOut()
      #expect(master.code() == 0)
    }
    let promoter = "00112233445566778899aabbccddeeff"
    try ordeal.pair.slave.write("7 \(promoter)\n", to: "var/lib/hotsync-state/epoch")
    func epoch(_ name: String, _ words: String, _ number: UInt64, _ promoter: UInt8) -> Offence {
      hello(name, 77, words) {
        $0.epoch = Epoch(number: number, promoter: [UInt8](repeating: promoter, count: 16)) ?? .first
      }
    }
    try ordeal.expectRefused([
      epoch("no epoch", "was promoted (epoch 7", 0, 0), epoch("an older epoch", "was promoted (epoch 7", 6, 0),
      epoch("the same epoch by another promoter", "in the same epoch (7)", 7, 5),
    ])
    try ordeal.pair.slave.remove("var/lib/hotsync-state/epoch")
    try ordeal.expectTrueCycle()
  }

  @Test("a message that may not come before the greeting is 76, a packed frame among them")
  func early() throws {
    let ordeal = try Ordeal()
    let pings = ZstdFrame(.raw(RawMaster.frame(.ping))).bytes
    let hello = RawMaster.frame(.hello(RawMaster.hello(ordeal.pair)))
    for (name, bytes) in [("pings", [5] + pings), ("a greeting", [UInt8(hello.count)] + ZstdFrame(.raw(hello)).bytes)] {
      try ordeal.expectRefused(.first("packed: \(name)", 76, "message 127", bytes: frame(127, bytes)))
    }
    for type: UInt8 in [0, 30, 65, 66, 77, 126, 128, 255] {
      try ordeal.expectRefused(.first("type \(type)", 76, "message \(type): unknown", bytes: frame(type, [])))
    }
    try ordeal.expectTrueCycle()
  }
}

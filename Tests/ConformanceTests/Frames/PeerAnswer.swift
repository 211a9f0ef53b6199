import HotsyncCatalog
import TestSupport
import Testing

/// What a peer that is no slave of ours says and does, and what the master makes of it.
struct PeerAnswer: CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let lines: String
  let code: Int32
  let words: [String]
  /// Where it is another over SSH: there a program that cannot run is told from one that ended, and a signal is not told.
  let overSSH: (code: Int32, words: [String])?

  init(
    _ name: String, _ bytes: [UInt8], then lines: String = "cat > /dev/null", _ code: Int32, _ words: String...,
    overSSH: (code: Int32, words: [String])? = nil
  ) {
    testDescription = name
    self.bytes = bytes
    self.lines = lines
    self.code = code
    self.words = words
    self.overSSH = overSSH
  }

  static let all = known + beforeGreeting + afterGreeting
  /// What tells transports apart, and of the rest, which is the protocol's alone, every fourth.
  static let some = known + (beforeGreeting + afterGreeting).enumerated().filter { $0.offset % 4 == 0 }.map(\.element)

  private static let greeting = SlaveWords.greeting

  private static let known: [PeerAnswer] = [
    PeerAnswer(
      "noise before the banner", Array("Welcome to Debian!\n".utf8), 76, "Welcome to Debian!", "print nothing"),
    PeerAnswer("noise with escapes", [0x1B, 0x5B, 0x32, 0x4A] + Array("hello".utf8), 76, "how hotsync begins"),
    PeerAnswer("another version of the stream", Array("HOTSYNC2".utf8), 76, "HOTSYNC2"),
    PeerAnswer(
      "a welcome in a version that was not offered", SlaveWords.preamble + SlaveWords.welcome(version: [9]), 76,
      "version"
    ),
    PeerAnswer(
      "the refusal of a slave of another version",
      SlaveWords.preamble
        + SlaveWords.refusal("incompatible", ["cannot talk to", "hotsync 0.1.0", "it speaks 5 to 7", "install"]), 76,
      "it speaks 5 to 7"),
    PeerAnswer(
      "a refusal with escapes in it",
      SlaveWords.preamble + SlaveWords.refusal("refused", ["cannot serve", "you", "no\u{1B}[2J\nfake: line", "go"]), 77,
      "cause: no"),
    PeerAnswer(
      "a refusal of an unknown kind",
      SlaveWords.preamble + SlaveWords.refusal("terrible", ["cannot", "a", "b", "c"]), 76, "kind"),
    PeerAnswer("a frame beyond the limit", SlaveWords.preamble + [0xFF, 0xFF, 0xFF, 0x7F, 65], 76, "2147483647 bytes"),
    PeerAnswer("a frame of no length", SlaveWords.preamble + [0, 0, 0, 0], 76, "0 bytes"),
    PeerAnswer("an unknown message", SlaveWords.preamble + SlaveWords.frame(99, []), 76, "99"),
    PeerAnswer("a message out of order", SlaveWords.preamble + SlaveWords.frame(74, [1]), 76, "no greeting"),
    PeerAnswer(
      "signs of life and then its end", SlaveWords.preamble + SlaveWords.frame(77, []), then: "exit 0", 69,
      "closed the line"),
    PeerAnswer(
      "a welcome with a byte too many", SlaveWords.preamble + SlaveWords.frame(65, [1, 2, 3]), 76, "message 65"),
    PeerAnswer(
      "a welcome cut in the middle", Array(greeting.dropLast(40)), then: "head -c 1 >/dev/null; exit 0", 69,
      "inside a message"),
    // Which of the two ends is noticed first is a matter of luck.
    PeerAnswer("half a preamble", Array("HOTS".utf8), then: "exit 0", 69),
    PeerAnswer(
      "a higher epoch: the slave was promoted", SlaveWords.preamble + SlaveWords.welcome(epoch: [2]), 77, "was promoted"
    ),
    PeerAnswer("nothing, and its end", [], then: "exit 0", 69, "closed the line"),
    PeerAnswer(
      "its end with a word on standard error", [], then: "echo no libfoo.so here >&2; exit 127", 69,
      "no libfoo.so here", overSSH: (76, ["no libfoo.so here"])),
    PeerAnswer("its end by a signal", [], then: "kill -KILL $$", 69, "signal 9", overSSH: (69, [])),
    PeerAnswer("a welcome and its end", greeting, then: SlaveWords.endAfterHello, 69, "lost the connection"),
    PeerAnswer(
      "a welcome and a signal", greeting, then: "head -c 16 >/dev/null; kill -KILL $$", 69, "lost the connection"),
    PeerAnswer("a welcome and noise", greeting + Array("noise".utf8), 65, "bytes"),
    PeerAnswer("a welcome and a commit out of the blue", greeting + SlaveWords.frame(75, [1, 0, 0]), 65, "message 75"),
    PeerAnswer("a welcome twice", greeting + SlaveWords.welcome(), 65, "message 65"),
  ]
}

// MARK: Every length, message and field

extension PeerAnswer {
  private static func length(_ length: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
  }

  /// What every message of the slave's may hold, by its type: but for welcome, refusal and ping.
  private static let messages: [(type: UInt8, payload: [UInt8])] = [
    (67, [0]), (68, [UInt8](repeating: 0, count: 17)), (69, [0]),
    (70, [1, 1, 0x61] + [UInt8](repeating: 0, count: 17)),
    (71, [1]), (72, [0, 1]), (73, [0]), (74, [1]), (75, [1, 0, 0]), (76, [0, 0, 0, 0]), (78, [0]),
    (79, [1, 1, 0x61, 1, 0, 1] + [UInt8](repeating: 0, count: 16)),
  ]
  /// Those of them that may come after a greeting: as an answer to `begin`, or at any time.
  private static let answersToBegin: Set<UInt8> = [69, 70, 71, 76, 79]

  private static func before(_ name: String, _ bytes: [UInt8], _ words: String) -> PeerAnswer {
    PeerAnswer(name, SlaveWords.preamble + bytes, 76, words)
  }

  private static func after(_ name: String, _ bytes: [UInt8], _ words: String) -> PeerAnswer {
    PeerAnswer("a welcome and \(name)", greeting + bytes, 65, words)
  }

  fileprivate static let beforeGreeting: [PeerAnswer] =
    [0, 65_537, 1_048_576, 1_048_577, .max / 2, .max].map {
      before("a frame of \($0)", length($0) + [65], "a frame of \($0) bytes")
    } + messages.map { before("message \($0.type) first", SlaveWords.frame($0.type, $0.payload), "no greeting") }
    + [0, 1, 64, 100, 127, 255].map { before("type \($0)", SlaveWords.frame($0, []), "message \($0): unknown") } + [
      before("a frame of 1", length(1) + [65], "message 65: cut short"),
      before("the longest", SlaveWords.frame(99, [UInt8](repeating: 0, count: 65_535)), "message 99: unknown"),
      before("a packed welcome", SlaveWords.frame(127, [5] + ZstdFrame(.raw([1, 0, 0, 0, 77])).bytes), "message 127"),
      before("version 0", SlaveWords.welcome(version: [0]), "version"),
      before("a far newer version", SlaveWords.welcome(version: [UInt8](repeating: 0xFF, count: 9) + [1]), "version"),
      before(
        "a version over 64 bits", SlaveWords.welcome(version: [UInt8](repeating: 0xFF, count: 9) + [2]), "64 bits"),
      before("an over-long version", SlaveWords.welcome(version: [0x81, 0]), "longer than it needs"),
      before("an epoch of 2^63", SlaveWords.welcome(epoch: [UInt8](repeating: 0x80, count: 9) + [1]), "over the limit"),
      before("a key too short", SlaveWords.welcome(keyLength: 180), "message 65"),
      before("1,025 damaged", SlaveWords.welcome(damaged: [0x81, 8] + paths(1_025)), "1025 is over the limit"),
      before("1,024 damaged and none of them", SlaveWords.welcome(damaged: [0x80, 8]), "more than follows"),
      before("2^64-1 damaged", SlaveWords.welcome(damaged: [UInt8](repeating: 0xFF, count: 9) + [1]), "over the limit"),
      before("a damaged entry outside", SlaveWords.welcome(damaged: [1, 4] + Array("../x".utf8)), "a path"),
      PeerAnswer(
        "a far newer epoch",
        SlaveWords.preamble + SlaveWords.welcome(epoch: [UInt8](repeating: 0xFF, count: 8) + [0x7F]),
        77, "was promoted"),
    ]

  private static func paths(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in [UInt8(1), 0x61] } }

  fileprivate static let afterGreeting: [PeerAnswer] =
    [0, 1_048_577, .max / 2, .max].map { after("a frame of \($0)", length($0) + [77], "a frame of \($0) bytes") }
    + messages.filter { !answersToBegin.contains($0.type) }.map {
      after("message \($0.type)", SlaveWords.frame($0.type, $0.payload), "message \($0.type)")
    }
    + [0, 1, 64, 100, 255].map { after("type \($0)", SlaveWords.frame($0, []), "message \($0): unknown") } + [
      after("the longest", SlaveWords.frame(99, [UInt8](repeating: 0, count: 1_048_575)), "message 99: unknown"),
      after("a packed frame of nothing", SlaveWords.frame(127, [0]), "packed"),
      after(
        "a packed frame in one", packed(ZstdFrame(.raw(packed(ZstdFrame(.raw([1, 0, 0, 0, 77])))))), "inside another"),
      after("a packed frame cut short", packed(ZstdFrame(.raw([5, 0, 0, 0, 77]))), "inside a frame"),
      after(
        "a bomb of packed frames", [[UInt8]](repeating: packed(mebibyte), count: 40).flatMap(\.self), "too few bytes"),
    ]

  private static func packed(_ frame: ZstdFrame) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(frame.size?.value ?? 0)
    return SlaveWords.frame(127, writer.bytes + frame.bytes)
  }

  /// `staged`: 58,000 contents of number 0, size 0 and digest 0.
  private static let mebibyte: ZstdFrame = {
    let (count, head) = (58_000 * 18, [UInt8(69), 0x90, 0xC5, 3])
    var blocks = [ZstdFrame.Block.raw(length(UInt32(count + head.count)) + head)]
    for start in stride(from: 0, to: count, by: 1 << 17) { blocks.append(.run(0, min(1 << 17, count - start))) }
    return ZstdFrame(blocks)
  }()
}

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

  /// Lines of shell. Who ends before the master's first words arrive was never there.
  static let endAfterHello = "head -c 16 >/dev/null; exit 0"
  static let greeting = SlaveWords.preamble + SlaveWords.welcome()

  static let all: [PeerAnswer] = [
    PeerAnswer(
      "noise before the banner", Array("Welcome to Debian!\n".utf8), 76, "Welcome to Debian!", "print nothing"),
    PeerAnswer("noise with escapes", [0x1B, 0x5B, 0x32, 0x4A] + Array("hello".utf8), 76, "how hotsync begins"),
    PeerAnswer("another version of the stream", Array("HOTSYNC2".utf8), 76, "HOTSYNC2"),
    PeerAnswer(
      "a welcome in a version that was not offered", SlaveWords.preamble + SlaveWords.welcome(version: 9), 76, "version"
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
      "a higher epoch: the slave was promoted", SlaveWords.preamble + SlaveWords.welcome(epoch: 2), 77, "was promoted"),
    PeerAnswer("nothing, and its end", [], then: "exit 0", 69, "closed the line"),
    PeerAnswer(
      "its end with a word on standard error", [], then: "echo no libfoo.so here >&2; exit 127", 69,
      "no libfoo.so here", overSSH: (76, ["no libfoo.so here"])),
    PeerAnswer("its end by a signal", [], then: "kill -KILL $$", 69, "signal 9", overSSH: (69, [])),
    PeerAnswer("a welcome and its end", greeting, then: endAfterHello, 69, "lost the connection"),
    PeerAnswer(
      "a welcome and a signal", greeting, then: "head -c 16 >/dev/null; kill -KILL $$", 69, "lost the connection"),
    PeerAnswer("a welcome and noise", greeting + Array("noise".utf8), 65, "bytes"),
    PeerAnswer("a welcome and a commit out of the blue", greeting + SlaveWords.frame(75, [1, 0, 0]), 65, "message 75"),
    PeerAnswer("a welcome twice", greeting + SlaveWords.welcome(), 65, "message 65"),
  ]
}

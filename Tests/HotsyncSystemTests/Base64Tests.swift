import HotsyncSystem
import TestSupport
import Testing

@Suite struct Base64Tests {
  private static let samples = [
    "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=",
  ]

  @Test("bytes in base64 are padded as in RFC 4648")
  func encoding() {
    for (text, expected) in Base64Tests.samples { #expect(base64(Array(text.utf8)) == expected) }
    #expect(base64([0xFF, 0xFE, 0xFB]) == "//77")
  }

  @Test("what was encoded is decoded to the same bytes")
  func decoding() {
    for (text, encoded) in Base64Tests.samples { #expect(parseBase64(Array(encoded.utf8)) == Array(text.utf8)) }
    var random = SeededGenerator(announcing: "base64")
    for _ in 0..<2_000 {
      let bytes = random.bytes(random.below(80))
      #expect(parseBase64(Array(base64(bytes).utf8)) == bytes, "HOTSYNC_SEED=\(random.seed)")
    }
  }

  @Test(
    "text that base64 would not have written is refused",
    arguments: [
      "Z", "Zg", "Zg=", "Zm8", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_",
      "Zg=a",
      "é===",
    ])
  func malformed(_ text: String) { #expect(parseBase64(Array(text.utf8)) == nil) }

  @Test("no other text than the one that is written stands for the same bytes")
  func oneForm() {
    var random = SeededGenerator(announcing: "base64 text")
    let letters = Array("ABCDabcd0189+/=".utf8)
    for _ in 0..<20_000 {
      let text = (0..<(4 * random.below(3) + random.below(2))).map { _ in letters[random.below(letters.count)] }
      guard let bytes = parseBase64(text) else { continue }
      #expect(Array(base64(bytes).utf8) == text, "HOTSYNC_SEED=\(random.seed)")
    }
  }
}

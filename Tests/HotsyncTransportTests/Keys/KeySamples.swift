import HotsyncSystem
import HotsyncTransport
import TestSupport

/// Keys that ssh-keygen made, and the fingerprints that it prints of them.
enum KeySamples {
  static let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINiYXM1pLhBEHhzwFBUKhc398XN1V4Ay+tqIYzc/IAC8"
  static let ecdsa256 =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCM3UFeIwMqt0jwucy6IT8J5J7/F043rKrn73VGX4jtrr5NYOsDn8wZnALTtAG5D8WrMQ3VLxeob5+mb4xFAWbU="
  static let ecdsa384 =
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBKRSHrviPoAn+VLpMke+hDUAO9HRUZtjXzh+CC1KmnKiQG4JR5qZFIzlLxGiW81nrvH+f/qErYbo1ExcTCCTjX4j1G4IuSd/N4DByyjvKPu1Qp03DXq/1a4tK3NfPRdAfg=="
  static let ecdsa521 =
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHwqbkIruXIpkqz7TXovkPbStBnCRbcoteeVOz1iguO7Ri424zxpmOuzfhZneSmV0/VO2Le6wMb38qIt9tRZftS4QDKvUAlB4JrdEzyEL8odpOxlN+81M+IyJuFRDazvm3bx5gjAu1DEbaj/Q8zqmpfa8ZNKxUSDlAToIwB4fRo39NHzg=="
  static let rsa =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDFWQ8TRHRF9icE9venOiBK389IybYSvD+twrhCZ5qmtLkuzawuxoThhNZ6P6iQLCt312YO3inoaeZwOek4B4JEoI1u34VLNDifHVHphoqELFq99l/CPJCO59PKUaPJqQ5Lh7nR0/3hFRGKq+N5xgGLV8SEpThd3EsgMv7zS2iMUAaA2MmgDGXCwGqOdVJFy9I8MgDEGFCEYfoKxOPEjmXqw3w1/LYYcE5WKbxkq3RtM58TCxZam+HCOakzTwLYgSKHeAxVUgc2h77MEFomvBlitnMrZ7PjFFWFnSrlboUJg4MDefXNGZZqWhZmsgxQ4Hfb1BG6vEQ/p5SWPVlzD75B"

  static let fingerprints = [
    ed25519: "SHA256:l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd8",
    ecdsa256: "SHA256:eImIbh2ag2AKqv0lfRgPoGiABShhIcn8Ga2aVBoWOIs",
    ecdsa384: "SHA256:LY+FKBbAhAKtccDAcSwytS3YYrquwcJ6hes2GAyuFTs",
    ecdsa521: "SHA256:QNv7dx8Bm7kMscq+xtX7YKLb7rsCmG/RQvcOq6tTLKI",
    rsa: "SHA256:OZK6/GoaXdkT+9YxuRKGq1gJ6s9w9vUuuxMd3kr0wWg",
  ]

  static let all = [ed25519, ecdsa256, ecdsa384, ecdsa521, rsa]

  static func key(_ line: String) throws -> PublicKey {
    guard let key = PublicKey(line: line.utf8) else { throw SupportError("not a key: \(line)") }
    return key
  }

  /// An Ed25519 key that nobody holds the private half of.
  static func ed25519(filledWith byte: UInt8) throws -> PublicKey {
    try key(
      "ssh-ed25519 "
        + base64([0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + .init(repeating: byte, count: 32)))
  }

  /// A few bytes changed, taken out or put in.
  static func damaged(_ text: [UInt8], _ random: inout SeededGenerator, with letters: [UInt8]) -> [UInt8] {
    var text = text
    for _ in 0...random.below(4) where !text.isEmpty {
      let place = random.below(text.count)
      switch random.below(4) {
      case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: text[place] = letters[random.below(letters.count)]
      case 2: text.insert(letters[random.below(letters.count)], at: place)
      default: text.removeSubrange(place..<min(text.count, place + 1 + random.below(9)))
      }
    }
    return text
  }
}

public import HotsyncSystem
import HotsyncTransport

/// A master's public key as somebody hands it over: one line, perhaps with comments or empty lines around it.
enum MasterKey {
  static let limit = 65_536

  /// - Throws: `.refused` for anything but one Ed25519 key.
  static func read(_ text: [UInt8]) throws(AccessError) -> PublicKey {
    let lines = text.split(separator: UInt8(ascii: "\n"))
      .filter { line in
        let start = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") }
        return start != nil && start != UInt8(ascii: "#")
      }
    guard let line = lines.first else { throw refused("there is none in what was given") }
    if line.starts(with: "-----BEGIN".utf8) {
      throw refused("this is a private key; it stays on the master, and the slave gets the public half")
    }
    guard lines.count == 1 else { throw refused("there are \(lines.count) lines, and one key is meant") }
    guard let key = PublicKey(line: line) else { throw refused("it is not a line \"ssh-ed25519 BASE64\"") }
    guard key.kind == .ed25519 else { throw refused("it is of type \(key.type), and only ssh-ed25519 is taken") }
    return key
  }

  private static func refused(_ cause: String) -> AccessError {
    AccessError(
      .refused, "cannot take", "the master's key", cause: cause, next: "on the master: hotsync key show NAME prints it")
  }
}

/// One of a connection's keys, as `revoke --key` names it.
public struct RevokedKey: Sendable {
  private let key: PublicKey?
  private let fingerprint: String?

  /// - Throws: `.refused` for what is no key.
  public init(text: [UInt8]) throws(AccessError) {
    key = try MasterKey.read(text)
    fingerprint = nil
  }

  /// Nil for what is no fingerprint.
  public init?(fingerprint: String) {
    guard let fingerprint = KeyFingerprint(fingerprint) else { return nil }
    self.fingerprint = fingerprint.text
    key = nil
  }

  func means(_ other: PublicKey?, _ fingerprint: String?) -> Bool {
    if let key { return key == other }
    return fingerprint != nil && fingerprint == self.fingerprint
  }
}

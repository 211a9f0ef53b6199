import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@Suite struct PublicKeyTests {
  @Test("a key of each kind is read from its line and written as the same line", arguments: KeySamples.all)
  func kinds(_ line: String) throws {
    let key = try KeySamples.key("\(line) somebody@somewhere\r\n")
    #expect(key.line == line && key.shownComment == "somebody@somewhere")
    #expect(line.hasPrefix(key.type + " "))
    #expect(PublicKey(blob: key.blob) == key && PublicKey(type: key.type, blob: key.blob) == key)
    #expect(PublicKey(type: "ssh-dss", blob: key.blob) == nil)
    for end in key.blob.indices { #expect(PublicKey(blob: key.blob[..<end]) == nil) }
    #expect(PublicKey(blob: key.blob + [0]) == nil)
  }

  @Test("the type that a line names must be that of its blob")
  func otherType() throws {
    for line in KeySamples.all {
      for kind in PublicKey.Kind.allCases where !line.hasPrefix(kind.rawValue) {
        let blob = line.split(separator: " ")[1]
        #expect(PublicKey(line: "\(kind.rawValue) \(blob)".utf8) == nil)
      }
    }
  }

  @Test(
    "what is no key is refused",
    arguments: [
      "", " ", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA",
      "AAAAC3NzaC1lZDI1NTE5AAAAINiYXM1pLhBEHhzwFBUKhc398XN1",
      "-----BEGIN OPENSSH PRIVATE KEY-----", "restrict \(KeySamples.ed25519)", "\(KeySamples.ed25519)=",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP////8=", "ssh-ed25519-cert-v01@openssh.com AAAA",
      "\(KeySamples.ed25519)\n\(KeySamples.ed25519)", "\(KeySamples.ed25519) a\u{0}b", "# \(KeySamples.ed25519)",
    ])
  func refused(_ line: String) { #expect(PublicKey(line: line.utf8) == nil) }

  @Test("lengths beyond what a key can have are refused before anything is made of them")
  func bounds() {
    let long = KeySamples.ed25519 + " " + String(repeating: "c", count: PublicKey.lineLimit)
    #expect(PublicKey(line: long.utf8) == nil)
    #expect(PublicKey(blob: [UInt8](repeating: 0, count: PublicKey.blobLimit + 1)) == nil)
    #expect(PublicKey(blob: [0xFF, 0xFF, 0xFF, 0xFF] + Array("ssh-ed25519".utf8)) == nil)
    #expect(PublicKey(blob: [0x7F, 0xFF, 0xFF, 0xFF]) == nil)
  }

  @Test("a comment is shown without what a terminal would obey")
  func comment() throws {
    let key = try KeySamples.key(KeySamples.ed25519 + " \u{1B}[2Jgone \u{202E}")
    #expect(key.shownComment == "\\x1b[2Jgone \\xe2\\x80\\xae")
  }

  @Test("keys with other comments are the same key")
  func equality() throws {
    #expect(try KeySamples.key(KeySamples.ed25519 + " a") == KeySamples.key(KeySamples.ed25519 + " b"))
    #expect(try KeySamples.key(KeySamples.ed25519) != KeySamples.ed25519(filledWith: 1))
  }

  @Test("damaged lines and blobs never trap, and what is read is written as it was meant")
  func fuzz() throws {
    var random = SeededGenerator(announcing: "damaged keys")
    let letters = Array("A=/+ \t\n\r#@,ssh-".utf8)
    for _ in 0..<20_000 {
      let line = Array(KeySamples.all[random.below(KeySamples.all.count)].utf8)
      if let key = PublicKey(line: KeySamples.damaged(line, &random, with: letters)) {
        #expect(PublicKey(line: key.line.utf8) == key, "HOTSYNC_SEED=\(random.seed)")
      }
      let blob = try KeySamples.key(String(decoding: line, as: UTF8.self)).blob
      if let key = PublicKey(blob: KeySamples.damaged(blob, &random, with: [0, 1, 4, 32, 0xFF])) {
        #expect(PublicKey(line: key.line.utf8) == key, "HOTSYNC_SEED=\(random.seed)")
      }
    }
  }
}

@Suite struct KeyToolsTests {
  @Test("fingerprints are those that ssh-keygen prints", arguments: KeySamples.all)
  func fingerprints(_ line: String) throws {
    #expect(try KeyTools.fingerprint(of: KeySamples.key(line + " a comment")) == KeySamples.fingerprints[line])
  }

  @Test("a pair is made whose private half gives the public one, and nothing is left behind")
  func generation() throws {
    let scratch = try ScratchFolder("keys")
    let (privateKey, publicKey) = try KeyTools.generate(comment: "hotsync:standby", in: scratch.folder)
    #expect(publicKey.kind == .ed25519 && publicKey.shownComment == "hotsync:standby")
    #expect(String(decoding: privateKey, as: UTF8.self).hasPrefix("-----BEGIN OPENSSH PRIVATE KEY-----\n"))
    #expect(try scratch.folder.names() == [])
    let file = try scratch.folder.open(.of("key"), [.writing, .creating])
    try file.write(privateKey)
    #expect(try KeyTools.publicKey(of: scratch.folder.open(.of("key")), shownAs: "/key") == publicKey)
    #expect(try KeyTools.generate(comment: "another", in: scratch.folder).publicKey != publicKey)
  }

  @Test("a private key that is damaged, or open to others, is told in three parts")
  func unusable() throws {
    let scratch = try ScratchFolder("keys")
    try scratch.write(Array("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n".utf8), to: "key")
    for permissions: UInt16 in [0o600, 0o644] {
      let file = try scratch.folder.open(.of("key"))
      try file.setPermissions(permissions)
      let error = #expect(throws: TransportError.self) { try KeyTools.publicKey(of: file, shownAs: "/keys/standby") }
      #expect(error?.subject == "/keys/standby" && error?.cause.hasPrefix("ssh-keygen ended with code") == true)
    }
  }

  @Test(
    "only SHA256: and 32 bytes without padding are a fingerprint",
    arguments: [
      "", "SHA256:", "MD5:00", "l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd8",
      "SHA256:l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd",
      "SHA256:l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd8=", "SHA256:l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd9",
      "sha256:l8ns9ZaewbOIP8LZzLXVzXxvIwg2OP1hqUpTVOZXpd8",
    ])
  func fingerprintText(_ text: String) { #expect(KeyFingerprint(text) == nil) }
}

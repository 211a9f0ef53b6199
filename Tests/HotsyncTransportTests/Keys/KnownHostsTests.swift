import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@Suite struct KnownHostsTests {
  private let key: PublicKey
  private let other: PublicKey

  init() throws {
    key = try KeySamples.key(KeySamples.ed25519)
    other = try KeySamples.ed25519(filledWith: 7)
  }

  private func hosts(_ text: String) -> KnownHosts { KnownHosts(Array(text.utf8)) }

  private func replaced(_ text: String, _ name: String = "standby") -> String {
    String(decoding: hosts(text).replacing(name, with: key), as: UTF8.self)
  }

  @Test("the keys of a name are found, alone or in a list, with and without comment")
  func found() {
    let text = """
      # \(KeySamples.ecdsa256)
      standby \(KeySamples.ed25519) a comment
      \tother,standby\t\(other.line)\r
      standby \(KeySamples.ed25519)

      third \(KeySamples.rsa)
      """
    #expect(hosts(text).keys(of: "standby") == [key, other])
    #expect(hosts(text).keys(of: "other") == [other])
    #expect(hosts(text).keys(of: "third").map(\.line) == [KeySamples.rsa])
    #expect(hosts(text).keys(of: "").isEmpty && hosts(text).keys(of: "#").isEmpty)
  }

  @Test(
    "no name counts that is not written out, and no line that is not whole",
    arguments: [
      "* KEY", "stand* KEY", "standb? KEY", "|1|q6nLfkjC0CxdnqNFyAPN5ZuKYHY=|hXjEYZRjGEeEVGbjkbhvtJ3Nph8= KEY",
      "[standby]:22 KEY", "STANDBY KEY", "standby,!standby KEY", "standby,!s* KEY", "standbyy KEY",
      "@cert-authority standby KEY", "@revoked standby KEY", "@unknown standby KEY", "@ standby KEY", "@standby KEY",
      "standby", "standby ", "standby ssh-ed25519", "standby ssh-rsa AAAA", "#standby KEY", "# standby KEY",
      "standby #KEY",
      "\u{0}standby KEY", "standby\u{0} KEY", "standby\nKEY",
    ])
  func notFound(_ line: String) {
    let text = line.replacing("KEY", with: KeySamples.ed25519)
    #expect(hosts(text).keys(of: "standby").isEmpty)
  }

  @Test("a revoked key is no key of the name, whatever hosts it is revoked for")
  func revoked() {
    for names in ["standby", "*", "elsewhere", "|1|q6nLfkjC0CxdnqNFyAPN5ZuKYHY=|hXjEYZRjGEeEVGbjkbhvtJ3Nph8="] {
      let text = "standby \(KeySamples.ed25519)\nstandby \(other.line)\n@revoked \(names) \(KeySamples.ed25519)\n"
      #expect(hosts(text).isRevoked(key) && !hosts(text).isRevoked(other))
      #expect(hosts(text).keys(of: "standby") == [other])
    }
    #expect(!hosts("standby \(KeySamples.ed25519)\n@cert-authority * \(KeySamples.ed25519)\n").isRevoked(key))
  }

  @Test("a new key takes the place of the old one; all other lines stay byte for byte")
  func replacing() {
    let new = "standby \(KeySamples.ed25519)\n"
    #expect(replaced("") == new)
    #expect(replaced("a \(KeySamples.rsa)") == "a \(KeySamples.rsa)\n" + new)
    let odd = "# a comment\r\n\n  \t\n@revoked standby \(other.line)\n\u{FF}\u{0}garbage\n|1|x|y \(KeySamples.rsa)\n"
    #expect(replaced(odd) == odd + new)
    #expect(replaced(odd + "standby \(other.line) old\n" + "# end") == odd + new + "# end")
    #expect(replaced("standby \(other.line)\n" + odd + "standby \(KeySamples.rsa)") == new + odd)
    #expect(replaced("standby ssh-unknown AAAA\n" + odd) == new + odd)
    #expect(replaced(replaced(odd)) == replaced(odd))
  }

  @Test("a name that shares a line with others leaves them there")
  func lists() {
    let new = "standby \(KeySamples.ed25519)\n"
    #expect(replaced("a,standby,b \(other.line) note\n") == new + "a,b \(other.line) note\n")
    #expect(replaced("standby,standby \(other.line)\n") == new)
    #expect(replaced("a,standby \(other.line)") == new + "a \(other.line)")
    #expect(replaced("standby* \(other.line)\n") == "standby* \(other.line)\n" + new)
  }

  @Test("what was replaced is what is found, in a file that the system's own ssh-keygen reads alike")
  func oracle() throws {
    let scratch = try ScratchFolder("hosts")
    let text = replaced("# mine\nother,standby \(other.line)\n*.example.org \(KeySamples.rsa)\n")
    try scratch.write(Array(text.utf8), to: "hosts")
    let result = try RunningProgram.run("ssh-keygen", ["-F", "standby", "-f", scratch.path("hosts")])
    #expect(result.outputText.contains("found: line 2") && result.outputText.contains(KeySamples.ed25519), "\(result)")
    #expect(!result.outputText.contains(other.line))
  }

  @Test("damaged files never trap; after a replacement the name has that key alone and foreign lines are all there")
  func fuzz() {
    var random = SeededGenerator(announcing: "damaged known hosts")
    let text = Array(
      """
      # head
      standby \(KeySamples.ed25519) c
      a,standby,b \(other.line)
      @revoked * \(KeySamples.ecdsa256)
      |1|q6nLfkjC0CxdnqNFyAPN5ZuKYHY=|hXjEYZRjGEeEVGbjkbhvtJ3Nph8= \(KeySamples.ed25519)

      """.utf8)
    for _ in 0..<4_000 {
      let damaged = KeySamples.damaged(text, &random, with: Array("@#!*?,| \t\n\r=standby".utf8))
      let hosts = KnownHosts(damaged)
      let result = KnownHosts(hosts.replacing("standby", with: key))
      #expect(result.keys(of: "standby") == [key], "HOTSYNC_SEED=\(random.seed)")
      let foreign = damaged.split(separator: UInt8(ascii: "\n")).filter {
        !String(decoding: $0, as: UTF8.self).contains("standby")
      }
      let kept = Set(hosts.replacing("standby", with: key).split(separator: UInt8(ascii: "\n")))
      #expect(foreign.allSatisfy { kept.contains($0) }, "HOTSYNC_SEED=\(random.seed)")
    }
  }
}

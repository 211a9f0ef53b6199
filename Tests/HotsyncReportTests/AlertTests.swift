import HotsyncReport
import HotsyncSystem
import TestSupport
import Testing

/// Mail goes to a sendmail that the test planted below a root of its own.
@Suite("Mail that is sent once")
struct AlertTests {
  let root: ScratchFolder
  let trouble = Alerts.Trouble(
    key: "sync.standby", subject: "standby: the cycle failed",
    lines: ["cannot reach\u{1B}[2J the slave", "  next:  try"],
    recovery: "standby: cycles run again")

  init() throws {
    root = try ScratchFolder("mail")
    _ = try root.makeOrOpenFolder("usr/sbin")
    try plant("cat >>\"\(root.path("mails"))\"; echo \"args $*\" >>\"\(root.path("mails"))\"")
  }

  private func plant(_ script: String) throws {
    try root.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "usr/sbin/sendmail")
    try root.open().open(at: try #require(RelativePath("usr/sbin/sendmail"))).setPermissions(0o755)
  }

  private var mails: String {
    (try? root.folder.content(of: .of("mails"), limit: 1 << 20)).flatMap {
      $0.map { String(decoding: $0, as: UTF8.self) }
    } ?? ""
  }

  private func alerts(_ recipient: String = "root") throws -> Alerts {
    try Alerts(below: root.open(), recipient: recipient)
  }

  private func count(_ text: String) -> Int { mails.ranges(of: text).count }

  @Test("a trouble is mailed once however often it is found, and its end once")
  func once() throws {
    let alerts = try alerts()
    for _ in 0..<5 {
      try alerts.raise(trouble)
      try alerts.deliver()
    }
    #expect(count("Subject: ") == 1 && count("standby: the cycle failed") == 2)
    #expect(mails.contains("To: root\n") && mails.contains("args -t -i\n"))
    for _ in 0..<3 {
      try alerts.clear("sync.standby")
      try alerts.deliver()
    }
    #expect(count("Subject: ") == 2 && count("standby: cycles run again") == 2)
    // Nothing is left of it: the next one is news.
    try alerts.raise(trouble)
    try alerts.deliver()
    #expect(count("Subject: ") == 3)
  }

  @Test("what is over before anybody heard of it is not told")
  func unheard() throws {
    let alerts = try alerts()
    try alerts.raise(trouble)
    try alerts.clear("sync.standby")
    #expect(try alerts.deliver() == 0)
    #expect(mails.isEmpty)
  }

  @Test("what comes back before its end was told goes on without a mail")
  func back() throws {
    let alerts = try alerts()
    try alerts.raise(trouble)
    try alerts.deliver()
    try alerts.clear("sync.standby")
    try alerts.raise(trouble)
    #expect(try alerts.deliver() == 0)
    #expect(count("Subject: ") == 1)
  }

  @Test("a mail that was not taken is tried again")
  func refused() throws {
    let good = try root.folder(at: "usr/sbin").content(of: .of("sendmail"), limit: 1 << 16)
    try plant("echo no such user >&2; exit 67")
    let alerts = try alerts()
    try alerts.raise(trouble)
    #expect {
      try alerts.deliver()
    } throws: { ($0 as? any HotsyncError)?.cause == "sendmail ended with code 67: no such user" }
    try root.write(try #require(good), to: "usr/sbin/sendmail")
    #expect(try alerts.deliver() == 1)
  }

  @Test("nobody to tell, or below a root without a sendmail: nothing is written")
  func nobody() throws {
    try alerts("").raise(trouble)
    try root.folder(at: "usr/sbin").unlink(.of("sendmail"))
    try alerts().raise(trouble)
    #expect(try alerts().deliver() == 0)
    #expect(try root.folder.names().map(\.description) == ["usr"])
  }

  @Test("names cannot make lines of their own, in the header or the body, and show themselves only")
  func harmless() {
    let mail = Mail(to: "a@b\nBcc: all@c", subject: "x\r\nBcc: y \u{202E}é", lines: ["one\u{1B}[2Jtwo", "a\nb"])
    let lines = mail.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(!lines.contains { $0.hasPrefix("Bcc") })
    #expect(lines[0] == "To: a@b\\x0aBcc: all@c" && lines[1].hasPrefix("Subject: x\\x0d\\x0aBcc: y "))
    #expect(lines[1].utf8.allSatisfy { $0 < 0x80 })
    #expect(lines.suffix(4) == ["one\\x1b[2Jtwo", "a", "b", ""])
  }
}

extension ScratchFolder {
  fileprivate func folder(at path: String) throws -> Folder { try open().folder(at: try #require(RelativePath(path))) }
}

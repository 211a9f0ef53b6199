import Testing

@testable import HotsyncSystem

@Suite struct TrustedFileTests {
  @Test(
    "only root's and one's own files are trusted, and only while nobody else can write them",
    arguments: [
      (UInt32(0), UInt16(0o644), Trust.Use.configuration, nil), (1_000, 0o600, .configuration, nil),
      (0, 0o755, .configuration, nil), (1_001, 0o644, .configuration, "chown root F"),
      (0, 0o664, .configuration, "chmod go-w F"), (0, 0o646, .configuration, "chmod go-w F"),
      (0, 0o1777, .configuration, "chmod go-w F"), (0, 0o600, .secret, nil), (0, 0o640, .secret, "chmod 600 F"),
      (1_000, 0o604, .secret, "chmod 600 F"),
    ] as [(UInt32, UInt16, Trust.Use, String?)])
  func rules(_ owner: UInt32, _ permissions: UInt16, _ use: Trust.Use, _ next: String?) {
    let failure = Trust.objection(owner: owner, permissions: permissions, shownAs: "F", use: use, user: 1_000)
    #expect(failure?.nextStep == next)
    #expect(failure == nil || failure?.kind == .refused)
  }
}

import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// A seeding that is killed leaves no generation or the whole seed, and can be asked for again.
@Suite struct SeedCrashTests {
  private static let before = ["scan", "push", "push-large", "stage", "seal", "flush", "commit", "journal"]
  private static let after = ["committed", "carry-out", "list", "listed", "tidy"]

  @Test("killed at a point, nothing is there before the commit point and all from there on", arguments: before + after)
  func killed(_ point: String) throws {
    let seed = SeededGenerator.testSeed()
    let place = try SeededPair(seed: seed, files: 40)
    try place.pair.data.write([UInt8](repeating: 7, count: 3 << 20), to: "large")
    try place.copy()
    for pass in [1, 2, 9, 30] {
      let note = "\(point):\(pass), seed \(seed)"
      let killed = try place.start(environment: ["HOTSYNC_KILL_AT": "\(point):\(pass)"]).wait()
      // Not every point is passed so often.
      let wasHit = killed.ending == .killed(signal: 9)
      #expect(wasHit || killed.exitCode == 0, "\(note): \(killed)")
      #expect(wasHit || pass > 1, "\(note): \(killed)")
      let again = try place.seed()
      if wasHit, SeedCrashTests.before.contains(point) {
        #expect(again.exitCode == 0, "\(note): \(again)")
      } else {
        #expect(again.exitCode == 77 && again.errorText.contains("seeded already"), "\(note): \(again)")
      }
      #expect(try place.differences() == [], "\(note)")
      #expect(try place.pair.hotsyncSlave("verify", "--full").exitCode == 0, "\(note)")
      #expect(try !place.pair.store.holds("journal"), "\(note)")
      try place.pair.slave.remove("var/lib/hotsync")
      #expect(try place.pair.hotsyncSlave("apply").exitCode == 0)
    }
  }

  @Test(
    "killed before the commit point, what it left is no obstacle to the master's first cycle",
    arguments: ["stage", "commit"])
  func killedThenCycle(_ point: String) throws {
    let place = try SeededPair(seed: SeededGenerator.testSeed(), files: 40)
    try place.copy()
    let killed = try place.start(environment: ["HOTSYNC_KILL_AT": "\(point):1"]).wait()
    #expect(killed.ending == .killed(signal: 9), "\(killed)")
    let cycle = try place.pair.sync()
    #expect(cycle.code == 0 && cycle.generation == 1, "\(cycle)")
    #expect(try place.pair.differences() == [])
    #expect(try place.generations().map { $0["from"].text } == ["master"])
  }
}

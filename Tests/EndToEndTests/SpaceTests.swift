import HotsyncSystem
import TestSupport
import Testing

/// A slave without room: 73, the last generation as it was, and once there is room again all is well.
@Suite(.enabled(if: Mount.isPossible)) struct SpaceTests {
  @Test("content that does not fit is refused before it is sent, with 73; with more space the next cycle succeeds")
  func noBytes() throws {
    let pair = try Pair(slaveDisk: "size=24m")
    #expect(try pair.sync().code == 0)
    var random = SeededGenerator(seed: 3)
    try pair.data.write(random.bytes(24 << 20), to: "large")
    try pair.expectRefusal(73, "bytes", "free", "make room")
    try pair.slaveDisk?.enlarge("size=100m")
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }

  @Test("no inodes are 73 too, in the middle of a cycle; with more of them the next cycle succeeds")
  func noInodes() throws {
    let pair = try Pair(slaveDisk: "size=100m,nr_inodes=80")
    #expect(try pair.sync().code == 0)
    for number in 0..<200 { try pair.data.write("small \(number)", to: "folder\(number / 20)/\(number)") }
    try pair.expectRefusal(73, "space")
    try pair.slaveDisk?.enlarge("nr_inodes=2000")
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }
}

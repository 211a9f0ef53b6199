import HotsyncSystem
import TestSupport
import Testing

/// What turns into something else between the walk and the reading is told, never followed, never waited for; the next cycle
/// has it as it is then.
@Suite(.enabled(if: Environment.isRoot, "only root makes device nodes"))
struct ExchangeTests {
  struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (Place, String) throws -> Void
  }

  static let kinds = [
    Kind(testDescription: "file") { try $0.write("a file", to: $1) },
    Kind(testDescription: "folder") { try $0.write("below", to: "\($1)/below") },
    Kind(testDescription: "symbolic link") { try $0.makeSymbolicLink($1, to: "first.txt") },
    Kind(testDescription: "FIFO") { try $0.makeFIFO($1) },
    Kind(testDescription: "device") { try $0.makeDevice($1, 1, 3) },
    Kind(testDescription: "socket") { try $0.makeSocket($1) },
  ]

  @Test("each kind that turns into each other kind while a cycle is under way is told", arguments: kinds)
  func exchanged(_ before: Kind) throws {
    let pair = try Pair.takingAll(over: .local)
    let others = Self.kinds.filter { $0.testDescription != before.testDescription }
    for other in others { try before.make(pair.data, "to \(other.testDescription)") }
    let cycle = try pair.sync(stoppedAt: "push:1") {
      for other in others {
        try pair.data.remove("to \(other.testDescription)")
        try other.make(pair.data, "to \(other.testDescription)")
      }
    }
    #expect(cycle.code == (before.testDescription == "socket" ? 0 : 3), "\(cycle)")
    for other in others {
      let codes = cycle.codes(of: "/srv/data/to \(other.testDescription)")
      #expect(codes.contains { ["changed", "vanished", "socket_skipped"].contains($0) }, "\(other): \(cycle)")
    }
    let next = try pair.sync("--accept-deletes")
    #expect(next.code == 0, "\(next)")
    try? pair.data.remove("to socket")
    try pair.expectInStep("--accept-deletes")
  }
}

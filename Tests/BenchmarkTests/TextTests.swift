import ArgumentParser
import Testing

@testable import hotsync_bench

@Suite("What the benchmark reads and writes")
struct TextTests {
  @Test("loopback's bytes are counted without the headers of their segments")
  func wire() throws {
    func text(_ bytes: Int, _ packets: Int) -> String {
      """
      Inter-|   Receive                                                |  Transmit
       face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
        eth0: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0
          lo:\(bytes) \(packets) 0 0 0 0 0 0 \(bytes) \(packets) 0 0 0 0 0 0
      """
    }
    let start = try WireCounter(text: text(1_000, 5))
    #expect(try WireCounter(text: text(1_000 + 3 * 52 + 40, 8)).payload(since: start) == 40)
    #expect(throws: (any Error).self) { try WireCounter(text: "Inter-|\n eth0: 1 2 3\n") }
  }

  @Test(
    "numbers have as many digits as say something",
    arguments: [
      (0.814, "0.81"), (8.126, "8.13"), (24.56, "24.6"), (1_234.4, "1234"), (0.004, "0.00"), (-1.5, "-1.50"),
    ])
  func numbers(_ number: Double, _ text: String) { #expect(significant(number) == text) }

  @Test("a ratio is written as short as it can be")
  func short() {
    #expect([8, 0.65, 3.5, 3_000, 0].map(shortest) == ["8", "0.65", "3.5", "3000", "0"])
    #expect([512 << 20, 1 << 30, 3 << 29].map(gibibytes) == ["512 MiB", "1 GiB", "1.5 GiB"])
  }

  @Test("columns stand below each other, and no line ends with blanks")
  func table() {
    var table = Table(["", "a", "long"])
    table.add(["W1", "bb", "1"])
    table.add(["W2M", "", ""])
    #expect(table.text == "     a   long\nW1   bb     1\nW2M")
  }

  @Test("names of workloads are read in any case, and a wrong one is refused")
  func workloads() {
    #expect(WorkloadList(argument: "w4,W6R,Sparse")?.workloads == [.w4, .w6r, .sparse])
    #expect(WorkloadList(argument: "W4,W9") == nil && WorkloadList(argument: "") == nil)
    #expect(Milliseconds(argument: "50ms") == Milliseconds(argument: "50") && Milliseconds(argument: "5s") == nil)
    #expect(Milliseconds(argument: "50")?.duration == .milliseconds(50) && Milliseconds(argument: "0") == nil)
  }

  @Test("a later word on the command line replaces an earlier one")
  func options() throws {
    let command = try Command.parse(["--runs", "1", "--runs", "5", "--scale", "quick"])
    #expect(command.runs == 5 && command.scale == .quick && command.only.workloads == Workload.allCases)
    #expect(throws: (any Error).self) { try Command.parse(["--runs", "0"]) }
  }

  @Test("rsync's delta and compression are tried only where there is something to compare or to pack")
  func ways() {
    #expect(RsyncWay.all(hasBase: true, hasContent: true).count == 8)
    #expect(RsyncWay.all(hasBase: false, hasContent: true).allSatisfy { !$0.isWhole })
    #expect(RsyncWay.all(hasBase: true, hasContent: false).count == 2)
  }
}

import Testing

@testable import hotsync_bench

@Suite("Goals are held against medians of the same run")
struct GoalTests {
  private func series(_ seconds: [Double], wire: Int = 1_000, peak: Int = 10_000_000) -> Series {
    Series(
      measurements: seconds.map {
        Measurement(seconds: $0, wire: wire, processorSeconds: 0, peaks: ["hotsync": peak])
      })
  }

  private let whole = RsyncWay(isWhole: true, cipher: .aes)
  private let delta = RsyncWay(cipher: .chacha20)

  @Test("a median is the middle, or the middle between two")
  func medians() {
    #expect([3.0, 1, 2].median == 2 && [4.0, 1, 2, 3].median == 2.5)
    #expect([Double]().median == nil && [1.0].ratio(to: [0]) == nil)
    #expect([9.0, 8, 1].ratio(to: [2, 4, 6]) == 2)
  }

  @Test("what ran in pairs counts before what ran once, and an opponent admits its own ways only")
  func fastest() {
    var result = ContestResult(workload: .w4)
    result.screened = [whole: series([1]), delta: series([20])]
    #expect(result.fastest(.best)?.way == whole && result.fastest(.delta)?.way == delta)
    result.paired = [whole: series([2, 3, 4])]
    #expect(result.fastest(.best)?.series.seconds.median == 3 && result.fastest(.delta)?.series.seconds == [20])
    #expect(result.fastest(.packed) == nil)
  }

  @Test("a goal is met at its number and missed below")
  func verdicts() {
    var result = ContestResult(workload: .w4)
    result.screened = [whole: series([8], wire: 5_000), delta: series([19.9], wire: 12_000)]
    result.own = ["ssh": series([1, 1], wire: 1_000, peak: 200_000_000)]
    #expect(result.verdicts.map(\.isMet) == [true, false, true, false])
    result.own = [:]
    #expect(result.verdicts.isEmpty)
  }

  @Test("a goal of another transport is held against that one's runs")
  func transports() {
    var result = ContestResult(workload: .w6r)
    result.paired = [delta: series([10])]
    result.own = ["ssh": series([15]), "openssh": series([12])]
    #expect(result.verdicts.map(\.isMet) == [true, false, true])
  }

  @Test("growth and a long line have their limits")
  func figures() {
    let verdicts = Growth.verdicts(series([1]), series([11.1], peak: 12_000_000), atMost: 11, "files")
    #expect(verdicts.map(\.isMet) == [false, true])
    #expect(LongLine.verdict(2, 4, "files").isMet && !LongLine.verdict(2, 4.1, "files").isMet)
  }
}

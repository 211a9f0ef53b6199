import HotsyncProtocol
import HotsyncSystem
import Testing

@Suite struct EpochTests {
  private func epoch(_ number: UInt64, _ promoter: UInt8) throws -> Epoch {
    try #require(Epoch(number: number, promoter: [UInt8](repeating: promoter, count: 16)))
  }

  @Test("the higher epoch may write, of equal ones the same promoter's only")
  func refusal() throws {
    #expect(Epoch.refusal(mine: .first, theirs: .first) == nil)
    #expect(try Epoch.refusal(mine: epoch(3, 1), theirs: epoch(2, 2)) == nil)
    #expect(try Epoch.refusal(mine: epoch(2, 1), theirs: epoch(3, 1)) != nil)
    #expect(try Epoch.refusal(mine: epoch(2, 1), theirs: epoch(2, 2)) != nil)
  }

  @Test("an epoch comes back from its file, and a file that means nothing is none")
  func file() throws {
    for epoch in [Epoch.first, try epoch(.max, 0xAB)] { #expect(EpochFile.parse(EpochFile.encode(epoch)) == epoch) }
    let digits = String(repeating: "0a", count: 16)
    for text in [
      "", "1", "1 \(digits)0", "1 \(digits.dropLast())", "-1 \(digits)", "x \(digits)", "1 \(digits) 2",
      "1 \(digits.dropLast())g",
    ] {
      #expect(EpochFile.parse(Array(text.utf8)) == nil, "\(text)")
    }
    #expect(EpochFile.parse([0xFF, 0x20, 0x31]) == nil)
  }

  @Test("a promoter that is no UUID's 16 bytes makes no epoch")
  func promoter() {
    #expect(Epoch(number: 1, promoter: []) == nil)
    #expect(Epoch(number: 1, promoter: [UInt8](repeating: 0, count: 17)) == nil)
  }
}

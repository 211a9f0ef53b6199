import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// A whole small cycle that is said at once, and cut at every byte.
@Suite struct CutTests {
  /// The parts of a cycle: what is sent, and what answers it.
  private struct Part {
    let bytes: [UInt8]
    /// The type of the answer that shows that it was taken; 0 where there is none.
    let answer: UInt8
  }

  /// - Parameter number: of the content; what a cut cycle staged may have taken those before.
  private func parts(_ ordeal: Ordeal, _ master: RawMaster, number: UInt64) throws -> [Part] {
    let file = try master.file("srv/data/new", "what a cut cycle would have brought\n", number: number)
    guard case .file(let record, _, _) = file else { throw SupportError("no file") }
    func part(_ message: MasterMessage, _ answer: UInt8 = 0) -> Part {
      Part(bytes: RawMaster.frame(message), answer: answer)
    }
    return [
      Part(bytes: Preamble.bytes, answer: 0), part(.hello(RawMaster.hello(ordeal.pair)), 65),
      part(.begin(Announcement(entries: 1, deletions: 0, bytes: 100, acceptsDeletions: false)), 71), part(file),
      part(.seal(try master.catalog(with: record)), 74), part(.commit, 75), part(.bye),
    ]
  }

  /// Half of the bytes each, so that both run at a time.
  @Test("a good cycle that is cut at any byte leaves the state before it, or commits", arguments: [0, 1])
  func everyByte(_ half: Int) throws {
    let ordeal = try Ordeal()
    let probe = try ordeal.greeted()
    let length = try parts(ordeal, probe, number: 1_000).reduce(0) { $0 + $1.bytes.count }
    probe.say(.bye)
    _ = try probe.hearOut()
    let before = try ordeal.pair.storeSnapshot()
    var commits = 0
    for (index, cut) in stride(from: half, to: length, by: 2).enumerated() {
      let parts = try parts(ordeal, probe, number: UInt64(1_000 + 2 * index))
      let isCommitted = try expect(ordeal, parts, cut: cut)
      if isCommitted {
        commits += 1
      } else {
        let changed = try ordeal.changes(since: before)
        #expect(changed == [], "cut at \(cut)")
      }
      // What comes after the commit is good-bye; a second commit of the same would be another cycle.
      if isCommitted { break }
    }
    print("cut at every second of \(length) bytes from \(half) on")
    #expect(commits == 1)
    try ordeal.expectTrueCycle("--adopt")
  }

  /// Sends so many bytes of a cycle and ends the stream there.
  ///
  /// - Returns: whether the cycle was committed.
  private func expect(_ ordeal: Ordeal, _ parts: [Part], cut: Int) throws -> Bool {
    let master = try ordeal.login()
    master.say(Array(parts.flatMap(\.bytes).prefix(cut)))
    master.closeSending()
    // What an earlier cut left staged is offered.
    let heard = try master.hearOut().filter { $0 != 69 }
    var ends = [0]
    for part in parts { ends.append((ends.last ?? 0) + part.bytes.count) }
    let whole = zip(parts, ends.dropFirst()).filter { $1 <= cut }.map { $0.0.answer }
    let isBetweenFrames = ends.contains(cut)
    #expect(
      heard == whole.filter { $0 > 0 } + (isBetweenFrames ? [] : [66]), "cut at \(cut): \(heard)")
    #expect(master.code() == (isBetweenFrames ? 0 : 69), "cut at \(cut): \(master.ending())")
    #expect(isBetweenFrames || master.refusal?.kind == .unreachable, "cut at \(cut)")
    return whole.contains(75)
  }

  @Test("at the ends of its messages, over either client", arguments: TestedTransport.overSSH)
  func everyFrame(_ transport: TestedTransport) throws {
    let ordeal = try Ordeal(over: transport)
    let probe = try ordeal.greeted()
    let before = try ordeal.pair.storeSnapshot()
    let length = try parts(ordeal, probe, number: 1_000).count
    probe.say(.bye)
    _ = try probe.hearOut()
    var number: UInt64 = 1_000
    for count in 0..<(length - 1) {
      let end = try parts(ordeal, probe, number: number).prefix(count).reduce(0) { $0 + $1.bytes.count }
      let cuts = count == 0 || count == length - 2 ? [end] : [end - 1, end, end + 1, end + 4]
      for cut in cuts {
        number += 1
        #expect(try !expect(ordeal, try parts(ordeal, probe, number: number), cut: cut))
        let changed = try ordeal.changes(since: before)
        #expect(changed == [], "cut at \(cut)")
      }
    }
    try ordeal.expectTrueCycle()
  }
}

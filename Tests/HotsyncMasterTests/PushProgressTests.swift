import Testing

@testable import HotsyncMaster

@Suite("A push tells how far it is within a large file, too")
struct PushProgressTests {
  /// What was told, and what there is to tell.
  private final class Told {
    var files: UInt64 = 0
    var bytes: UInt64 = 0
    var total: UInt64

    init(total: UInt64) { self.total = total }

    var progress: PushProgress {
      PushProgress(
        advance: { [self] in
          files += $0
          bytes += $1
        }, expect: { [self] in total += $0 })
    }
  }

  @Test("a small file is told at its end")
  func small() {
    let told = Told(total: 100)
    told.progress.end(size: 100)
    #expect(told.bytes == 100 && told.files == 1)
  }

  @Test("a large file is told piece by piece, and its end tells only what is left")
  func pieces() {
    let told = Told(total: 1_000)
    let progress = told.progress
    progress.pass(300)
    #expect(told.bytes == 300 && told.files == 0)
    progress.pass(300)
    progress.end(size: 1_000)
    #expect(told.bytes == 1_000 && told.files == 1)
  }

  @Test("what is gone through twice makes the plan longer by that, and all of it is told")
  func twice() {
    let told = Told(total: 1_000)
    let progress = told.progress
    progress.pass(1_000)
    progress.expectAgain(400)
    #expect(told.bytes == 1_000 && told.total == 1_400)
    progress.pass(150)
    #expect(told.bytes == 1_150)
    // The rest of it was found on the other side.
    progress.end(size: 1_000)
    #expect(told.bytes == told.total && told.files == 1)
  }

  @Test("a file that is given up, or read more often than its size, leaves nothing to the next one")
  func givenUp() {
    let told = Told(total: 3_000)
    let progress = told.progress
    progress.pass(2_500)
    progress.end(size: 1_000)
    progress.end(size: 500)
    #expect(told.bytes == 3_000 && told.files == 2)
  }
}

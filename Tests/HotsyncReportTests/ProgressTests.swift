import HotsyncSystem
import Testing

@testable import HotsyncReport

@Suite("Progress is told, and costs nothing otherwise")
struct ProgressTests {
  static var push: ProgressState {
    var state = ProgressState(phase: "push")
    state.files = 1_234
    state.totalFiles = 5_678
    state.bytes = 1 << 30
    state.totalBytes = 4 << 30
    state.bytesPerSecond = 12_897_484.8
    state.filesPerSecond = 10
    return state
  }

  @Test("a wide terminal shows all of it, a narrow one the most wanted first")
  func render() {
    #expect(
      ProgressLine.render(Self.push, columns: 120)
        == "push  [#######-----------------------]  25%  1,234/5,678 files  1.0 GiB/4.0 GiB  12.3 MiB/s  4 min 10 s left"
    )
    #expect(
      ProgressLine.render(Self.push, columns: 80)
        == "push  25%  1,234/5,678 files  1.0 GiB/4.0 GiB  12.3 MiB/s  4 min 10 s left")
    #expect(ProgressLine.render(Self.push, columns: 30) == "push  25%  4 min 10 s left")
    #expect(ProgressLine.render(Self.push, columns: 8) == "push  2")
    #expect(ProgressLine.render(Self.push, columns: 0) == "")
  }

  @Test("no line fills the terminal's last column", arguments: 0...200)
  func width(columns: Int) {
    #expect(displayWidth(ProgressLine.render(Self.push, columns: columns)) <= max(0, columns - 1))
  }

  @Test("without totals there is no bar and no promise")
  func unknown() {
    var state = ProgressState(phase: "scan")
    state.files = 10
    state.filesPerSecond = 5
    #expect(ProgressLine.render(state, columns: 80) == "scan  10 files  5 files/s")
    #expect(ProgressLine.sentence(state) == "scan: 10 files, 5 files/s")
    #expect(ProgressLine.sentence(ProgressState(phase: "commit")) == "commit: at work")
  }

  @Test("more than was announced, and rates that are no numbers, do no harm")
  func hostile() {
    var state = Self.push
    state.bytes = .max
    state.bytesPerSecond = .infinity
    #expect(ProgressLine.render(state, columns: 200).contains("100%"))
    state.bytesPerSecond = 0
    #expect(state.remaining == nil)
    state.bytes = 0
    state.bytesPerSecond = 1e-9
    #expect(state.remaining == nil)
  }

  @Test("on a terminal one line is rewritten five times a second, and goes away in the end")
  func bar() {
    let clock = HandClock()
    let stage = Stage(columns: 100)
    let progress = Progress(console: stage.console, clocks: clock.clocks)
    progress.phase("push", totalFiles: 100, totalBytes: 10 << 20)
    for _ in 0..<10 {
      clock.pass(.milliseconds(100))
      progress.advance(files: 1, bytes: 1 << 20)
    }
    progress.finish()
    let lines = stage.errors.text.split(separator: "\r")
    // One at the start, five in that second, one that clears.
    #expect(lines.count == 7)
    #expect(lines.allSatisfy { $0.hasSuffix("\u{1B}[K") } && lines.last == "\u{1B}[K")
    #expect(lines[1].hasSuffix("20%  2/100 files  2.0 MiB/10.0 MiB  10.0 MiB/s  1.0 s left\u{1B}[K"))
    #expect(lines[5].contains("100%"))
    #expect(!stage.errors.text.contains("\n"))
  }

  @Test("a message clears the bar first, so that no line is mixed with it")
  func message() {
    let stage = Stage(columns: 100)
    let progress = Progress(console: stage.console, clocks: HandClock().clocks)
    progress.phase("push")
    stage.console.tell(ErrorReport(unreachable))
    #expect(stage.errors.text.hasPrefix("\rpush\u{1B}[K\r\u{1B}[Khotsync: cannot reach"))
    progress.finish()
    #expect(stage.errors.text.hasSuffix("PORT\n"))
  }

  @Test("elsewhere there is a line every ten seconds, across phases")
  func lines() {
    let clock = HandClock()
    let stage = Stage()
    let progress = Progress(console: stage.console, clocks: clock.clocks)
    progress.phase("scan")
    for second in 1...35 {
      if second == 15 { progress.phase("push", totalBytes: 1 << 30) }
      clock.pass(.seconds(1))
      progress.advance(files: 1, bytes: 65_536)
    }
    progress.finish()
    #expect(
      stage.errors.text == """
        hotsync: scan: 10 files, 640.0 KiB, 64.0 KiB/s
        hotsync: push: 0%, 6 files, 384.0 KiB/1.0 GiB, 64.0 KiB/s, 4 h 32 min left
        hotsync: push: 0%, 16 files, 1.0 MiB/1.0 GiB, 64.0 KiB/s, 4 h 32 min left

        """)
    #expect(stage.output.text == "")
  }

  @Test("a plan that grows is shown with its new total; where none was known, none appears")
  func growing() {
    let clock = HandClock()
    let stage = Stage()
    let progress = Progress(console: stage.console, clocks: clock.clocks)
    progress.phase("push", totalBytes: 1 << 30)
    progress.expect(moreBytes: 1 << 30)
    clock.pass(.seconds(10))
    progress.advance(bytes: 1 << 30)
    progress.phase("commit")
    progress.expect(moreBytes: 1 << 30)
    clock.pass(.seconds(10))
    progress.advance(files: 1, bytes: 65_536)
    #expect(
      stage.errors.text == """
        hotsync: push: 50%, 1.0 GiB/2.0 GiB, 102.4 MiB/s, 10.0 s left
        hotsync: commit: 1 file, 64.0 KiB, 6.4 KiB/s

        """)
  }

  @Test("without progress the clock is never asked", arguments: [true, false])
  func off(quiet: Bool) {
    let clock = HandClock()
    let stage = Stage(.init(quiet: quiet, progress: quiet), columns: 100)
    let progress = Progress(console: stage.console, clocks: clock.clocks)
    let before = clock.looks
    progress.phase("push", totalFiles: 100)
    for _ in 0..<1_000 { progress.advance(files: 1, bytes: 1 << 20) }
    progress.finish()
    #expect(clock.looks == before)
    #expect(stage.errors.text == "")
  }

  @Test("small steps ask for the time once in sixteen")
  func looks() {
    let clock = HandClock()
    let progress = Progress(console: Stage().console, clocks: clock.clocks)
    progress.phase("push")
    let before = clock.looks
    for _ in 0..<1_600 { progress.advance(files: 1, bytes: 100) }
    #expect(clock.looks - before == 100)
  }
}

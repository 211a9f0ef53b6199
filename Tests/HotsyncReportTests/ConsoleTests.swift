import Glibc
import HotsyncReport
import HotsyncSystem
import Logging
import Testing

@Suite("The console and the log")
struct ConsoleTests {
  @Test("on a terminal a warning has its word, and facts follow in order")
  func terminal() {
    let stage = Stage()
    var logger = stage.console.logger()
    logger[metadataKey: "connection"] = "standby"
    logger.warning("a file changed", metadata: ["path": "/a b", "cycle": "7"])
    logger.notice("started")
    logger.info("not shown")
    #expect(
      stage.errors.text == """
        hotsync: warning: a file changed connection=standby cycle=7 path="/a b"
        hotsync: started connection=standby

        """)
    #expect(stage.output.text == "")
  }

  @Test("in the journal each line begins with its priority")
  func journal() {
    let stage = Stage(isJournal: true)
    let logger = stage.console.logger()
    logger.error("it failed", metadata: ["connection": "standby", "MESSAGE_ID": "ab12", "odd key": ""])
    logger.notice("done")
    stage.console.tell(ErrorReport(unreachable))
    let lines = stage.errors.text.split(separator: "\n")
    #expect(lines[0] == #"<3>it failed MESSAGE_ID=ab12 HOTSYNC_CONNECTION=standby HOTSYNC_ODD_KEY="""#)
    #expect(lines[1] == "<5>done")
    #expect(lines[2].hasPrefix("<3>hotsync: cannot reach") && lines[3].hasPrefix("<3>  cause: "))
  }

  @Test("nobody writes a second line or a colour into the log")
  func injection() {
    let stage = Stage(isJournal: true)
    stage.console.logger().warning("a\n<0>b\u{1B}[31m", metadata: ["path": "x\n<0>y"])
    #expect(stage.errors.text == "<4>a\\x0a<0>b\\x1b[31m HOTSYNC_PATH=x\\x0a<0>y\n")
    let other = Stage()
    other.console.result("one\ntwo\u{1B}[2J\u{202E}")
    #expect(other.output.text == "one\ntwo\\x1b[2J\\xe2\\x80\\xae\n")
  }

  @Test("verbose shows from debug on, quiet errors only")
  func levels() {
    let verbose = Stage(.init(verbose: true))
    verbose.console.logger().debug("d")
    verbose.console.logger().trace("t")
    #expect(verbose.errors.text == "hotsync: debug: d\n")
    let quiet = Stage(.init(quiet: true))
    quiet.console.logger().warning("w")
    quiet.console.logger().error("e")
    #expect(quiet.errors.text == "hotsync: error: e\n")
  }

  @Test("a full disk behind the output is a failure, a reader that went away is none")
  func outputFailures() {
    let report = VerifyReport(filesChecked: 1, bytesChecked: 1, damaged: [])
    let full = Stage(outputFailure: ENOSPC)
    #expect(full.console.present(report) == .unwritable)
    #expect(full.errors.text.hasPrefix("hotsync: cannot write the result to standard output\n  cause: No space left"))
    let gone = Stage(outputFailure: EPIPE)
    #expect(gone.console.present(report) == .done)
    #expect(gone.errors.text == "")
  }

  @Test("with --json standard output holds one document and nothing else")
  func oneDocument() {
    let stage = Stage(.init(json: true, verbose: true))
    stage.console.logger().warning("w")
    stage.console.present(VerifyReport(filesChecked: 1, bytesChecked: 1, damaged: []))
    #expect(stage.output.text == #"{"result": "sound", "files_checked": 1, "bytes_checked": 1, "damaged": []}"# + "\n")
  }

  @Test("a stream is the journal only where device and inode are those that systemd named")
  func journalStream() throws {
    let descriptor = Descriptor(owning: dup(2))
    let status = try descriptor.status()
    #expect(!StandardStream.errors.isJournal(variable: nil))
    #expect(!StandardStream.errors.isJournal(variable: "0:0"))
    let device = makedev(UInt32(status.device >> 32), UInt32(truncatingIfNeeded: status.device))
    #expect(StandardStream.errors.isJournal(variable: "\(device):\(status.inode)"))
  }

  @Test("a file is no terminal and has no columns")
  func columns() throws {
    #expect(Terminal.columns(try Descriptor.open("/dev/null").number) == nil)
  }

  /// gnu_dev_makedev(3), which Swift does not see.
  private func makedev(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    let (major, minor) = (UInt64(major), UInt64(minor))
    return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32
  }
}

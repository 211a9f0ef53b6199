import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncDatabases

/// Dumps of clients that do what real ones do on a bad day.
@Suite struct ClientDumpTests {
  private func dump(
    _ script: String, formerSize: UInt64? = nil, silence: Duration = .seconds(30)
  ) throws -> ClientDump<NoRows> {
    try ClientDump<NoRows>(
      Client(path: "/bin/sh", user: nil), ["-c", script],
      DumpExpectation(
        subject: "mariadb database shop", trailer: "-- Dump completed", formerSize: formerSize, silence: silence))
  }

  private func readAll(_ stream: any DumpStream) throws -> Int {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    var size = 0
    while true {
      let count = try stream.read(into: &buffer)
      if count == 0 { return size }
      size += count
    }
  }

  @Test("a dump whose client ended well and wrote its last line is good, and stays at its end")
  func good() throws {
    let stream = try dump("printf 'x\\n-- Dump completed\\n'")
    #expect(try readAll(stream) == 20)
    #expect(try readAll(stream) == 0)
  }

  @Test(
    "a dump that is cut short, or whose client failed, is never good",
    arguments: [
      ("printf 'x\\n-- Dump comple'", "its last line is missing"), ("exit 0", "its last line is missing"),
      ("printf 'x\\n-- Dump completed\\n'; exit 3", "code 3"),
      (
        "printf 'x\\n-- Dump completed\\n'; echo 'mysqldump: Error 2013: Lost connection' >&2; exit 3",
        "Lost connection"
      ),
      ("printf 'x\\n-- Dump completed\\n'; kill -9 $$", "signal 9"),
      ("printf 'x -- Dump completed\\n'", "its last line is missing"),
    ])
  func bad(_ script: String, _ cause: String) throws {
    let stream = try dump(script)
    let error = try #require(throws: DatabaseError.self) { try readAll(stream) }
    #expect(error.cause.contains(cause))
    #expect(error.subject == "mariadb database shop")
    #expect(throws: DatabaseError.self) { try readAll(stream) }
  }

  @Test("a client that falls silent is ended, with all that it started")
  func silence() throws {
    let stream = try dump("sleep 600 & printf x; wait", silence: .milliseconds(300))
    let error = try #require(throws: DatabaseError.self) { try readAll(stream) }
    #expect(error.cause.contains("nothing came"))
  }

  @Test("a dump of which only a small part is left is refused, unless that is meant")
  func smallPart() throws {
    let script = "head -c 200000 /dev/zero; printf '\\n-- Dump completed\\n'"
    #expect(throws: Never.self) { try readAll(dump(script)) }
    #expect(throws: Never.self) { try readAll(dump(script, formerSize: 1 << 20)) }
    let error = try #require(throws: DatabaseError.self) { try readAll(dump(script, formerSize: 3 << 20)) }
    #expect(error.kind == .refused)
  }

  @Test("a dump that nobody wants any more leaves no process behind")
  func cancelled() throws {
    let folder = try ScratchFolder("cancelled")
    let stream = try dump("echo $$ > \(folder.path("pid")); echo ready; sleep 600; true")
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(try stream.read(into: &buffer) > 0)
    stream.cancel()
    let process = try #require(Int32(try Place(path: folder.path).read("pid").dropLast()))
    #expect((try? Descriptor.open("/proc/\(process)/cmdline")) == nil)
    #expect(throws: DatabaseError.self) { try stream.read(into: &buffer) }
  }

  @Test("a client that is not there is an error that names it")
  func missing() throws {
    let error = try #require(throws: DatabaseError.self) {
      try ClientDump<NoRows>(
        Client(path: "/nonexistent/dump", user: nil), [],
        DumpExpectation(subject: "x", trailer: "x", formerSize: nil))
    }
    #expect(error.cause.contains("/nonexistent/dump"))
  }
}

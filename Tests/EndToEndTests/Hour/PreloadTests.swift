import HotsyncDatabases
import HotsyncSlave
import HotsyncSystem
import Synchronization
import TestSupport
import Testing

/// What is loaded when, with a private server that only writes down what it is told.
@Suite("Dumps that are loaded ahead of a promotion") struct PreloadTests {
  final class Diary: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    func take() -> [String] {
      lines.withLock { kept in
        defer { kept = [] }
        return kept
      }
    }
  }

  struct Engine: DatabaseEngine {
    let name = "mariadb"
    let diary: Diary
    /// Databases that do not load as long as others are not there, or never.
    var needs: [String: String] = [:]
    /// Rows that are loaded instead of all.
    var lost = false

    func server() throws(DatabaseError) -> DatabaseServer? { nil }
    func subjects() throws(DatabaseError) -> [DumpSubject] { [] }
    func dump(_ subject: DumpSubject, formerSize: UInt64?) throws(DatabaseError) -> any DumpStream {
      throw DatabaseError(.bug, "cannot dump", "", cause: "", next: "")
    }
    func privateInstance(at folder: String) throws(DatabaseError) -> any PrivateInstance { Instance(self, folder) }
  }

  final class Instance: PrivateInstance {
    let engine: Engine
    let dataFolder: String
    private var rows: [DumpSubject: UInt64] = [:]

    init(_ engine: Engine, _ folder: String) {
      self.engine = engine
      dataFolder = folder
    }

    func start() throws(DatabaseError) { engine.diary.note("start") }
    func stop() throws(DatabaseError) { engine.diary.note("stop") }
    func keepOnly(_ subjects: [DumpSubject]) throws(DatabaseError) { engine.diary.note("keep \(subjects.count)") }

    func load(_ subject: DumpSubject, from dump: borrowing Descriptor) throws(DatabaseError) {
      if case .database(let name) = subject, let needed = engine.needs[name], rows[.database(needed)] == nil {
        throw DatabaseError(.failed, "cannot load", name, cause: "\(needed) is not there", next: "")
      }
      let bytes: [UInt8]
      do throws(SystemError) { bytes = try dump.readAll(limit: 1 << 20) ?? [] } catch { throw DatabaseError(error) }
      rows[subject] = UInt64(bytes.count)
      engine.diary.note("load \(subject.description)")
    }

    // The planted server tells the length of a dump as the rows of its only table.
    func fingerprint(of subject: DumpSubject) throws(DatabaseError) -> Fingerprint {
      Fingerprint(rows: ["all": (rows[subject] ?? 0) - (engine.lost ? 1 : 0)])
    }
  }

  private let dumping: DumpingPair
  private let diary = Diary()

  init() throws {
    dumping = try DumpingPair()
    try dumping.server.write("users\n", to: "accounts.sql")
    try dumping.server.write("one\n", to: "shop.sql")
    try dumping.server.write("two\n", to: "crm.sql")
    #expect(try dumping.sync().code == 0)
  }

  private func preload(_ engine: Engine? = nil, all: Bool = false) throws -> Preload.Outcome {
    let store = try Store.open(
      connection: "standby", root: Folder.open(dumping.pair.slave.path), path: "/var/lib/hotsync")
    let pinned = try PinnedGeneration.open(store, accounts: Accounts())
    #expect(try Preload.engines(of: pinned) == ["mariadb"])
    return try Preload(pinned, engine ?? Engine(diary: diary)).run(all: all)
  }

  @Test("accounts come first, then all databases; what did not change is not loaded again, unless all is asked for")
  func changed() throws {
    #expect(try preload().loaded == 3)
    #expect(
      diary.take() == ["start", "keep 3", "load accounts", "load database crm", "load database shop", "stop"])
    #expect(try preload().loaded == 0)
    #expect(diary.take() == [])
    try dumping.server.write("one more\n", to: "shop.sql")
    #expect(try dumping.sync().code == 0)
    #expect(try preload().loaded == 1)
    #expect(diary.take() == ["start", "keep 3", "load database shop", "stop"])
    #expect(try preload(all: true).loaded == 3)
  }

  @Test("a database that is gone on the master goes here")
  func gone() throws {
    _ = try preload()
    _ = diary.take()
    try dumping.server.remove("crm.sql")
    #expect(try dumping.sync().code == 0)
    #expect(try preload().dumps == 2)
    #expect(diary.take() == ["start", "keep 2", "stop"])
  }

  @Test("one that needs another is tried again after it, one that never loads is named and tried the next time")
  func needs() throws {
    #expect(try preload(Engine(diary: diary, needs: ["crm": "shop"])).failures == [])
    try dumping.server.write("three\n", to: "crm.sql")
    #expect(try dumping.sync().code == 0)
    let failed = try preload(Engine(diary: diary, needs: ["crm": "nothing"]))
    #expect(failed.failures == ["mariadb, database crm: nothing is not there"] && failed.loaded == 0)
    #expect(try preload().loaded == 1)
  }

  @Test("what has other rows than were dumped is named, and not taken for loaded")
  func rows() throws {
    let outcome = try preload(Engine(diary: diary, lost: true))
    #expect(outcome.failures.count == 2 && outcome.loaded == 1, "\(outcome)")
    #expect(outcome.failures.contains("mariadb, database shop: table all: 4 rows in the dump, 3 rows loaded"))
    #expect(try preload().loaded == 2)
  }
}

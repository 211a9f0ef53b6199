import Glibc
import HotsyncDatabases
import HotsyncSystem
import TestSupport
import Testing

/// Against real servers in scratch folders, one after the other: each takes its memory.
@Suite(.serialized) struct MariaDBTests {
  private static let shop = """
    CREATE DATABASE shop CHARACTER SET latin1; USE shop;
    CREATE TABLE customers(id int PRIMARY KEY, name varchar(50) CHARSET utf8mb4);
    INSERT INTO customers VALUES (1,'größe 😀'),(2,'it''s; -- \\\\ "q" (');
    CREATE TABLE orders(id int PRIMARY KEY AUTO_INCREMENT, t text CHARSET utf8mb4, b blob, j json, d decimal(10,2),
      g int AS (d*2) STORED, v int AS (d+1) VIRTUAL, ts timestamp(6) DEFAULT '2001-02-03 04:05:06.123456', bt bit(5),
      e enum('a','b'), ge point, f double, customer int, FOREIGN KEY (customer) REFERENCES customers(id));
    INSERT INTO orders(t,b,j,d,bt,e,ge,f,customer) VALUES
      ('x\\ny😀', x'00ff27', '{"a":[1,2]}', 1.5, b'101', 'a', point(1,2), 1.1, 1),
      (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
      ('-- /* x','',NULL,1,0,'b',NULL,1e300,2);
    CREATE TABLE plain(a int, s text) ENGINE=MyISAM; INSERT INTO plain VALUES (1,'INSERT INTO `x` VALUES (1)');
    CREATE TABLE `we``ird; -- "` (`a'b` int); INSERT INTO `we``ird; -- "` VALUES (1),(2);
    CREATE TABLE empty(a int);
    CREATE VIEW totals AS SELECT id, t FROM orders; CREATE VIEW above AS SELECT id FROM totals;
    CREATE SEQUENCE counter START WITH 100 INCREMENT BY 5; SELECT NEXTVAL(counter);
    CREATE TABLE counted(a int DEFAULT NEXTVAL(counter), b int); INSERT INTO counted(b) VALUES (1);
    CREATE TABLE past(a int) WITH SYSTEM VERSIONING; INSERT INTO past VALUES (1); UPDATE past SET a=2;
    CREATE TABLE parts(a int) PARTITION BY HASH(a) PARTITIONS 3; INSERT INTO parts VALUES (1),(2),(3);
    DELIMITER //
    CREATE TRIGGER plus BEFORE INSERT ON plain FOR EACH ROW BEGIN SET new.a = new.a + 1; END//
    CREATE PROCEDURE pr(x int) BEGIN /* it's */
    INSERT INTO plain VALUES (x,'INSERT INTO `orders` VALUES (1),(2);'); END//
    CREATE FUNCTION fu() RETURNS int DETERMINISTIC RETURN 5//
    CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN DELETE FROM plain; END//
    DELIMITER ;

    """

  private func counted(_ server: MariaDBServer, _ fingerprint: Fingerprint, in database: String) throws {
    #expect(try server.instance.fingerprint(of: .database(database)) == fingerprint)
    for (table, rows) in fingerprint.rows where table != "past" {
      let name = table.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``")
      #expect(try server.run("SELECT COUNT(*) FROM `\(name)`;", in: database) == "\(rows)\n", "\(table)")
    }
  }

  @Test("a dump holds every kind of thing: loaded elsewhere, it is dumped as the same bytes, with rows as counted")
  func roundTrip() throws {
    let (source, target) = (try MariaDBServer(), try MariaDBServer())
    try source.run(MariaDBTests.shop)
    let first = try wholeDump(source.engine, .database("shop"))
    #expect(try wholeDump(source.engine, .database("shop")).bytes == first.bytes, "the same data, the same bytes")
    #expect(
      first.rows.rows.keys.sorted() == [
        "counted", "customers", "empty", "orders", "parts", "past", "plain", "we`ird; -- \"",
      ])
    #expect(first.rows.rows["past"] == 2, "its past goes along")
    try counted(source, first.rows, in: "shop")
    #expect(first.notices.count == 1 && first.notices[0].contains("plain (MyISAM)"))
    try target.instance.load(.database("shop"), first.bytes)
    #expect(try wholeDump(target.engine, .database("shop")).bytes == first.bytes)
    try counted(target, first.rows, in: "shop")
    // Again, over what is there; then something that does not load.
    try source.run("INSERT INTO customers VALUES (3,'new'); DROP VIEW above;", in: "shop")
    let second = try wholeDump(source.engine, .database("shop"))
    try target.instance.load(.database("shop"), second.bytes)
    #expect(try wholeDump(target.engine, .database("shop")).bytes == second.bytes)
    let broken = first.bytes.prefix(first.bytes.count / 2) + Array("';\nSELECT nonsense FROM nowhere;\n".utf8)
    for bad in [Array(broken), Array("SELECT 1;\n".utf8), Array("USE shop; DROP TABLE orders; nonsense;".utf8)] {
      #expect(throws: DatabaseError.self) { try target.instance.load(.database("shop"), bad) }
      #expect(try wholeDump(target.engine, .database("shop")).bytes == second.bytes, "the former database stays")
    }
    #expect(throws: DatabaseError.self) { try target.instance.load(.database("blog"), Array(broken)) }
    #expect(try target.engine.subjects() == [.accounts, .database("shop")], "nothing stays of what did not load")
  }

  @Test("accounts come with their passwords, roles and grants, and those that are gone go")
  func accounts() throws {
    let (source, target) = (try MariaDBServer(), try MariaDBServer())
    try source.run(
      """
      CREATE DATABASE shop; CREATE USER seller@localhost IDENTIFIED BY 'geheim-1';
      GRANT SELECT ON shop.* TO seller@localhost;
      CREATE ROLE keeper; GRANT keeper TO seller@localhost; GRANT ALL ON shop.* TO keeper;
      CREATE USER `o'dd "x`@'10.0.0.%';
      """)
    try target.run("CREATE USER gone@localhost; CREATE ROLE old;")
    let dump = try wholeDump(source.engine, .accounts)
    #expect(dump.rows == Fingerprint())
    for _ in 0..<2 {
      try target.instance.load(.accounts, dump.bytes)
      #expect(try accounts(of: target) == accounts(in: dump.bytes))
    }
    let error = try #require(throws: DatabaseError.self) {
      try target.instance.load(.accounts, Array("CREATE USER x@y IDENTIFIED BY PASSWORD 'geheim-2' nonsense;\n".utf8))
    }
    #expect(!"\(error)".contains("geheim-2"))
    #expect(try accounts(of: target) == accounts(in: dump.bytes), "the former accounts stay")
  }

  private func accounts(of server: MariaDBServer) throws -> [Substring] {
    accounts(in: try wholeDump(server.engine, .accounts).bytes)
  }

  /// Without the one right that a private server's own account has beside what the dump gives it.
  private func accounts(in dump: [UInt8]) -> [Substring] {
    String(decoding: dump, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("GRANT PROXY") }
  }

  @Test("names with every sign in them are dumped and loaded, the server's own schemas and those excluded are not")
  func names() throws {
    let source = try MariaDBServer(exclude: ["skip*"])
    let names = ["-rf", "a b", "größe", "we`ird; -- \"'", "x%y_z\\n"]
    for name in names + ["skip_me"] {
      let quoted = name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``")
      try source.run(
        "CREATE DATABASE `\(quoted)`; CREATE TABLE `\(quoted)`.t(a int); INSERT INTO `\(quoted)`.t VALUES (1);")
    }
    #expect(
      try source.engine.subjects() == [.accounts]
        + names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { .database($0) })
    let target = try MariaDBServer()
    for name in names {
      let dump = try wholeDump(source.engine, .database(name))
      #expect(dump.rows == Fingerprint(rows: ["t": 1]), "\(name)")
      try target.instance.load(.database(name), dump.bytes)
      #expect(try wholeDump(target.engine, .database(name)).bytes == dump.bytes, "\(name)")
    }
    try target.instance.keepOnly([.accounts, .database("größe")])
    #expect(try target.engine.subjects() == [.accounts, .database("größe")])
    var only = source.engine.settings
    only.include = ["a?b"]
    #expect(try MariaDBEngine(only).subjects() == [.accounts, .database("a b")])
  }

  @Test("a password stands in no process and no error, and a file that others can read is refused")
  func passwords() throws {
    let server = try MariaDBServer()
    try server.run(
      """
      CREATE DATABASE shop; CREATE USER dumper@localhost IDENTIFIED BY 'geheim-7f3';
      GRANT ALL ON *.* TO dumper@localhost;
      """
    )
    try MariaDBTests.fill(server)
    var settings = server.engine.settings
    settings.defaultsFile = server.folder.path("client.cnf")
    try server.folder.write(Array("[client]\nuser=dumper\npassword=geheim-7f3\n".utf8), to: "client.cnf")
    let open = try #require(throws: DatabaseError.self) { try MariaDBEngine(settings).server() }
    #expect(open.kind == .refused)
    try Place(path: server.folder.path).setPermissions(0o600, of: "client.cnf")
    let stream = try MariaDBEngine(settings).dump(.database("shop"), formerSize: nil)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    #expect(try stream.read(into: &buffer) > 0)
    #expect(try !processesShow("geheim-7f3"))
    stream.cancel()
    try server.folder.write(Array("[client]\nuser=dumper\npassword=geheim-wrong\n".utf8), to: "client.cnf")
    let wrong = try #require(throws: DatabaseError.self) { try MariaDBEngine(settings).subjects() }
    #expect(wrong.cause.contains("Access denied"))
    #expect(!"\(wrong)".contains("geheim"))
  }

  private static func fill(_ server: MariaDBServer) throws {
    try server.run(
      "CREATE TABLE big(a int PRIMARY KEY, t text); INSERT INTO big SELECT seq, REPEAT('x', 500) FROM seq_1_to_60000;",
      in: "shop")
  }

  @Test("a server that is killed in the middle of a dump spoils that dump, and starts again with its data")
  func killed() throws {
    let server = try MariaDBServer()
    try server.run("CREATE DATABASE shop;")
    try MariaDBTests.fill(server)
    let stream = try server.engine.dump(.database("shop"), formerSize: nil)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    #expect(try stream.read(into: &buffer) > 0)
    try kill(server)
    let error = try #require(throws: DatabaseError.self) { while try stream.read(into: &buffer) > 0 {} }
    #expect(error.subject == "mariadb database shop")
    #expect(throws: DatabaseError.self) { try server.engine.server() }
    try server.instance.start()
    #expect(try server.engine.server() != nil)
  }

  @Test("what was loaded is on the disk, whatever happens to the server then")
  func durable() throws {
    let (source, target) = (try MariaDBServer(), try MariaDBServer())
    try source.run("CREATE DATABASE shop;")
    try MariaDBTests.fill(source)
    let dump = try wholeDump(source.engine, .database("shop"))
    try target.instance.load(.database("shop"), dump.bytes)
    try kill(target)
    while (try? target.engine.server()) != nil {}
    try target.instance.start()
    #expect(try target.instance.fingerprint(of: .database("shop")) == Fingerprint(rows: ["big": 60_000]))
    #expect(dump.rows == Fingerprint(rows: ["big": 60_000]))
  }

  private func kill(_ server: MariaDBServer) throws {
    let process = try #require(Int32(try Place(path: server.folder.path).read("server/server.pid").dropLast()))
    Glibc.kill(process, SIGKILL)
  }

  @Test("one run at a time has a private server, and one that a killed run left is ended by the next")
  func leftover() throws {
    let server = try MariaDBServer()
    try server.run("CREATE DATABASE shop;")
    let other = try server.engine.privateInstance(at: server.folder.path("server"))
    #expect(try #require(throws: DatabaseError.self) { try other.start() }.kind == .busy)
    try server.instance.stop()
    try server.instance.stop()
    let data = server.folder.path("server/data")
    let user = Environment.isRoot ? ["--user=mysql"] : []
    let left = try RunningProgram(
      "mariadbd",
      [
        "--no-defaults", "--datadir=\(data)", "--socket=\(server.folder.path("server/socket/mariadb.sock"))",
        "--pid-file=\(server.folder.path("server/server.pid"))", "--skip-networking",
      ] + user)
    #expect(try left.wait { (try? server.engine.server()) != nil })
    try other.start()
    #expect(try !left.isRunning)
    #expect(try server.engine.subjects() == [.accounts, .database("shop")])
    try other.stop()
    #expect(other.dataFolder == data)
    #expect(try Place(path: data).holds("ibdata1"))
  }

  @Test("a load that a killed run left half done is taken back by the next start")
  func halfLoad() throws {
    let server = try MariaDBServer()
    try server.run(MariaDBTests.shop)
    let before = try wholeDump(server.engine, .database("shop"))
    let file = try Descriptor.memoryFile()
    // The client waits in the middle, until its server is killed.
    try file.write(Array("CREATE DATABASE shop; USE shop; CREATE TABLE half(a int); DO SLEEP(60);".utf8), at: 0)
    let path = server.folder.path
    let killer = Worker {
      for _ in 0..<600 {
        Worker.pause(.milliseconds(100))
        let place = Place(path: path)
        guard (try? place.holds("server/data/shop/half.frm")) == true else { continue }
        if let process = (try? place.read("server/server.pid")).flatMap({ Int32($0.dropLast()) }) {
          Glibc.kill(process, SIGKILL)
        }
        return
      }
    }
    #expect(throws: DatabaseError.self) { try server.instance.load(.database("shop"), from: file) }
    killer.join()
    try server.instance.start()
    #expect(try wholeDump(server.engine, .database("shop")).bytes == before.bytes)
    #expect(try server.engine.subjects() == [.accounts, .database("shop")])
  }

  @Test("an engine that is not here is nothing in auto, and an error where it is enabled")
  func absent() throws {
    let missing = MariaDBEngine(MariaDBSettings(socket: "/nonexistent/socket"))
    #expect(try missing.server() == nil)
    #expect(try missing.subjects() == [])
    #expect(throws: DatabaseError.self) {
      try MariaDBEngine(MariaDBSettings(status: .enabled, socket: "/nonexistent/socket")).server()
    }
    #expect(try MariaDBEngine(MariaDBSettings(status: .disabled)).server() == nil)
  }
}

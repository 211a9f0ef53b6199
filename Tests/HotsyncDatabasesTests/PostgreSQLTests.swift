import Glibc
import HotsyncDatabases
import HotsyncSystem
import TestSupport
import Testing

/// Against real servers in scratch folders, one after the other: each takes its memory.
@Suite(.serialized) struct PostgreSQLTests {
  private static let shop = #"""
    CREATE SCHEMA "S.x"; CREATE TABLE "S.x"."t""q;" (a int, b text);
    INSERT INTO "S.x"."t""q;" VALUES (1, E'line\nCOPY public.x FROM stdin;\n\\.\n'), (2, NULL);
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TABLE orders(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text, b bytea, j jsonb, n numeric(10,2),
      g int GENERATED ALWAYS AS (3 * 2) STORED, ts timestamptz, m mood, p positive, a int[], r int4range, u uuid);
    INSERT INTO orders(t, b, j, n, ts, m, p, a, r) VALUES
      ('größe 😀 \ ''', '\x00ff27', '{"a": [1, 2]}', 1.5, '2001-02-03 04:05:06.789+00', 'ok', 7, '{1,NULL}', '[1,5)'),
      (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
    CREATE TABLE parts(a int) PARTITION BY RANGE (a);
    CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
    INSERT INTO parts VALUES (1), (2); CREATE TABLE base(a int); CREATE TABLE child() INHERITS (base);
    INSERT INTO child VALUES (1);
    CREATE VIEW totals AS SELECT id, t FROM orders; CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM orders;
    CREATE SEQUENCE counter START 100 INCREMENT 5; SELECT nextval('counter');
    CREATE UNLOGGED TABLE quick(a int); INSERT INTO quick VALUES (1);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    CREATE TABLE fake (a int);
    RETURN NEW; END $$;
    CREATE TRIGGER tr BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.id < 0) EXECUTE FUNCTION f();
    CREATE FUNCTION g(x int) RETURNS int BEGIN ATOMIC SELECT x + 1; END;
    SELECT lo_from_bytea(4711, '\x001122'); COMMENT ON TABLE orders IS 'it''s
    CREATE TABLE public.fake2 (';
    CREATE TABLE away(a int REFERENCES orders(id)); ALTER TABLE away OWNER TO "we ird";
    ALTER DATABASE shop SET work_mem = '5MB';

    """#

  private func makeShop(_ server: PostgreSQLServer) throws {
    try server.run(
      #"CREATE ROLE "we ird" LOGIN PASSWORD 'geheim-1'; CREATE ROLE grp; GRANT grp TO "we ird"; CREATE DATABASE shop;"#)
    try server.run(PostgreSQLTests.shop, in: "shop")
  }

  @Test("a dump holds every kind of thing: loaded elsewhere, it is dumped as the same bytes, with rows as counted")
  func roundTrip() throws {
    let (source, target) = (try PostgreSQLServer(), try PostgreSQLServer())
    try makeShop(source)
    #expect(try source.engine.subjects() == [.accounts, .database("shop")], "nobody has put anything into postgres")
    let first = try wholeDump(source.engine, .database("shop"))
    #expect(try wholeDump(source.engine, .database("shop")).bytes == first.bytes, "the same data, the same bytes")
    #expect(
      first.rows.rows["\"S.x\".\"t\"\"q;\""] == 2 && first.rows.rows["public.parts"] == 0
        && first.rows.rows["public.parts1"] == 2)
    #expect(first.rows.rows.count == 8)
    #expect(try source.instance.fingerprint(of: .database("shop")) == first.rows)
    #expect(try source.run("SELECT count(*) FROM orders", in: "shop") == "\(first.rows.rows["public.orders"] ?? 0)\n")
    #expect(throws: DatabaseError.self) { try target.instance.load(.database("shop"), first.bytes) }
    #expect(try target.engine.subjects() == [.accounts], "its owners come first; nothing stays of what did not load")
    let accounts = try wholeDump(source.engine, .accounts)
    try target.instance.load(.accounts, accounts.bytes)
    try target.instance.load(.database("shop"), first.bytes)
    #expect(try wholeDump(target.engine, .database("shop")).bytes == first.bytes)
    #expect(try target.instance.fingerprint(of: .database("shop")) == first.rows)
    // Again, over what is there; then something that does not load.
    try source.run("INSERT INTO orders(t) VALUES ('new'); DROP VIEW totals;", in: "shop")
    let second = try wholeDump(source.engine, .database("shop"))
    try target.instance.load(.database("shop"), second.bytes)
    #expect(try wholeDump(target.engine, .database("shop")).bytes == second.bytes)
    let broken = Array(first.bytes.prefix(first.bytes.count / 2))
    for bad in [broken + Array("'\n\\.\nSELECT nonsense;\n".utf8), Array("SELECT 1;\n".utf8)] {
      #expect(throws: DatabaseError.self) { try target.instance.load(.database("shop"), bad) }
      #expect(try wholeDump(target.engine, .database("shop")).bytes == second.bytes, "the former database stays")
    }
    try target.instance.keepOnly([.accounts])
    #expect(try target.engine.subjects() == [.accounts])
  }

  @Test("accounts come with their passwords and memberships, and what is gone at the master goes")
  func accounts() throws {
    let (source, target) = (try PostgreSQLServer(), try PostgreSQLServer())
    try source.run(
      #"""
      CREATE ROLE "o'dd ""x" LOGIN PASSWORD 'geheim-1' CONNECTION LIMIT 3; CREATE ROLE grp; GRANT grp TO "o'dd ""x";
      CREATE ROLE boss SUPERUSER; ALTER ROLE boss SET work_mem = '7MB';
      """#)
    try target.run(
      """
      CREATE ROLE gone; CREATE ROLE boss LOGIN PASSWORD 'other'; GRANT gone TO boss;
      ALTER ROLE boss SET work_mem = '1MB';
      """
    )
    let dump = try wholeDump(source.engine, .accounts)
    for _ in 0..<2 {
      try target.instance.load(.accounts, dump.bytes)
      #expect(try wholeDump(target.engine, .accounts).bytes == dump.bytes)
    }
    let error = try #require(throws: DatabaseError.self) {
      try target.instance.load(.accounts, Array("CREATE ROLE x PASSWORD 'geheim-2' NONSENSE;\n".utf8))
    }
    #expect(!"\(error)".contains("geheim-2"))
    #expect(try wholeDump(target.engine, .accounts).bytes == dump.bytes, "the former accounts stay")
  }

  @Test("names with every sign in them are dumped and loaded, and the database postgres once something is in it")
  func names() throws {
    let (source, target) = (try PostgreSQLServer(exclude: ["skip*"]), try PostgreSQLServer())
    let names = ["-rf", "a b", "dbname=x host=y", "größe", "it's\\", "we\"ird; --"]
    for name in names + ["skip_me"] {
      let quoted = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      try source.run("CREATE DATABASE \"\(quoted)\";")
    }
    try source.run("CREATE TABLE mine(a int);")
    let all = (names + ["postgres"]).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    #expect(try source.engine.subjects() == [.accounts] + all.map { .database($0) })
    for name in all {
      let dump = try wholeDump(source.engine, .database(name))
      try target.instance.load(.database(name), dump.bytes)
      #expect(try wholeDump(target.engine, .database(name)).bytes == dump.bytes, "\(name)")
    }
    #expect(try target.engine.subjects() == [.accounts] + all.map { .database($0) })
  }

  @Test("a login that is refused says so, and a passfile that the client could not read is refused before")
  func credentials() throws {
    let server = try PostgreSQLServer()
    var settings = server.engine.settings
    settings.user = "nobody-here"
    let wrong = try #require(throws: DatabaseError.self) { try PostgreSQLEngine(settings).server() }
    #expect(wrong.cause.contains("nobody-here"))
    try server.folder.write(Array("*:*:*:*:geheim\n".utf8), to: "passfile")
    settings.passfile = server.folder.path("passfile")
    #expect(try #require(throws: DatabaseError.self) { try PostgreSQLEngine(settings).server() }.kind == .refused)
    settings.passfile = ""
    settings.runAs = "nobody-here"
    if Environment.isRoot {
      #expect(
        try #require(throws: DatabaseError.self) { try PostgreSQLEngine(settings).server() }.kind == .configuration)
    }
  }

  @Test("a server that is killed in the middle of a dump spoils that dump, and starts again with its data")
  func killed() throws {
    let server = try PostgreSQLServer()
    try server.run("CREATE DATABASE shop;")
    try server.run(
      "CREATE TABLE big AS SELECT i AS a, repeat('x', 500) AS t FROM generate_series(1, 60000) i;",
      in: "shop")
    try server.run("CHECKPOINT;")
    let stream = try server.engine.dump(.database("shop"), formerSize: nil)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    #expect(try stream.read(into: &buffer) > 0)
    let text = try Place(path: server.folder.path).read("server/data/postmaster.pid")
    let process = try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
    kill(-process, SIGKILL)
    let error = try #require(throws: DatabaseError.self) { while try stream.read(into: &buffer) > 0 {} }
    #expect(error.subject == "postgresql database shop")
    try server.instance.start()
    #expect(try server.instance.fingerprint(of: .database("shop")) == Fingerprint(rows: ["public.big": 60_000]))
  }

  @Test("a load that a killed run left half done is taken back by the next start")
  func halfLoad() throws {
    let server = try PostgreSQLServer()
    try makeShop(server)
    // What is not logged is empty after every crash, as the manual of PostgreSQL says.
    try server.run("DROP TABLE quick; CHECKPOINT", in: "shop")
    let before = try wholeDump(server.engine, .database("shop"))
    let file = try Descriptor.memoryFile()
    try file.write(
      Array("CREATE DATABASE shop;\n\\connect shop\nCREATE TABLE half(a int);\nSELECT pg_sleep(60);\n".utf8), at: 0)
    let path = server.folder.path
    let settings = server.engine.settings
    let killer = Worker {
      for _ in 0..<600 {
        Worker.pause(.milliseconds(100))
        let arguments = [
          "-X", "-A", "-t", "-h", settings.host, "-U", "postgres", "-d", "shop", "-c", "SELECT 1 FROM half",
        ]
        guard (try? RunningProgram.run("psql", arguments).exitCode) == 0 else { continue }
        let text = try? Place(path: path).read("server/data/postmaster.pid")
        if let process = text?.split(separator: "\n").first.flatMap({ Int32($0) }) { kill(-process, SIGKILL) }
        return
      }
    }
    #expect(throws: DatabaseError.self) { try server.instance.load(.database("shop"), from: file) }
    killer.join()
    try server.instance.start()
    #expect(try wholeDump(server.engine, .database("shop")).bytes == before.bytes)
    #expect(try server.engine.subjects() == [.accounts, .database("shop")])
  }

  @Test("a folder that a private server leaves is one that the machine's own configuration starts")
  func exchanged() throws {
    let server = try PostgreSQLServer()
    try makeShop(server)
    try server.instance.stop()
    guard let version = PostgreSQLTests.debianConfiguration, Environment.isRoot else { return }
    let etc = "/etc/postgresql/\(version)/main"
    let folder = try server.folder.makeFolder("sockets")
    try RunningProgram.run("chown", ["postgres", folder]).exitCode.map { #expect($0 == 0) }
    try RunningProgram.run("chmod", ["0711", server.folder.path]).exitCode.map { #expect($0 == 0) }
    let own = try RunningProgram(
      "setpriv",
      [
        "--reuid", "postgres", "--regid", "postgres", "--init-groups", "/usr/lib/postgresql/\(version)/bin/postgres",
        "-D", server.instance.dataFolder, "-c", "config_file=\(etc)/postgresql.conf",
        "-c", "data_directory=\(server.instance.dataFolder)", "-c", "hba_file=\(etc)/pg_hba.conf", "-c",
        "listen_addresses=",
        "-c", "unix_socket_directories=\(folder)", "-c", "external_pid_file=",
      ])
    var settings = server.engine.settings
    settings.host = folder
    let engine = PostgreSQLEngine(settings)
    #expect(try own.wait { (try? engine.server()) != nil }, "\(own.errorsSoFar())")
    #expect(try engine.subjects() == [.accounts, .database("shop")])
    own.kill(SIGINT)
    _ = try own.wait()
  }

  /// The version whose cluster `main` is configured here as Debian does it.
  private static var debianConfiguration: String? {
    guard let versions = try? Folder.open("/etc/postgresql").names() else { return nil }
    return versions.map { String(decoding: $0.bytes, as: UTF8.self) }.first {
      (try? Descriptor.open("/etc/postgresql/\($0)/main/postgresql.conf", .nameOnly)) != nil
    }
  }
}

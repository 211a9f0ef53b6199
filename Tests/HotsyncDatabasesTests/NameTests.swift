import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncDatabases

@Suite struct NameTests {
  private let names = ["shop", "..", ".", "a/b", "we`ird; -- \"", "-rf", "größe 😀", "a\nb", "%41", "x.sql", "\u{1}"]

  @Test("a dump's path names one database and nothing outside of its folder, whatever the database is called")
  func paths() throws {
    var seen: Set<RelativePath> = []
    for name in names {
      let path = try DumpPath.dump(of: .database(name), engine: "mariadb")
      #expect(path.levels == 3)
      #expect(path.parent?.utf8Text == "mariadb/databases")
      #expect(seen.insert(path).inserted)
      let back = try #require(DumpPath.subject(at: path))
      #expect(back.engine == "mariadb")
      #expect(back.subject == .database(name))
      let tables = try #require(try DumpPath.fingerprint(of: .database(name), engine: "mariadb"))
      #expect(DumpPath.subject(at: tables) == nil)
    }
    let accounts = try DumpPath.dump(of: .accounts, engine: "postgresql")
    #expect(accounts.utf8Text == "postgresql/accounts.sql")
    #expect(DumpPath.subject(at: accounts)?.subject == .accounts)
    #expect(try DumpPath.fingerprint(of: .accounts, engine: "postgresql") == nil)
  }

  @Test("a name that is too long for a path is refused with its name, and a path of another form is no dump's")
  func refused() throws {
    #expect(throws: Never.self) {
      try DumpPath.dump(of: .database(String(repeating: "x", count: 200)), engine: "mariadb")
    }
    for name in [String(repeating: "x", count: 201), String(repeating: "é", count: 64), ""] {
      let error = try #require(throws: DatabaseError.self) {
        try DumpPath.dump(of: .database(name), engine: "mariadb")
      }
      #expect(error.kind == .incomplete)
    }
    for text in [
      "mariadb/databases/a%2fb.sql", "mariadb/databases/%zz.sql", "mariadb/databases/a.b.sql", "mariadb/a.sql",
      "mariadb/databases/.sql", "mariadb/databases/x", "accounts.sql", "mariadb/databases/%41.sql",
    ] { #expect(DumpPath.subject(at: try .of(text)) == nil, "\(text)") }
  }

  @Test("include and exclude take names and patterns, and exclude has the last word")
  func patterns() {
    #expect(NamePattern("shop_*").matches("shop_") && NamePattern("*a*b?").matches("xxaabbc"))
    #expect(!NamePattern("shop_*").matches("shop") && !NamePattern("*a*b?").matches("xxaabb".dropLast().description))
    #expect(!NamePattern("?").matches("") && NamePattern("*").matches("") && NamePattern("a[b]").matches("a[b]"))
    #expect(NamePattern.chooses("shop", include: [], exclude: []))
    #expect(!NamePattern.chooses("shop", include: ["blog"], exclude: []))
    #expect(!NamePattern.chooses("shop_test", include: ["shop*"], exclude: ["*_test"]))
  }

  @Test("a client is safe from the first version of its own series that has the repair")
  func versions() throws {
    let maria = SafeClients.mariaDB
    for (text, isSafe) in [
      ("10.11.8", true), ("10.11.7", false), ("10.11.19", true), ("10.5.25", true), ("10.4.40", false),
      ("11.4.1", false),
      ("11.8.1", true), ("12.0.0", true), ("8.0.36", false), ("10.10.9", false),
    ] { #expect(try #require(Version(in: text)).isAtLeast(oneOf: maria, series: 2) == isSafe, "\(text)") }
    for (text, isSafe) in [
      ("15.18", false), ("15.19", true), ("15.20", true), ("18.6", true), ("18.5", false), ("19.0", true),
      ("13.99", false),
    ] {
      #expect(try #require(Version(in: text)).isAtLeast(oneOf: SafeClients.postgreSQL, series: 1) == isSafe, "\(text)")
    }
    #expect(Version(in: "mysqldump  Ver 8.0.36-0ubuntu0.22.04.1 for Linux")?.description == "8.0.36")
    #expect(Version(in: "no version") == nil)
  }

  @Test("an access list lets one user more pass and takes nothing from the others")
  func accessList() throws {
    var list = AccessList(permissions: 0o750)
    let changes = [list.letPass(105), list.letPass(105), list.letPass(7)]
    #expect(changes == [true, false, true])
    var again = try #require(AccessList(list.encoded))
    #expect(again.encoded == list.encoded)
    let isChanged = again.letPass(7)
    #expect(!isChanged)
    // As setfacl(1) writes u::rwx,u:7:--x,u:105:--x,g::r-x,m::r-x,o::---.
    #expect(
      hexadecimal(list.encoded)
        == "02000000" + "01000700ffffffff" + "0200010007000000" + "0200010069000000" + "04000500ffffffff"
        + "10000500ffffffff" + "20000000ffffffff")
    #expect(AccessList([2, 0, 0]) == nil && AccessList([9, 0, 0, 0]) == nil)
  }

  @Test("of what a client complains neither rows nor password hashes are handed on")
  func complaints() {
    let lines = [
      "--------------", "GRANT USAGE ON *.* TO u IDENTIFIED BY PASSWORD '*4623'", "--------------",
      "ERROR 1064 (42000) at line 3: You have an error in your SQL syntax near 'PASSWORD '*4623'' at line 1",
    ]
    let said = Complaint.essence(lines)
    #expect(said.hasPrefix("ERROR 1064"))
    #expect(!said.contains("4623"))
    let other = Complaint.essence([
      "psql:<stdin>:7: ERROR:  syntax error at or near \"x\"", "LINE 1: ALTER ROLE u PASSWORD 'SCRAM-1'",
    ])
    #expect(other.contains("syntax error") && !other.contains("SCRAM"))
  }
}

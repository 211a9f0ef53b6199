import TestSupport
import Testing

@testable import HotsyncDatabases

/// Dumps with everything in them that could be taken for something else.
private enum Sample {
  static let mariaDB = #"""
    /*M!999999\- enable the sandbox mode */
    -- MariaDB dump; CREATE TABLE `comment` (
    /* plain INSERT INTO `comment` VALUES (1); ' */
    # INSERT INTO `hash` VALUES (1); '
    DROP TABLE IF EXISTS `orders`;
    /*!40101 SET character_set_client = utf8mb4 */;
    CREATE TABLE `orders` (
      `id` int(11) NOT NULL COMMENT 'INSERT INTO `x` VALUES (1);',
      `d` decimal(10,2) DEFAULT NULL
    ) ENGINE=InnoDB;
    INSERT INTO `orders` VALUES
    (1,'it\'s \\ \"q\" (),; \n x',0x00FF27,'{\"a\":[1,2]}'),
    (2,NULL,'''(',-1.5e10),
    (3,'-- /* x','\\',';');
    INSERT INTO `orders` VALUES (4,'','','');
    CREATE TABLE `we``ird; -- "` (
      `a'b` int(11) DEFAULT NULL
    );
    INSERT INTO `we``ird; -- "` (`VALUES`, `a'b`, row_start) VALUES (1,'('),(2,')');
    CREATE TABLE `empty` (`a` int);
    /*!50001 CREATE VIEW `vv` AS SELECT 1 AS `id` */;
    /*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES' */ ;
    DELIMITER ;;
    /*!50003 CREATE*/ /*!50003 trigger tr before insert on m for each row begin set new.a = 'x\';;';
    INSERT INTO `orders` VALUES (9),(9); end */;;
    CREATE PROCEDURE `pr`(x int)
    begin -- it's
     /* don't */ select '
    DELIMITER ;
    INSERT INTO `orders` VALUES (1),(2);';
    CREATE TABLE `temporary` (a int);
    end
    ;;
    DELIMITER ;
    /*!50003 SET sql_mode              = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */ ;
    DELIMITER ;;
    CREATE FUNCTION `fu`() RETURNS text return '\' ;;
    DELIMITER ;
    /*!50003 SET sql_mode              = @saved_sql_mode */ ;
    INSERT INTO `empty` VALUES (1 -1),('\'');
    -- Dump completed

    """#

  static let mariaDBRows = ["orders": UInt64(4), "we`ird; -- \"": 2, "empty": 2]

  static let postgreSQL = #"""
    --
    -- PostgreSQL database dump; CREATE TABLE public.comment (
    --

    \restrict abc
    SET standard_conforming_strings = on;
    /* outer /* inner ' */ CREATE TABLE public.nested (); */
    CREATE DATABASE "shop";
    \unrestrict abc
    \connect "it's"
    \restrict abc
    CREATE FUNCTION "public"."f"() RETURNS integer
        AS $_$
    begin
    CREATE TABLE public.fake (a int);
    COPY public.orders FROM stdin;
    return $1 || $$x$$; end $_$;
    CREATE FUNCTION "public"."g"("x" integer) RETURNS integer
        BEGIN ATOMIC
     SELECT ("x" + 1);
    END;
    CREATE TABLE "S.x"."t""q;" (
        "a" integer DEFAULT nextval('x;''y'),
        "b" "text" DEFAULT E'\';'
    );
    CREATE TABLE public.orders (a int, b text DEFAULT 'CREATE TABLE public.no ();');
    CREATE UNLOGGED TABLE "public"."ul" ("a" integer);
    COMMENT ON TABLE "public"."ul" IS 'it''s
    CREATE TABLE public.fake2 (;
    COPY public.orders (a) FROM stdin;
    ';
    SELECT pg_catalog.lowrite(0, '\x001122');
    COPY "S.x"."t""q;" ("a", "b") FROM stdin;
    1	line\nCOPY public.x FROM stdin;\n\\.\n
    \N	CREATE TABLE public.row ();
    \.x
    \\.
    \.


    COPY public.orders (a, b) FROM stdin;
    \.

    COPY extension.config (a) FROM stdin;
    1
    \.
    COPY "public"."ul" ("a") FROM stdin;

    1
    \.
    SET standard_conforming_strings = off;
    SELECT 'a\';CREATE TABLE public.late ();';
    CREATE TABLE public.last (a int);
    --
    -- PostgreSQL database dump complete
    --

    """#

  static let postgreSQLRows = ["\"S.x\".\"t\"\"q;\"": UInt64(4), "public.orders": 0, "public.ul": 2, "public.last": 0]
}

@Suite struct RowCountTests {
  private func count<Counter: RowCounter>(_ text: [UInt8], cuts: [Int], _: Counter.Type) -> [String: UInt64] {
    var counter = Counter()
    var start = 0
    for cut in cuts + [text.count] where cut >= start {
      counter.take(text.span.extracting(start..<cut))
      start = cut
    }
    return counter.fingerprint.rows
  }

  @Test("rows of a MariaDB dump are counted, and no text is taken for one, however the dump is cut")
  func mariaDB() { everyCut(Sample.mariaDB, Sample.mariaDBRows, MariaDBRows.self) }

  @Test("rows of a PostgreSQL dump are counted, and no text is taken for one, however the dump is cut")
  func postgreSQL() { everyCut(Sample.postgreSQL, Sample.postgreSQLRows, PostgreSQLRows.self) }

  private func everyCut<Counter: RowCounter>(_ sample: String, _ rows: [String: UInt64], _: Counter.Type) {
    let text = Array(sample.utf8)
    #expect(count(text, cuts: [], Counter.self) == rows)
    #expect(count(text, cuts: Array(0..<text.count), Counter.self) == rows, "byte after byte")
    for cut in text.indices where count(text, cuts: [cut], Counter.self) != rows {
      Issue.record("cut at \(cut): \(count(text, cuts: [cut], Counter.self))")
      return
    }
  }

  @Test("a dump with any bytes changed neither traps nor counts differently when it is cut differently")
  func changedBytes() {
    var random = SeededGenerator(announcing: "changed dumps")
    for _ in 0..<150 {
      changed(Sample.mariaDB, &random, MariaDBRows.self)
      changed(Sample.postgreSQL, &random, PostgreSQLRows.self)
    }
  }

  private func changed<Counter: RowCounter>(_ sample: String, _ random: inout SeededGenerator, _: Counter.Type) {
    var text = Array(sample.utf8)
    let signs = Array("'\"`\\$;/*-\n#()D".utf8) + [0, 255]
    for _ in 0..<random.number(1...12) {
      let place = random.below(text.count)
      switch random.below(3) {
      case 0: text[place] = signs[random.below(signs.count)]
      case 1: text.insert(signs[random.below(signs.count)], at: place)
      default: text.remove(at: place)
      }
    }
    let cuts = (0..<random.number(1...20)).map { _ in random.below(text.count) }.sorted()
    #expect(count(text, cuts: cuts, Counter.self) == count(text, cuts: [], Counter.self), "seed \(random.seed)")
  }
}

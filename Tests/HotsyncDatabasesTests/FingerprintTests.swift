import HotsyncDatabases
import Testing

@Suite struct FingerprintTests {
  private let odd = Fingerprint(rows: ["public.orders": 3, "we\"ird\\\n\u{7f}é": .max, "": 0, "a": 1])

  @Test("a fingerprint has one way to be written, and comes back from it")
  func roundTrip() throws {
    for fingerprint in [odd, Fingerprint()] {
      #expect(try Fingerprint(decoding: fingerprint.encode()) == fingerprint)
    }
    #expect(
      String(decoding: Fingerprint(rows: ["b": 1, "a": 20]).encode(), as: UTF8.self)
        == "{\"version\":1,\"tables\":{\n\"a\":20,\n\"b\":1}}\n")
  }

  @Test("whatever is cut off, changed or put into a fingerprint, it is refused")
  func damage() throws {
    let good = odd.encode()
    for length in good.indices {
      #expect(throws: DatabaseError.self) { try Fingerprint(decoding: Array(good[..<length])) }
    }
    for place in good.indices {
      var bad = good
      bad.insert(UInt8(ascii: "}"), at: place)
      // In a name it is one more sign; anywhere else it is none that belongs there.
      if let other = try? Fingerprint(decoding: bad) { #expect(other != odd) }
    }
    let others = [
      "{\"version\":1,\"tables\":{\n\"b\":1,\n\"a\":2}}\n", "{\"version\":1,\"tables\":{\n\"a\":1,\n\"a\":1}}\n",
      "{\"version\":1,\"tables\":{\n\"a\":01}}\n", "{\"version\":1,\"tables\":{\n\"a\":18446744073709551616}}\n",
      "{\"version\":1,\"tables\":{\n\"\\u0041\":1}}\n", "{\"version\":1,\"tables\":{\n\"a\":-1}}\n",
      "{\"version\":2,\"tables\":{}}\n", "{\"version\":1,\"tables\":{\n\"\\u00\":1}}\n",
    ]
    for text in others { #expect(throws: DatabaseError.self) { try Fingerprint(decoding: Array(text.utf8)) } }
    #expect(throws: DatabaseError.self) {
      try Fingerprint(decoding: [UInt8](repeating: 0x20, count: Fingerprint.sizeLimit + 1))
    }
  }

  @Test("what differs is told by table, and not without end")
  func differences() {
    let dumped = Fingerprint(rows: ["a": 1, "b": 2])
    #expect(dumped.differences(from: dumped).isEmpty)
    #expect(
      dumped.differences(from: Fingerprint(rows: ["a": 1, "c": 5])) == [
        "table b: 2 rows in the dump, no table loaded", "table c: no table in the dump, 5 rows loaded",
      ])
    let many = Fingerprint(rows: Dictionary(uniqueKeysWithValues: (0..<100).map { ("t\($0)", 1) }))
    #expect(many.differences(from: Fingerprint()).count == 6)
  }
}

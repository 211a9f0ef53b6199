/// Counts the rows in a dump while its bytes pass, however they are cut into pieces.
protocol RowCounter {
  init()

  mutating func take(_ bytes: borrowing Span<UInt8>)

  var fingerprint: Fingerprint { get }
}

/// For dumps of accounts: they hold no tables.
struct NoRows: RowCounter {
  func take(_ bytes: borrowing Span<UInt8>) {}

  var fingerprint: Fingerprint { Fingerprint() }
}

/// The last bytes of the code of a statement, packed so that looking for a keyword costs one comparison.
struct RecentCode {
  private var bytes: UInt64 = 0

  mutating func append(_ byte: UInt8) { bytes = bytes << 8 | UInt64(byte) }
  mutating func forget() { bytes = 0 }

  /// Whether it ends with a keyword of at most eight bytes.
  func ends(with keyword: RecentCode, mask: UInt64) -> Bool { bytes & mask == keyword.bytes }

  init() {}

  init(_ keyword: StaticString) {
    for byte in String(describing: keyword).utf8 { append(byte) }
  }
}

/// Names and counts: a table is looked up once a statement, not once a row.
struct TableCounts {
  private(set) var names: [String] = []
  private var counts: [UInt64] = []
  private var places: [String: Int] = [:]

  /// The place of a table, which has no rows yet where it is new.
  mutating func place(of name: String) -> Int {
    if let known = places[name] { return known }
    names.append(name)
    counts.append(0)
    places[name] = names.count - 1
    return names.count - 1
  }

  func knownPlace(of name: String) -> Int? { places[name] }

  mutating func add(_ rows: UInt64, at place: Int) { counts[place] &+= rows }

  var fingerprint: Fingerprint {
    Fingerprint(rows: Dictionary(zip(names, counts)) { first, _ in first })
  }
}

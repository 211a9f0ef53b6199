/// Counts the rows of what mariadb-dump or mysqldump writes: the tuples of its `INSERT`s, by table. It reads as their
/// client does: quotes, escapes, comments, and `DELIMITER` lines, so that no text in a row or a routine is taken for a
/// statement.
struct MariaDBRows: RowCounter {
  private enum State {
    /// Between statements and in them.
    case code
    /// In quotes of that kind; after a backslash in them.
    case quoted(UInt8)
    case escaped(UInt8)
    case dashes, lineComment
    case slash, commentStart, comment, commentStar
    /// The rest of a line that begins with `DELIMITER`.
    case delimiterLine
    /// After `VALUES`; in a string there; after a backslash in that.
    case tuples, string, stringEscape
  }

  private var state = State.code
  private var head: [UInt8] = []
  private var recent = RecentCode()
  private var delimiter = [UInt8(ascii: ";")]
  private var matched = 0
  private var newDelimiter: [UInt8] = []
  private var recentByte: UInt8 = 0
  private var atLineStart = true
  /// Whether the statement's first byte is its line's first, too.
  private var beganLine = false
  private var isInsert = false
  private var keepsBackslashes = false
  private var depth = 0
  private var place = 0
  private var tables = TableCounts()

  init() {}

  var fingerprint: Fingerprint { tables.fingerprint }

  /// As much of a statement's beginning as is kept: a name of 64 characters with every byte doubled, and what precedes
  /// it.
  private static let headLimit = 640
  private static let values = RecentCode("VALUES")
  private static let insert = Array("INSERT INTO `".utf8)
  private static let create = Array("CREATE TABLE `".utf8)
  private static let delimiterWord = Array("DELIMITER ".utf8)

  mutating func take(_ bytes: borrowing Span<UInt8>) {
    var index = 0
    while index < bytes.count {
      switch state {
      case .tuples: index = takeTuples(bytes, from: index)
      case .string: index = takeString(bytes, from: index)
      default:
        takeOther(bytes[index])
        index += 1
      }
    }
  }

  // MARK: Rows

  private mutating func takeTuples(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
    var (index, depth, rows) = (start, depth, UInt64(0))
    scan: while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "("):
        if depth == 0 { rows += 1 }
        depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "'"):
        state = .string
        break scan
      case UInt8(ascii: ";") where depth == 0:
        tables.add(rows, at: place)
        rows = 0
        endStatement()
        break scan
      default: break
      }
    }
    if rows > 0 { tables.add(rows, at: place) }
    self.depth = depth
    return index
  }

  private mutating func takeString(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "'") {
        // A doubled quote closes and opens again, which comes to the same.
        state = .tuples
        return index
      }
      if byte == UInt8(ascii: "\\") {
        if index < bytes.count {
          index += 1
        } else {
          state = .stringEscape
          return index
        }
      }
    }
    return index
  }

  // MARK: The rest

  private mutating func takeOther(_ byte: UInt8) {
    switch state {
    case .code: takeCode(byte)
    case .quoted(let quote):
      keep(byte)
      if byte == quote {
        state = .code
      } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`"), !keepsBackslashes {
        state = .escaped(quote)
      }
    case .escaped(let quote):
      keep(byte)
      state = .quoted(quote)
    case .dashes:
      state = .code
      if byte <= UInt8(ascii: " ") {
        state = byte == UInt8(ascii: "\n") ? .code : .lineComment
        if !head.isEmpty { head.removeLast(min(2, head.count)) }
        atLineStart = byte == UInt8(ascii: "\n")
      } else {
        takeCode(byte)
      }
    case .lineComment: if byte == UInt8(ascii: "\n") { backToCode(atLineStart: true) }
    case .slash:
      state = .code
      if byte == UInt8(ascii: "*") { state = .commentStart } else { takeCode(byte) }
    case .commentStart:
      // What is meant for some versions only is code.
      if byte == UInt8(ascii: "!") || byte == UInt8(ascii: "M") {
        keep(UInt8(ascii: "*"))
        keep(byte)
        state = .code
      } else {
        if !head.isEmpty { head.removeLast() }
        state = byte == UInt8(ascii: "*") ? .commentStar : .comment
      }
    case .comment: if byte == UInt8(ascii: "*") { state = .commentStar }
    case .commentStar:
      if byte == UInt8(ascii: "/") {
        backToCode(atLineStart: false)
      } else if byte != UInt8(ascii: "*") {
        state = .comment
      }
    case .delimiterLine: takeDelimiterLine(byte)
    case .stringEscape: state = .string
    case .tuples, .string: break
    }
  }

  private mutating func backToCode(atLineStart: Bool) {
    state = .code
    self.atLineStart = atLineStart
    recent.forget()
  }

  private mutating func takeCode(_ byte: UInt8) {
    let wasLineStart = atLineStart
    atLineStart = byte == UInt8(ascii: "\n")
    if byte == delimiter[matched] {
      matched += 1
      if matched == delimiter.count {
        endStatement()
        return
      }
    } else {
      matched = byte == delimiter[0] ? 1 : 0
    }
    if head.isEmpty {
      if byte <= UInt8(ascii: " ") { return }
      isInsert = false
      beganLine = wasLineStart
    }
    let dash = UInt8(ascii: "-")
    let wasDash = recentByte == dash
    keep(byte)
    recentByte = byte
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): open(byte)
    case UInt8(ascii: "#"):
      head.removeLast(min(1, head.count))
      state = .lineComment
    case dash where wasDash:
      recentByte = 0
      state = .dashes
    case UInt8(ascii: "/"):
      state = .slash
    default:
      recent.append(byte)
      look()
    }
  }

  private mutating func open(_ quote: UInt8) {
    recent.forget()
    recentByte = 0
    state = .quoted(quote)
  }

  /// Whether what has come of the statement says what it is.
  private mutating func look() {
    if head.count == MariaDBRows.delimiterWord.count, beganLine, isDelimiterWord {
      newDelimiter = []
      state = .delimiterLine
    } else if isInsert, recent.ends(with: MariaDBRows.values, mask: 0xFFFF_FFFF_FFFF) {
      guard let name = MariaDBRows.name(in: head, after: MariaDBRows.insert.count) else { return }
      place = tables.place(of: name)
      depth = 0
      state = .tuples
    }
  }

  private var isDelimiterWord: Bool {
    zip(head, MariaDBRows.delimiterWord).allSatisfy { $0 & 0xDF == $1 & 0xDF }
  }

  private mutating func takeDelimiterLine(_ byte: UInt8) {
    if byte != UInt8(ascii: "\n") {
      if newDelimiter.count < 16, byte > UInt8(ascii: " ") { newDelimiter.append(byte) }
      return
    }
    if !newDelimiter.isEmpty { delimiter = newDelimiter }
    forgetStatement()
    backToCode(atLineStart: true)
  }

  private mutating func keep(_ byte: UInt8) {
    guard head.count < MariaDBRows.headLimit else { return }
    head.append(byte)
    if head.count == MariaDBRows.insert.count {
      isInsert = delimiter.count == 1 && head == MariaDBRows.insert
    }
  }

  private mutating func endStatement() {
    if delimiter.count == 1, head.starts(with: MariaDBRows.create),
      let name = MariaDBRows.name(in: head, after: MariaDBRows.create.count)
    {
      _ = tables.place(of: name)
    }
    if head.starts(with: Array("/*!50003 SET sql_mode".utf8)) {
      keepsBackslashes = MariaDBRows.holds(Array("NO_BACKSLASH_ESCAPES".utf8), head)
    }
    forgetStatement()
    state = .code
    atLineStart = false
  }

  private mutating func forgetStatement() {
    head.removeAll(keepingCapacity: true)
    recent.forget()
    recentByte = 0
    matched = 0
    isInsert = false
  }

  private static func holds(_ word: [UInt8], _ text: [UInt8]) -> Bool {
    text.indices.contains { text[$0...].starts(with: word) }
  }

  /// The name that ends with a backtick, in which backticks stand doubled.
  private static func name(in head: [UInt8], after start: Int) -> String? {
    var bytes: [UInt8] = []
    var index = start
    while index < head.count {
      if head[index] == UInt8(ascii: "`") {
        guard index + 1 < head.count, head[index + 1] == UInt8(ascii: "`") else { return TableName.text(bytes) }
        index += 1
      }
      bytes.append(head[index])
      index += 1
    }
    return nil
  }
}

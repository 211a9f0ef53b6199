import Glibc

/// Counts the rows of what pg_dump writes in its plain format: the lines of its `COPY` blocks, by table. It reads as
/// psql does: quotes, dollar quotes, comments and meta-commands, so that no text in a row or a function is taken for a
/// statement.
struct PostgreSQLRows: RowCounter {
  private enum State {
    case code
    case identifier
    /// In a string; with backslashes that escape; after one of those.
    case string, escapeString, escaped
    /// After a `$` that may begin a dollar quote; in one.
    case dollar, dollarQuoted
    case dash, lineComment
    case slash, comment, commentSlash, commentStar
    /// A line for psql itself.
    case metaCommand
    /// The rest of the line of a `COPY`; the front of a line of data, with so many bytes of `\.` before; the rest of
    /// one.
    case copyBegins
    case lineFront(Int)
    case line
  }

  private var state = State.code
  private var head: [UInt8] = []
  private var recent = RecentCode()
  private var recentByte: UInt8 = 0
  private var byteBefore: UInt8 = 0
  private var backslashesEscape = false
  private var tag: [UInt8] = []
  private var matched = 0
  private var nesting = 0
  private var place: Int?
  private var tables = TableCounts()

  init() {}

  var fingerprint: Fingerprint { tables.fingerprint }

  /// As much of a statement's beginning as is kept: two names of 63 bytes with every byte doubled, and what precedes
  /// them.
  private static let headLimit = 400
  private static let fromStdin = RecentCode("OM stdin")
  private static let stringSetting = Array("SET standard_conforming_strings = ".utf8)
  private static let newline = UInt8(ascii: "\n")

  mutating func take(_ bytes: borrowing Span<UInt8>) {
    var index = 0
    while index < bytes.count {
      switch state {
      case .line, .lineFront: index = takeData(bytes, from: index)
      case .string: index = skip(bytes, from: index, to: UInt8(ascii: "'"), then: .code)
      case .metaCommand, .lineComment: index = skip(bytes, from: index, to: PostgreSQLRows.newline, then: .code)
      default:
        takeOther(bytes[index])
        index += 1
      }
    }
  }

  // MARK: Rows

  private mutating func takeData(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int {
    var index = start
    var rows: UInt64 = 0
    defer { if let place { tables.add(rows, at: place) } }
    while index < bytes.count {
      if case .lineFront(let count) = state {
        let byte = bytes[index]
        switch (count, byte) {
        case (0, UInt8(ascii: "\\")), (1, UInt8(ascii: ".")):
          state = .lineFront(count + 1)
          index += 1
          continue
        case (2, PostgreSQLRows.newline):
          state = .code
          return index + 1
        default: state = .line
        }
      }
      guard let end = PostgreSQLRows.find(PostgreSQLRows.newline, bytes, from: index) else { return bytes.count }
      rows += 1
      state = .lineFront(0)
      index = end + 1
    }
    return index
  }

  private mutating func skip(
    _ bytes: borrowing Span<UInt8>, from start: Int, to byte: UInt8, then next: State
  ) -> Int {
    guard let end = PostgreSQLRows.find(byte, bytes, from: start) else { return bytes.count }
    state = next
    return end + 1
  }

  private static func find(_ byte: UInt8, _ bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
    // SAFETY: the search stays within the bytes that are lent to the closure.
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard start < buffer.count, let base = buffer.baseAddress,
        let found = unsafe memchr(base + start, Int32(byte), buffer.count - start)
      else { return nil }
      return unsafe UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
    }
  }

  // MARK: Statements

  private mutating func takeOther(_ byte: UInt8) {
    switch state {
    case .code: takeCode(byte)
    case .identifier:
      keep(byte)
      if byte == UInt8(ascii: "\"") { state = .code }
    case .escapeString:
      if byte == UInt8(ascii: "\\") { state = .escaped } else if byte == UInt8(ascii: "'") { state = .code }
    case .escaped: state = .escapeString
    case .dollar: takeTag(byte)
    case .dollarQuoted: takeDollarQuoted(byte)
    case .dash:
      state = .code
      if byte == UInt8(ascii: "-") {
        if !head.isEmpty { head.removeLast() }
        state = .lineComment
      } else {
        takeCode(byte)
      }
    case .slash:
      state = .code
      if byte == UInt8(ascii: "*") {
        if !head.isEmpty { head.removeLast() }
        nesting = 1
        state = .comment
      } else {
        takeCode(byte)
      }
    case .comment, .commentSlash, .commentStar: takeComment(byte)
    case .copyBegins: if byte == PostgreSQLRows.newline { state = .lineFront(0) }
    case .string, .metaCommand, .lineComment, .lineFront, .line: break
    }
  }

  private mutating func takeCode(_ byte: UInt8) {
    if head.isEmpty {
      if byte <= UInt8(ascii: " ") { return }
      if byte == UInt8(ascii: "\\") {
        state = .metaCommand
        return
      }
    }
    if byte == UInt8(ascii: ";") {
      endStatement()
      return
    }
    keep(byte)
    recent.append(byte)
    let (former, beforeThat) = (recentByte, byteBefore)
    (recentByte, byteBefore) = (byte, former)
    switch byte {
    case UInt8(ascii: "'"):
      recent.forget()
      let isMarked = former & 0xDF == UInt8(ascii: "E") && !PostgreSQLRows.isNamePart(beforeThat)
      state = isMarked || backslashesEscape ? .escapeString : .string
    case UInt8(ascii: "\""):
      recent.forget()
      state = .identifier
    case UInt8(ascii: "$") where !PostgreSQLRows.isNamePart(former):
      tag = [byte]
      state = .dollar
    case UInt8(ascii: "-"): state = .dash
    case UInt8(ascii: "/"): state = .slash
    default: break
    }
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
      true
    default: false
    }
  }

  private mutating func takeTag(_ byte: UInt8) {
    let isFirstDigit = tag.count == 1 && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    if byte == UInt8(ascii: "$") {
      tag.append(byte)
      matched = 0
      state = .dollarQuoted
    } else if PostgreSQLRows.isNamePart(byte), !isFirstDigit, tag.count < 200 {
      tag.append(byte)
    } else {
      // A parameter, or a sign of its own.
      state = .code
      takeCode(byte)
    }
  }

  private mutating func takeDollarQuoted(_ byte: UInt8) {
    // A tag has its signs at its ends only, so that a new start is the only other possibility.
    matched = byte == tag[matched] ? matched + 1 : (byte == tag[0] ? 1 : 0)
    if matched == tag.count {
      recentByte = 0
      state = .code
    }
  }

  private mutating func takeComment(_ byte: UInt8) {
    switch (state, byte) {
    case (.commentStar, UInt8(ascii: "/")):
      nesting -= 1
      state = nesting == 0 ? .code : .comment
    case (.commentSlash, UInt8(ascii: "*")):
      nesting += 1
      state = .comment
    case (_, UInt8(ascii: "*")): state = .commentStar
    case (_, UInt8(ascii: "/")): state = .commentSlash
    default: state = .comment
    }
  }

  private mutating func keep(_ byte: UInt8) {
    if head.count < PostgreSQLRows.headLimit { head.append(byte) }
  }

  private mutating func endStatement() {
    state = .code
    let isFromInput = recent.ends(with: PostgreSQLRows.fromStdin, mask: .max)
    if let name = PostgreSQLRows.name(in: head, after: ["CREATE TABLE ", "CREATE UNLOGGED TABLE "]) {
      _ = tables.place(of: name)
    } else if head.starts(with: PostgreSQLRows.stringSetting) {
      backslashesEscape = head.dropFirst(PostgreSQLRows.stringSetting.count).starts(with: "off".utf8)
    } else if isFromInput, let name = PostgreSQLRows.name(in: head, after: ["COPY "]) {
      // Only of tables that the dump makes: those of extensions come with these.
      place = tables.knownPlace(of: name)
      state = .copyBegins
    }
    head.removeAll(keepingCapacity: true)
    recent.forget()
    (recentByte, byteBefore) = (0, 0)
  }

  /// The name of a table with its schema, quoted or not.
  private static func name(in head: [UInt8], after beginnings: [String]) -> String? {
    guard let beginning = beginnings.first(where: { head.starts(with: $0.utf8) }) else { return nil }
    var rest = head.dropFirst(beginning.utf8.count)
    guard let schema = identifier(&rest), rest.popFirst() == UInt8(ascii: "."), let table = identifier(&rest) else {
      return nil
    }
    return TableName.qualified(schema: schema, table: table)
  }

  private static func identifier(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard rest.first == UInt8(ascii: "\"") else {
      let name = rest.prefix(while: isNamePart)
      rest = rest.dropFirst(name.count)
      return name.isEmpty ? nil : Array(name)
    }
    rest = rest.dropFirst()
    var name: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") {
        guard rest.first == byte else { return name }
        rest = rest.dropFirst()
      }
      name.append(byte)
    }
    return nil
  }
}

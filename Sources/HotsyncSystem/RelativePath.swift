/// One name in a folder: any bytes but NUL and `/`, 1 to 255 of them, neither `.` nor `..`.
public struct FileName: Hashable, Sendable, Comparable, CustomStringConvertible {
  public static let maximumLength = 255

  public let bytes: [UInt8]

  /// Nil for what cannot be a name.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count <= FileName.maximumLength else { return nil }
    let bytes = Array(bytes)
    guard RelativePath.isName(bytes.span) else { return nil }
    self.bytes = bytes
  }

  init(checked bytes: [UInt8]) { self.bytes = bytes }

  public init?(_ text: String) { self.init(Array(text.utf8)) }

  public static func < (left: FileName, right: FileName) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Fit for a terminal.
  public var description: String { shown(bytes) }
}

/// The way from a root to an entry below it: at least one name, at most 1,000, no `..`, no links meant.
/// Paths are bytes and keep their form.
///
/// The order is that of a walk that takes names in byte order and a folder before what it holds: names are
/// compared one after the other, so `a/b` comes before `a.b`.
public struct RelativePath: Hashable, Sendable, Comparable, CustomStringConvertible {
  public static let maximumLevels = 1_000
  /// 1,000 names of 255 bytes would be 255,999; nothing real comes near this.
  public static let maximumLength = 65_535

  public let bytes: [UInt8]

  /// Nil for what is empty, absolute, too long or too deep, or has an empty name, `.`, `..` or NUL in it.
  public init?(_ bytes: some Collection<UInt8>) {
    guard !bytes.isEmpty, bytes.count <= RelativePath.maximumLength else { return nil }
    let bytes = Array(bytes)
    guard RelativePath.isPath(bytes.span) else { return nil }
    self.bytes = bytes
  }

  public init?(_ text: String) { self.init(Array(text.utf8)) }

  public init(_ name: FileName) { bytes = name.bytes }

  private init(checked bytes: [UInt8]) { self.bytes = bytes }

  // Asked of each record that is read and each name that a walk sees: over a span, which costs no allocation, and not
  // generic, as a generic function is not specialised for the modules above.
  private static func isPath(_ bytes: Span<UInt8>) -> Bool {
    var levels = 1
    var start = 0
    for index in bytes.indices where bytes[index] == UInt8(ascii: "/") {
      levels += 1
      guard levels <= maximumLevels, isName(bytes.extracting(start..<index)) else { return false }
      start = index + 1
    }
    return isName(bytes.extracting(start..<bytes.count))
  }

  static func isName(_ name: Span<UInt8>) -> Bool {
    guard name.count >= 1, name.count <= FileName.maximumLength else { return false }
    var isDots = name.count <= 2
    for index in name.indices {
      let byte = name[index]
      if byte == 0 || byte == UInt8(ascii: "/") { return false }
      isDots = isDots && byte == UInt8(ascii: ".")
    }
    return !isDots
  }

  public var names: [FileName] {
    bytes.split(separator: UInt8(ascii: "/")).map { FileName(checked: Array($0)) }
  }

  public var name: FileName {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return FileName(checked: bytes) }
    return FileName(checked: Array(bytes[(slash + 1)...]))
  }

  /// The folder that holds it; nil at the top.
  public var parent: RelativePath? {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return RelativePath(checked: Array(bytes[..<slash]))
  }

  /// How many names it has.
  public var levels: Int { bytes.reduce(1) { $0 + ($1 == UInt8(ascii: "/") ? 1 : 0) } }

  /// Nil where the result would be too long or too deep.
  public func appending(_ name: FileName) -> RelativePath? {
    guard bytes.count + 1 + name.bytes.count <= RelativePath.maximumLength,
      levels < RelativePath.maximumLevels
    else { return nil }
    return RelativePath(checked: bytes + [UInt8(ascii: "/")] + name.bytes)
  }

  /// Whether it lies below `folder` (a path is not below itself).
  public func isBelow(_ folder: RelativePath) -> Bool {
    bytes.count > folder.bytes.count && bytes[folder.bytes.count] == UInt8(ascii: "/")
      && bytes.starts(with: folder.bytes)
  }

  public static func < (left: RelativePath, right: RelativePath) -> Bool {
    precedes(left.bytes.span, right.bytes.span)
  }

  /// Whether the first of two paths comes before the second in the order of a walk; what both begin with may be missing.
  public static func precedes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    let slash = UInt8(ascii: "/")
    for index in 0..<min(left.count, right.count) {
      let (a, b) = (left[index], right[index])
      if a != b { return a == slash || (b != slash && a < b) }
    }
    return left.count < right.count
  }

  /// As on the master, with a leading slash, fit for a terminal.
  public var description: String { "/" + shown(bytes) }

  public var utf8Text: String? { String(validating: bytes, as: UTF8.self) }
}

/// Bytes made fit for a terminal, a log or a mail: control characters, backslashes and what is not UTF-8 become `\xNN`.
public func shown(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  var text = ""
  var index = 0
  while index < bytes.count {
    let width = scalarWidth(bytes[index])
    if width > 0, index + width <= bytes.count,
      let piece = String(validating: bytes[index..<(index + width)], as: UTF8.self),
      let scalar = piece.unicodeScalars.first, isShowable(scalar)
    {
      text += piece
      index += width
    } else {
      let hexadecimal = String(bytes[index], radix: 16)
      text += "\\x" + (hexadecimal.count < 2 ? "0" : "") + hexadecimal
      index += 1
    }
  }
  return text
}

private func scalarWidth(_ byte: UInt8) -> Int {
  switch byte {
  case 0x20..<0x7F where byte != UInt8(ascii: "\\"): 1
  case 0xC2..<0xE0: 2
  case 0xE0..<0xF0: 3
  case 0xF0..<0xF5: 4
  default: 0
  }
}

private func isShowable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  // Format characters include those that turn the direction of text.
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
  default: true
  }
}

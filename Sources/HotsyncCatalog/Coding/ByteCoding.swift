public import HotsyncSystem

/// Bytes that do not mean what they should.
public struct Malformed: Error, Sendable, Equatable {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
}

/// Writes the forms that records, segments and messages are made of.
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init(reserving count: Int = 0) { bytes.reserveCapacity(count) }

  /// Writes behind what is there.
  public init(continuing bytes: consuming [UInt8]) { self.bytes = bytes }

  /// Gives the bytes away, and has none from then on.
  public mutating func take() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  public var count: Int { bytes.count }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  public mutating func byte(_ value: UInt8) { bytes.append(value) }

  /// LEB128, as short as it can be.
  public mutating func integer(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Zigzag, then LEB128.
  public mutating func signedInteger(_ value: Int64) {
    integer(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  public mutating func raw(_ data: some Sequence<UInt8>) { bytes.append(contentsOf: data) }

  /// The length, then the bytes.
  public mutating func data(_ data: some Collection<UInt8>) {
    integer(UInt64(data.count))
    bytes.append(contentsOf: data)
  }

  public mutating func text(_ text: String) { data(Array(text.utf8)) }

  public mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// 8 bytes each, most significant first: no array of its own, as this runs once a block and once a record.
  public mutating func digest(_ digest: Digest) {
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: digest.high >> UInt64(shift)))
    }
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: digest.low >> UInt64(shift)))
    }
  }

  public mutating func timestamp(_ time: Timestamp) {
    signedInteger(time.seconds)
    integer(UInt64(time.nanoseconds))
  }
}

/// Reads what `ByteWriter` wrote; whatever else comes ends in `Malformed`.
public struct ByteReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  // A position, and not a slice that gets shorter: that would be a new slice for each byte.
  private(set) var position: Int

  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  public var rest: ArraySlice<UInt8> { bytes[position...] }

  public var isAtEnd: Bool { remaining == 0 }

  private var remaining: Int { bytes.endIndex - position }

  /// Trailing bytes mean that the two sides do not agree on the form.
  public func end() throws(Malformed) {
    guard isAtEnd else { throw Malformed("\(remaining) bytes too many") }
  }

  public mutating func byte() throws(Malformed) -> UInt8 {
    guard position < bytes.endIndex else { throw Malformed("cut short") }
    defer { position += 1 }
    return bytes[position]
  }

  public mutating func flag() throws(Malformed) -> Bool {
    switch try byte() {
    case 0: false
    case 1: true
    default: throw Malformed("a flag that is neither 0 nor 1")
    }
  }

  public mutating func integer(atMost limit: UInt64 = .max) throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      if shift == 63, byte > 1 { throw Malformed("a number beyond 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 {
        if byte == 0, shift > 0 { throw Malformed("a number that is longer than it needs to be") }
        guard value <= limit else { throw Malformed("\(value) is over the limit of \(limit)") }
        return value
      }
      shift += 7
      if shift > 63 { throw Malformed("a number beyond 64 bits") }
    }
  }

  public mutating func signedInteger() throws(Malformed) -> Int64 {
    let value = try integer()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A count of things that take at least `minimumBytes` each, so that a few bytes cannot announce millions.
  public mutating func count(atMost limit: Int, minimumBytes: Int = 1) throws(Malformed) -> Int {
    let value = Int(try integer(atMost: UInt64(limit)))
    guard value <= remaining / max(1, minimumBytes) else { throw Malformed("a count of more than follows") }
    return value
  }

  public mutating func raw(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw Malformed("cut short") }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  public mutating func data(atMost limit: Int) throws(Malformed) -> ArraySlice<UInt8> {
    try raw(Int(try integer(atMost: UInt64(limit))))
  }

  /// The same bytes, read from an earlier position on.
  func from(_ position: Int) -> ByteReader {
    var reader = self
    reader.position = position
    return reader
  }

  mutating func skip(_ count: Int) throws(Malformed) {
    guard count >= 0, count <= remaining else { throw Malformed("cut short") }
    position += count
  }

  /// Passes over what `data` would read.
  mutating func skipData() throws(Malformed) { try skip(Int(try integer(atMost: UInt64(Int32.max)))) }

  /// Whether exactly these bytes lie there.
  func holds(_ wanted: [UInt8], at range: Range<Int>) -> Bool {
    guard range.count == wanted.count, range.lowerBound >= bytes.startIndex, range.upperBound <= bytes.endIndex else {
      return false
    }
    for index in wanted.indices where bytes[range.lowerBound + index] != wanted[index] { return false }
    return true
  }

  public mutating func text(atMost limit: Int = Limits.text) throws(Malformed) -> String {
    guard let text = String(validating: try data(atMost: limit), as: UTF8.self) else {
      throw Malformed("text that is not UTF-8")
    }
    return text
  }

  public mutating func digest() throws(Malformed) -> Digest {
    let bytes = try raw(Digest.byteCount)
    var (high, low): (UInt64, UInt64) = (0, 0)
    for index in bytes.startIndex..<(bytes.startIndex + 8) {
      high = high << 8 | UInt64(bytes[index])
      low = low << 8 | UInt64(bytes[index + 8])
    }
    return Digest(high: high, low: low)
  }

  public mutating func timestamp() throws(Malformed) -> Timestamp {
    let seconds = try signedInteger()
    let nanoseconds = UInt32(try integer(atMost: 999_999_999))
    guard let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds) else { throw Malformed("a time") }
    return time
  }

  public mutating func path() throws(Malformed) -> RelativePath {
    guard let path = RelativePath(try data(atMost: RelativePath.maximumLength)) else {
      throw Malformed("a path that is absolute, empty, too deep or leads outside")
    }
    return path
  }
}

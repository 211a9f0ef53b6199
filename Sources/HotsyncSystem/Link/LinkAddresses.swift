/// The address of a network card.
public struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public static let byteCount = 6
  public static let broadcast = HardwareAddress(checked: [UInt8](repeating: 0xFF, count: 6))
  static let none = HardwareAddress(checked: [UInt8](repeating: 0, count: 6))

  /// Nil where these are not six bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == HardwareAddress.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// `02:00:00:aa:bb:cc`, in small or capital letters; nil for anything else.
  public init?(text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == HardwareAddress.byteCount, parts.allSatisfy({ $0.utf8.count == 2 && !$0.hasPrefix("+") })
    else { return nil }
    let bytes = parts.compactMap { UInt8($0, radix: 16) }
    guard bytes.count == HardwareAddress.byteCount else { return nil }
    self.bytes = bytes
  }

  private init(checked bytes: [UInt8]) { self.bytes = bytes }

  public var description: String { bytes.map { hexadecimal([$0]) }.joined(separator: ":") }
}

/// An Internet address of either kind, as the wire has it.
public struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16.
  public let bytes: [UInt8]

  public var isVersion4: Bool { bytes.count == 4 }
  /// Every machine has these for itself: 127.0.0.0/8 and ::1.
  public var isLoopback: Bool {
    isVersion4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
  }
  /// Made by the machine itself for one link: 169.254.0.0/16 and fe80::/10.
  public var isLinkLocal: Bool {
    isVersion4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
  }

  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Nil for what is no address; names are not looked up.
  public init?(text: some StringProtocol) {
    guard text.utf8.count <= 45, let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
      return nil
    }
    self.bytes = bytes
  }

  private static func version4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { part in part.utf8.allSatisfy(isDigit) ? UInt8(part) : nil }
    return bytes.count == 4 ? bytes : nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// As RFC 4291, 2.2 writes them: one `::` stands for what is missing, the last two groups may be an address of version 4.
  private static func version6(_ text: some StringProtocol) -> [UInt8]? {
    let whole = String(text)
    guard let gap = whole.firstRange(of: "::") else {
      guard let bytes = groups(whole), bytes.count == 16 else { return nil }
      return bytes
    }
    guard let front = groups(String(whole[..<gap.lowerBound])), let back = groups(String(whole[gap.upperBound...])),
      front.count + back.count <= 14
    else { return nil }
    return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
  }

  private static func groups(_ text: String) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (place, part) in parts.enumerated() {
      if place == parts.count - 1, part.contains(".") {
        guard let last = version4(part) else { return nil }
        bytes += last
        continue
      }
      guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != 0x2D }),
        let group = UInt16(part, radix: 16)
      else { return nil }
      bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
    }
    return bytes.count <= 16 ? bytes : nil
  }

  public var description: String {
    if isVersion4 { return bytes.map(String.init).joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    guard let gap = InternetAddress.longestGap(groups) else {
      return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    let front = groups[..<gap.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
    return front + "::" + groups[gap.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
  }

  /// The longest run of at least two groups of zero, the first of equal ones (RFC 5952).
  private static func longestGap(_ groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    while start < groups.count {
      guard groups[start] == 0 else {
        start += 1
        continue
      }
      let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
      if end - start >= 2, end - start > (best?.count ?? 1) { best = start..<end }
      start = end
    }
    return best
  }
}

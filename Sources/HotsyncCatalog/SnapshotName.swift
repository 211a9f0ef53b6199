/// The name of a snapshot: 1 to 64 letters, digits, `.`, `_` and `-`, the first a letter, and not `latest` or what begins with
/// it. So it is never taken for another way to name a generation: a number, `latest-N`, a time.
public struct SnapshotName: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let text: String

  public static let rule =
    "it has 1 to \(Limits.snapshotName) letters, digits, dots, dashes and underscores, begins with a letter, "
    + "and not with \"latest\""

  /// Nil for what is no such name.
  public init?(_ text: some StringProtocol) {
    let bytes = text.utf8
    guard (1...Limits.snapshotName).contains(bytes.count), bytes.first.map(SnapshotName.isLetter) == true,
      bytes.allSatisfy(SnapshotName.isAllowed), !bytes.lowercased.starts(with: "latest".utf8)
    else { return nil }
    self.text = String(text)
  }

  public var description: String { text }

  /// In the order of their bytes.
  public static func < (left: SnapshotName, right: SnapshotName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
  }
}

extension Sequence<UInt8> {
  /// ASCII letters only.
  fileprivate var lowercased: [UInt8] {
    map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }
}

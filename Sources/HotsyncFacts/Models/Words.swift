/// What may stand in facts: each becomes a part of a file, a path or an argument on the slave.
enum Words {
  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLowercase(_ byte: UInt8) -> Bool { isLetter(byte) && byte >= UInt8(ascii: "a") }

  private static func consists(_ text: String, atMost limit: Int, of others: String) -> Bool {
    (1...limit).contains(text.utf8.count)
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || others.utf8.contains($0) }
  }

  /// Of a Debian package: `[a-z0-9][a-z0-9+.-]+`.
  static func isPackage(_ name: String) -> Bool {
    guard (2...255).contains(name.utf8.count), let first = name.utf8.first else { return false }
    return (isLowercase(first) || isDigit(first))
      && name.utf8.allSatisfy { isLowercase($0) || isDigit($0) || "+.-".utf8.contains($0) }
  }

  /// Of a package (deb-version(7)).
  static func isVersion(_ text: String) -> Bool {
    text.utf8.first.map(isDigit) ?? false && consists(text, atMost: 255, of: ".+-~:")
  }

  /// `amd64`, `all`, `kfreebsd-any`.
  static func isArchitecture(_ text: String) -> Bool {
    text.utf8.first != UInt8(ascii: "-") && consists(text, atMost: 63, of: "-")
  }

  /// Of a unit (systemd.unit(5)), with its suffix.
  static func isUnit(_ name: String) -> Bool {
    guard consists(name, atMost: 255, of: ":-_.\\@"), name.utf8.first != UInt8(ascii: "-"),
      let dot = name.lastIndex(of: "."), dot > name.startIndex
    else { return false }
    return unitSuffixes.contains(String(name[name.index(after: dot)...]))
  }

  private static let unitSuffixes: Set = [
    "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope",
  ]

  /// Of a user or a group (useradd(8), and what real machines have beside it).
  static func isAccount(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
    return consists(name.hasSuffix("$") ? String(name.dropLast()) : name, atMost: 32, of: "_.-")
  }

  /// A field of passwd(5), shadow(5) or group(5).
  static func isField(_ text: String, atMost limit: Int = 1_024) -> Bool {
    text.utf8.count <= limit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
  }

  /// An interface of the network, as the kernel names it: at most 15 bytes.
  static func isInterface(_ name: String) -> Bool {
    consists(name, atMost: 15, of: "_.-@:+") && name.utf8.first != UInt8(ascii: "-") && name != "." && name != ".."
  }

  /// `52:54:00:12:34:56`.
  static func isHardwareAddress(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    return (6...20).contains(parts.count) && parts.allSatisfy { $0.count == 2 && $0.allSatisfy(isHexadecimal) }
  }

  /// An IPv4 or IPv6 address, by its characters and form; the kernel has the last word.
  static func isAddress(_ text: String) -> Bool {
    if text.utf8.contains(UInt8(ascii: ":")) {
      return (2...45).contains(text.utf8.count)
        && text.utf8.allSatisfy { isHexadecimal($0) || ":.".utf8.contains($0) }
    }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.count) && part.allSatisfy(isDigit)
          && (Int(String(decoding: part, as: UTF8.self)) ?? 256) < 256
      }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }

  /// A host's name.
  static func isHost(_ text: String) -> Bool {
    consists(text, atMost: 253, of: ".-_") && text.utf8.first != UInt8(ascii: "-")
      && text.utf8.first != UInt8(ascii: ".")
  }

  /// One line of text.
  static func isLine(_ text: String, atMost limit: Int = 1_024) -> Bool {
    text.utf8.count <= limit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}

import HotsyncSystem

/// Numbers as an administrator reads them.
enum Units {
  /// `512 B`, `12.3 KiB`, `1.0 GiB`.
  static func size(_ bytes: UInt64) -> String {
    let names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    if bytes < 1_024 { return "\(bytes) B" }
    var unit = 1
    var scale: UInt64 = 1_024
    // From 1,023.95 on it would read as 1024.0 of the smaller unit.
    while unit < names.count - 1, tenths(bytes, of: scale) >= 10_240 {
      unit += 1
      scale <<= 10
    }
    let tenths = tenths(bytes, of: scale)
    return "\(tenths / 10).\(tenths % 10) \(names[unit])"
  }

  private static func tenths(_ bytes: UInt64, of scale: UInt64) -> UInt64 {
    bytes / scale * 10 + (bytes % scale * 10 + scale / 2) / scale
  }

  /// `1,234,567`.
  static func count(_ number: UInt64) -> String {
    var digits = Array(String(number))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return String(digits)
  }

  /// `1 file`, `2 files`.
  static func count(_ number: UInt64, _ one: String, _ several: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? one : several ?? one + "s")"
  }

  /// `40 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`.
  static func duration(_ duration: Duration) -> String {
    let milliseconds = milliseconds(duration)
    if milliseconds < 100 { return "\(milliseconds) ms" }
    let tenths = (milliseconds + 50) / 100
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
    let seconds = (milliseconds + 500) / 1_000
    if seconds < 3_600 { return "\(seconds / 60) min \(seconds % 60) s" }
    if seconds < 86_400 { return "\(seconds / 3_600) h \(seconds / 60 % 60) min" }
    return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
  }

  /// `just now`, `12 minutes ago`; clocks that disagree are told, not hidden.
  static func age(_ age: Duration) -> String {
    let seconds = age.components.seconds
    if seconds < -1 { return "in the future: check the clocks" }
    let units: [(Int64, String)] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
    for (length, name) in units where seconds >= (length == 86_400 ? 2 * length : length) {
      return "\(count(UInt64(seconds / length), name)) ago"
    }
    return "just now"
  }

  /// `4.0 times less`: how much smaller the second is than the first; nil where that says nothing.
  static func saving(_ changed: UInt64, _ wire: UInt64) -> String? {
    guard wire > 0, changed > wire else { return nil }
    if changed / wire >= 100 { return "\(count(changed / wire)) times less" }
    let tenths = UInt64(Double(changed) / Double(wire) * 10)
    return tenths > 10 ? "\(tenths / 10).\(tenths % 10) times less" : nil
  }

  /// `2026-11-21 13:00:00`, UTC.
  static func time(_ time: Timestamp) -> String {
    String(time.rfc3339.map { $0 == "T" ? " " : $0 }.filter { $0 != "Z" })
  }

  /// Whole milliseconds, at least 0.
  static func milliseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return min(seconds, Int64.max / 1_000 - 1) * 1_000 + attoseconds / 1_000_000_000_000_000
  }
}

/// Lengths of time as configurations write them: a whole number and one unit, `90s`, `15m`, `1h`, `7d`.
extension Duration {
  /// Nil for anything else, and for more than 100 years.
  public init?(written text: some StringProtocol) {
    let bytes = Array(text.utf8)
    let digits = bytes.dropLast()
    guard let unit = bytes.last.flatMap({ Duration.unit($0) }), (1...18).contains(digits.count) else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      // At most 18 digits: this stays below 10¹⁸.
      number = number * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    let (seconds, isOver) = number.multipliedReportingOverflow(by: unit)
    guard !isOver, seconds <= 36_525 * 86_400 else { return nil }
    self = .seconds(seconds)
  }

  private static func unit(_ letter: UInt8) -> Int64? {
    switch letter {
    case UInt8(ascii: "s"): 1
    case UInt8(ascii: "m"): 60
    case UInt8(ascii: "h"): 3_600
    case UInt8(ascii: "d"): 86_400
    default: nil
    }
  }

  /// Whole seconds in the largest unit that shows them whole.
  public var written: String {
    let seconds = components.seconds
    for (unit, length) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)]
    where seconds >= length && seconds % length == 0 {
      return "\(seconds / length)\(unit)"
    }
    return "\(seconds)s"
  }
}

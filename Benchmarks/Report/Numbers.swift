/// A number with so many digits behind its point.
func fixed(_ number: Double, _ digits: Int) -> String {
  guard number.isFinite else { return "-" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = Int((number.magnitude * scale).rounded())
  let sign = number < 0 && whole > 0 ? "-" : ""
  guard digits > 0 else { return sign + String(whole) }
  let text = String(whole)
  let filled = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  return sign + filled.dropLast(digits) + "." + filled.suffix(digits)
}

/// With three digits that say something: `0.81`, `8.13`, `24.6`, `1200`.
func significant(_ number: Double) -> String {
  fixed(number, number.magnitude < 10 ? 2 : number.magnitude < 100 ? 1 : 0)
}

/// As short as it can be written: `8`, `0.65`.
func shortest(_ number: Double) -> String {
  var text = fixed(number, 2)
  while text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text.isEmpty ? "0" : text
}

/// Millions of bytes.
func megabytes(_ bytes: Int) -> String {
  bytes < 100_000 ? fixed(Double(bytes) / 1e6, 4) : significant(Double(bytes) / 1e6)
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// `4 GiB`, `48 MiB`.
func gibibytes(_ bytes: Int) -> String {
  bytes >= 1 << 30 ? "\(shortest(Double(bytes) / Double(1 << 30))) GiB" : "\(bytes >> 20) MiB"
}

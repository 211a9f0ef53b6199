/// A file of paragraphs with fields, as dpkg and apt write them (deb822(5)).
enum ControlFile {
  /// The paragraphs in their order, each with those of the wanted fields that it has. Lines that go on with a value are left
  /// out.
  static func paragraphs(_ bytes: [UInt8], fields: [String]) -> [[String: String]] {
    let wanted = fields.map { (name: $0, prefix: Array("\($0):".utf8)) }
    var paragraphs: [[String: String]] = []
    var current: [String: String] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.isEmpty {
        if !current.isEmpty { paragraphs.append(current) }
        current = [:]
        continue
      }
      for field in wanted where line.starts(with: field.prefix) {
        let value = String(decoding: line.dropFirst(field.prefix.count), as: UTF8.self)
        current[field.name] = value.split(separator: " ").joined(separator: " ")
      }
    }
    if !current.isEmpty { paragraphs.append(current) }
    return paragraphs
  }
}

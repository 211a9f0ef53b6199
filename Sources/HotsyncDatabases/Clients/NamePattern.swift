/// A name of a database as `include` and `exclude` have it: `*` stands for any characters, `?` for one, all others for
/// themselves.
struct NamePattern: Sendable {
  private let pattern: [Character]

  init(_ text: String) { pattern = Array(text) }

  func matches(_ name: String) -> Bool {
    let name = Array(name)
    var (place, index) = (0, 0)
    var star: (place: Int, index: Int)?
    while index < name.count {
      if place < pattern.count, pattern[place] == "*" {
        star = (place, index)
        place += 1
      } else if place < pattern.count, pattern[place] == "?" || pattern[place] == name[index] {
        place += 1
        index += 1
      } else if let last = star {
        // The last star takes one character more.
        star = (last.place, last.index + 1)
        (place, index) = (last.place + 1, last.index + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
  }

  /// Whether a name is chosen: by one of `include`, or all where that is empty, and by none of `exclude`.
  static func chooses(_ name: String, include: [String], exclude: [String]) -> Bool {
    (include.isEmpty || include.contains { NamePattern($0).matches(name) })
      && !exclude.contains { NamePattern($0).matches(name) }
  }
}

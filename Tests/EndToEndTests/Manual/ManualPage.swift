import TestSupport

/// A page of docs/man, in mdoc(7): what it says, found by the form in which the pages write it.
struct ManualPage {
  private let lines: [String]

  /// - Parameter name: such as `hotsync.8`.
  init(_ name: String) throws {
    let text = try Repository.place.read("docs/man/\(name)")
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines of a section, its heading left out; none where there is no such section.
  func section(_ title: String) -> [String] { ManualPage.part(of: lines, from: ".Sh \(title)", to: [".Sh "]) }

  /// The same for a part of a section.
  func section(_ title: String, _ part: String) -> [String] {
    ManualPage.part(of: section(title), from: ".Ss \(part)", to: [".Ss "])
  }

  private static func part(of lines: [String], from head: String, to ends: [String]) -> [String] {
    guard let start = lines.firstIndex(of: head) else { return [] }
    return Array(lines[(start + 1)...].prefix { line in !ends.contains { line.hasPrefix($0) } })
  }

  /// mdoc's words for characters that mean something to it.
  private static func plain(_ text: String) -> String {
    [("\\(aq", "'"), ("\\(dq", "\""), ("\\&", ""), ("\\e", "\\")].reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  // MARK: Verbs and options

  /// The long options that a line marks as such: `.Op Fl -dry-run`.
  private static func options(_ line: String) -> [String] {
    let words = line.split(separator: " ")
    guard words.contains(where: { $0 == "Fl" || $0 == ".Fl" }) else { return [] }
    return words.filter { $0.hasPrefix("-") && $0.utf8.count > 2 }.map { "-\($0)" }
  }

  /// Of the SYNOPSIS: each verb with the options that stand behind it.
  var synopsis: [String: [String]] {
    var verbs: [String: [String]] = [:]
    for entry in section("SYNOPSIS").split(separator: ".Nm") {
      let head = entry.first.map { $0.replacing(".Op Cm ", with: ".Cm ") } ?? ""
      verbs[String(head.dropFirst(4))] = entry.flatMap(ManualPage.options).sorted()
    }
    return verbs
  }

  /// Of VERBS: each with the options of its list.
  var verbs: [String: [String]] {
    var verbs: [String: [String]] = [:]
    for line in section("VERBS") where line.hasPrefix(".Ss ") {
      let verb = String(line.dropFirst(4))
      verbs[verb] = ManualPage.listed(section("VERBS", verb))
    }
    return verbs
  }

  /// Of the list in OPTIONS.
  var options: [String] { ManualPage.listed(section("OPTIONS")) }

  /// Wherever the page names one.
  var namedOptions: Set<String> { Set(lines.flatMap(ManualPage.options)) }

  private static func listed(_ lines: [String]) -> [String] {
    lines.filter { $0.hasPrefix(".It Fl ") }.flatMap(options).sorted()
  }

  // MARK: Lists

  /// The tags of a section's lists, without the macro in front.
  func tags(_ title: String) -> [String] {
    section(title).filter { $0.hasPrefix(".It ") }.map { ManualPage.plain(String($0.dropFirst(4))) }
  }

  /// The keys of the lists in KEYS, with their defaults: `.It Cm KEY Pq default Cm VALUE`; nil for a key that has none.
  var keys: [String: String?] {
    var keys: [String: String?] = [:]
    for tag in tags("KEYS") where tag.hasPrefix("Cm ") {
      let halves = tag.dropFirst(3).split(separator: " Pq default Cm ", maxSplits: 1)
      let standard = halves.dropFirst().first.map {
        $0.hasPrefix("\"") && $0.contains(" ") ? $0.dropFirst().dropLast() : $0
      }
      keys[String(halves.first ?? "")] = .some(standard.map(String.init))
    }
    return keys
  }

  /// The lines of the block below "Fixed keys": a key and its value.
  var fixedKeys: [String: String] {
    var keys: [String: String] = [:]
    for line in blocks(in: section("KEYS", "Fixed keys")).flatMap({ $0 }) {
      let halves = line.split(separator: " ", maxSplits: 1).map(String.init)
      keys[halves[0]] = halves.count > 1 ? halves[1] : ""
    }
    return keys
  }

  // MARK: Blocks

  /// What stands as it is to be typed, a block at a time: `.Bd -literal`, or a line of `.Dl`.
  func blocks(in lines: [String]) -> [[String]] {
    var blocks: [[String]] = []
    var isInside = false
    for line in lines {
      if line.hasPrefix(".Bd -literal") {
        isInside = true
        blocks.append([])
      } else if line == ".Ed" {
        isInside = false
      } else if isInside {
        blocks[blocks.count - 1].append(ManualPage.plain(line))
      } else if line.hasPrefix(".Dl ") {
        blocks.append([ManualPage.plain(String(line.dropFirst(4)))])
      }
    }
    return blocks
  }

  /// The commands of EXAMPLES, a block at a time; what goes on behind a backslash is one line.
  var commands: [[String]] {
    blocks(in: section("EXAMPLES")).map { block in
      block.joined(separator: "\n").replacing(/\\\n */, with: "").split(separator: "\n").map(String.init)
    }
  }
}

/// The repository that this test was built from.
enum Repository {
  static let place = Place(path: String(#filePath.dropLast("/Tests/EndToEndTests/Manual/ManualPage.swift".count)))
}

import Testing

/// A thing that people forget: a pure function from a file to what is wrong with it.
struct Rule: CustomTestStringConvertible {
  let name: String
  let check: @Sendable (SourceFile) -> [Finding]

  var testDescription: String { name }

  static let all: [Rule] = [
    Rule(name: "imports go downwards", check: imports),
    Rule(name: "no Foundation in the data path", check: foundation),
    Rule(name: "a file is one room", check: fileLength),
    Rule(name: "a function fits a screen or two", check: functionLength),
    Rule(name: "unsafe code says why it is safe", check: safety),
    Rule(name: "nothing is left to be done", check: leftovers),
    Rule(name: "only HotsyncReport prints", check: printing),
    Rule(name: "no path of somebody's machine", check: machinePaths),
    Rule(name: "a test's name is a sentence", check: testNames),
  ]

  /// The modules that a file imports, with their lines.
  private static func importedModules(_ file: SourceFile) -> [(name: String, line: Int)] {
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return file.tokens.indices.compactMap { place in
      guard file.tokens[place].text == "import", file.tokens[place].kind == .word else { return nil }
      let rest = file.tokens[(place + 1)...].drop { kinds.contains($0.text) }
      return rest.first.map { ($0.text, $0.line) }
    }
  }

  @Sendable private static func imports(_ file: SourceFile) -> [Finding] {
    guard file.isSwift, file.isSource, let module = file.module else { return [] }
    guard let row = House.rows[module] else {
      return [Finding(path: file.path, line: 1, message: "\(module) has no row in the map of the house")]
    }
    return importedModules(file).compactMap { name, line in
      if House.cModules.contains(name) {
        guard !House.cImporters.contains(module) else { return nil }
        return Finding(path: file.path, line: line, message: "\(module) may not import the C module \(name)")
      }
      guard name.hasPrefix("Hotsync") else { return nil }
      guard let other = House.rows[name] else {
        return Finding(path: file.path, line: line, message: "\(name) has no row in the map of the house")
      }
      guard other >= row, !House.neighbours.contains([module, name]) else { return nil }
      return Finding(
        path: file.path, line: line,
        message: "\(module) (row \(row)) may not import \(name) (row \(other)): imports go downwards")
    }
  }

  @Sendable private static func foundation(_ file: SourceFile) -> [Finding] {
    guard file.isSwift, file.isSource, let module = file.module, House.withoutFoundation.contains(module)
    else { return [] }
    return importedModules(file).filter { $0.name.hasPrefix("Foundation") }.map {
      Finding(path: file.path, line: $0.line, message: "\($0.name) has no place in the data path")
    }
  }

  @Sendable private static func fileLength(_ file: SourceFile) -> [Finding] {
    guard file.isSource else { return [] }
    let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
    guard count > House.fileLimit else { return [] }
    return [Finding(path: file.path, line: count, message: "\(count) lines: the file has two jobs")]
  }

  @Sendable private static func functionLength(_ file: SourceFile) -> [Finding] {
    guard file.isSource else { return [] }
    return FunctionSpan.all(in: file.tokens).filter { $0.lines.count > House.functionLimit }.map {
      Finding(path: file.path, line: $0.lines.lowerBound, message: "\($0.name) has \($0.lines.count) lines")
    }
  }

  /// The reason stands at most twelve lines above, on the way not leaving the function (its own comment belongs to it).
  @Sendable private static func safety(_ file: SourceFile) -> [Finding] {
    guard file.isSource else { return [] }
    let spans = FunctionSpan.all(in: file.tokens)
    var findings: [Finding] = []
    var last = 0
    for (place, token) in file.tokens.enumerated() where token.text == "unsafe" && token.kind == .word {
      let former = place > 0 ? file.tokens[place - 1].text : ""
      let attribute = former == "(" && place > 1 && ["nonisolated", "unowned"].contains(file.tokens[place - 2].text)
      if attribute || former == "@" || token.line == last { continue }
      last = token.line
      let home = spans.first { $0.lines.contains(token.line) }
      let first = max(1, token.line - 12, home.map { headStart($0, file) } ?? 1)
      if !file.lines[(first - 1)..<token.line].contains(where: { $0.contains("SAFETY:") }) {
        findings.append(Finding(path: file.path, line: token.line, message: "unsafe, and no SAFETY: line says why"))
      }
    }
    return findings
  }

  /// The first line of the comment above a function.
  private static func headStart(_ span: FunctionSpan, _ file: SourceFile) -> Int {
    var first = span.lines.lowerBound
    while first > 1 {
      let above = file.lines[first - 2].drop { $0 == " " }
      guard above.hasPrefix("//") || above.hasPrefix("@") else { break }
      first -= 1
    }
    return first
  }

  @Sendable private static func leftovers(_ file: SourceFile) -> [Finding] {
    // Put together here, so that this file does not find itself.
    let marks: Set<String> = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    return file.lines.enumerated().compactMap { number, line in
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
      guard let mark = words.first(where: marks.contains) else { return nil }
      return Finding(path: file.path, line: number + 1, message: "\(mark): do it, or open an issue for it")
    }
  }

  @Sendable private static func printing(_ file: SourceFile) -> [Finding] {
    guard file.isSource, file.module != "HotsyncReport" else { return [] }
    return file.tokens.indices.compactMap { place in
      guard ["print", "debugPrint", "dump"].contains(file.tokens[place].text), file.tokens[place].kind == .word,
        place + 1 < file.tokens.count, file.tokens[place + 1].text == "("
      else { return nil }
      let former = place > 0 ? file.tokens[place - 1].text : ""
      let owner = place > 1 ? file.tokens[place - 2].text : ""
      if former == "func" || (former == "." && owner != "Swift") { return nil }
      let token = file.tokens[place]
      return Finding(path: file.path, line: token.line, message: "\(token.text): only HotsyncReport prints")
    }
  }

  @Sendable private static func machinePaths(_ file: SourceFile) -> [Finding] {
    let roots = ["/" + "work/", "/" + "root/"]
    return file.lines.enumerated().compactMap { number, line in
      guard roots.contains(where: { holdsPath($0, line) }) else { return nil }
      return Finding(path: file.path, line: number + 1, message: "a path of somebody's machine")
    }
  }

  /// Where nothing of a path stands in front of it. The superuser's own key file is the product's matter.
  private static func holdsPath(_ root: String, _ line: String) -> Bool {
    var rest = line[...]
    while let place = rest.firstRange(of: root) {
      let former = place.lowerBound > line.startIndex ? line[line.index(before: place.lowerBound)] : " "
      let isStart = !(former.isLetter || former.isNumber || "._-*/}~)".contains(former))
      if isStart, !line[place.upperBound...].hasPrefix(".ssh") { return true }
      rest = rest[place.upperBound...]
    }
    return false
  }

  /// Three words at least.
  @Sendable private static func testNames(_ file: SourceFile) -> [Finding] {
    guard file.isSwift, file.path.hasPrefix("Tests/") else { return [] }
    return file.tokens.indices.compactMap { place in
      guard file.tokens[place].text == "Test", place > 0, file.tokens[place - 1].text == "@" else { return nil }
      let name = place + 2 < file.tokens.count && file.tokens[place + 1].text == "(" ? file.tokens[place + 2] : nil
      if let name, name.kind == .string, name.text.split(separator: " ").count >= 3 { return nil }
      return Finding(path: file.path, line: file.tokens[place].line, message: "the test has no sentence for a name")
    }
  }
}

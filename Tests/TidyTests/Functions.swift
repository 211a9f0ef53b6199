/// Where a function begins and ends.
struct FunctionSpan: Equatable {
  let name: String
  let lines: ClosedRange<Int>

  /// Every function, initialiser and deinitialiser of a file that has a body, outer ones before those in them.
  static func all(in tokens: [Token]) -> [FunctionSpan] {
    tokens.indices.compactMap { start in
      guard let name = declaredName(at: start, tokens), let end = bodyEnd(from: start + 1, tokens) else { return nil }
      return FunctionSpan(name: name, lines: tokens[start].line...max(tokens[start].line, end))
    }
  }

  private static func declaredName(at place: Int, _ tokens: [Token]) -> String? {
    let token = tokens[place]
    guard token.kind == .word, place + 1 < tokens.count else { return nil }
    let next = tokens[place + 1].text
    let former = place > 0 ? tokens[place - 1].text : ""
    switch token.text {
    case "func": return next
    case "init": return former != "." && ["(", "?", "!", "<"].contains(next) ? "init" : nil
    case "deinit": return next == "{" ? "deinit" : nil
    default: return nil
    }
  }

  /// The line of the brace that closes the body; nil for a requirement, which has none.
  private static func bodyEnd(from start: Int, _ tokens: [Token]) -> Int? {
    var place = start
    var parentheses = 0
    while place < tokens.count {
      let token = tokens[place]
      if token.kind == .sign || token.kind == .word {
        switch token.text {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{" where parentheses == 0: return closing(from: place, tokens)
        case "}" where parentheses == 0: return nil
        case "func", "var", "let", "init", "deinit", "static", "associatedtype", "subscript":
          if parentheses == 0, place > start + 1 { return nil }
        default: break
        }
      }
      place += 1
    }
    return nil
  }

  private static func closing(from start: Int, _ tokens: [Token]) -> Int? {
    var depth = 0
    for token in tokens[start...] where token.kind == .sign {
      if token.text == "{" { depth += 1 }
      if token.text == "}" {
        depth -= 1
        if depth == 0 { return token.line }
      }
    }
    return nil
  }
}

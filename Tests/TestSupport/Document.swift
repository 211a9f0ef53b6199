/// A JSON document whose fields keep their order, so that a test can hold it against the contract letter by letter.
public indirect enum Document: Equatable, Sendable {
  case null
  case bool(Bool)
  /// As it stands there.
  case number(String)
  case string(String)
  case array([Document])
  case object([Field])

  public struct Field: Equatable, Sendable {
    public let name: String
    public let value: Document

    public init(name: String, value: Document) {
      self.name = name
      self.value = value
    }
  }

  /// - Throws: where the text is not exactly one document and a line break.
  public init(_ text: String) throws {
    var reader = Reader(rest: Array(text.unicodeScalars)[...])
    self = try reader.value()
    guard String(String.UnicodeScalarView(reader.rest)) == "\n" else {
      throw SupportError("more than one document: \(text)")
    }
  }

  public subscript(_ name: String) -> Document {
    guard case .object(let fields) = self else { return .null }
    return fields.first { $0.name == name }?.value ?? .null
  }

  public subscript(_ index: Int) -> Document { items.indices.contains(index) ? items[index] : .null }

  public var items: [Document] { if case .array(let items) = self { items } else { [] } }
  public var names: [String] { if case .object(let fields) = self { fields.map(\.name) } else { [] } }
  public var text: String? { if case .string(let text) = self { text } else { nil } }
  public var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
  public var seconds: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  private struct Reader {
    var rest: ArraySlice<Unicode.Scalar>

    mutating func value() throws -> Document {
      skipBlanks()
      switch rest.first {
      case "{": return .object(try list("{", "}") { try Field(name: $0.key(), value: $0.value()) })
      case "[": return .array(try list("[", "]") { try $0.value() })
      case "\"": return .string(try string())
      default: return try word()
      }
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == " " } }

    private mutating func take(_ scalar: Unicode.Scalar) throws {
      skipBlanks()
      guard rest.popFirst() == scalar else { throw SupportError("\(scalar) is missing") }
    }

    private mutating func key() throws -> String {
      skipBlanks()
      let name = try string()
      try take(":")
      return name
    }

    private mutating func list<Item>(
      _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ item: (inout Reader) throws -> Item
    ) throws -> [Item] {
      try take(opening)
      skipBlanks()
      var items: [Item] = []
      while rest.first != closing {
        if !items.isEmpty { try take(",") }
        items.append(try item(&self))
        skipBlanks()
      }
      try take(closing)
      return items
    }

    private mutating func word() throws -> Document {
      let word = rest.prefix { !",]} \n".unicodeScalars.contains($0) }
      rest = rest.dropFirst(word.count)
      switch String(String.UnicodeScalarView(word)) {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      case let text where Double(text) != nil: return .number(text)
      case let text: throw SupportError("not a value: \(text)")
      }
    }

    private mutating func string() throws -> String {
      try take("\"")
      var units: [UInt16] = []
      while let scalar = rest.popFirst(), scalar != "\"" {
        guard scalar == "\\", let mark = rest.popFirst() else {
          units += Array(String(scalar).utf16)
          continue
        }
        switch mark {
        case "n": units.append(10)
        case "t": units.append(9)
        case "u":
          guard let unit = UInt16(String(String.UnicodeScalarView(rest.prefix(4))), radix: 16) else {
            throw SupportError("not an escape")
          }
          units.append(unit)
          rest = rest.dropFirst(4)
        default: units += Array(String(mark).utf16)
        }
      }
      return String(decoding: units, as: UTF16.self)
    }
  }
}

public import HotsyncSystem

/// A small file of the master's that a promotion may bring back: where it stood, who may read it, and what is in it.
public struct FactFile: Codable, Equatable, Sendable {
  /// Absolute, as on the master.
  public let path: String
  /// Permission bits.
  public let permissions: UInt16
  /// Names where the master has them, else numbers.
  public let owner: String
  public let group: String
  public let content: [UInt8]

  /// The longest file that is a fact.
  public static let limit = 1 << 20

  public init(path: String, permissions: UInt16, owner: String, group: String, content: [UInt8]) {
    self.path = path
    self.permissions = permissions
    self.owner = owner
    self.group = group
    self.content = content
  }

  /// The way to it from a root.
  public var relativePath: RelativePath? { path.hasPrefix("/") ? RelativePath(String(path.dropFirst())) : nil }

  /// What it holds, where that is text.
  public var text: String? { String(validating: content, as: UTF8.self) }

  /// - Parameter folders: the places where such files may stand, relative to the root.
  func objection(in folders: [String]) -> String? {
    guard let place = relativePath, Words.isLine(path, atMost: 4_095),
      path == "/" + String(decoding: place.bytes, as: UTF8.self)
    else { return "a file's path cannot be one" }
    guard folders.contains(where: { path == "/\($0)" || path.hasPrefix("/\($0)/") }) else {
      return "\(shown(path.utf8)) is none of the files that belong there"
    }
    guard permissions <= 0o7777, [owner, group].allSatisfy({ Words.isAccount($0) || UInt32($0) != nil }) else {
      return "\(shown(path.utf8)) has a mode or an owner that cannot be"
    }
    return content.count <= FactFile.limit ? nil : "\(shown(path.utf8)) is longer than \(FactFile.limit) bytes"
  }

  private enum Key: String, CodingKey {
    case path, mode, owner, group, content
    case contentBase64 = "content_base64"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    path = try container.decode(String.self, forKey: .path)
    let mode = try container.decode(String.self, forKey: .mode)
    guard mode.utf8.count <= 5, let permissions = UInt16(mode, radix: 8) else {
      throw DecodingError.dataCorruptedError(forKey: .mode, in: container, debugDescription: "no mode")
    }
    self.permissions = permissions
    owner = try container.decode(String.self, forKey: .owner)
    group = try container.decode(String.self, forKey: .group)
    if let text = try container.decodeIfPresent(String.self, forKey: .content) {
      content = Array(text.utf8)
    } else {
      guard let bytes = parseBase64(try container.decode(String.self, forKey: .contentBase64).utf8) else {
        throw DecodingError.dataCorruptedError(forKey: .contentBase64, in: container, debugDescription: "no base64")
      }
      content = bytes
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(path, forKey: .path)
    let digits = String(permissions, radix: 8)
    try container.encode(String(repeating: "0", count: max(0, 4 - digits.count)) + digits, forKey: .mode)
    try container.encode(owner, forKey: .owner)
    try container.encode(group, forKey: .group)
    if let text {
      try container.encode(text, forKey: .content)
    } else {
      try container.encode(base64(content), forKey: .contentBase64)
    }
  }
}

/// The first objection to an element of a list, or to its length.
func objection<Element>(_ list: [Element], _ what: String, _ check: (Element) -> String?) -> String? {
  guard list.count <= Facts.listLimit else { return "it lists \(list.count) \(what)" }
  for element in list {
    if let objection = check(element) { return objection }
  }
  return nil
}

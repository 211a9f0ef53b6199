public import HotsyncSystem

/// Bytes in a journal: as text where they are UTF-8, else in base64.
public struct StoredBytes: Codable, Hashable, Sendable {
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  private enum Key: String, CodingKey { case base64 }

  public init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      bytes = Array(text.utf8)
      return
    }
    let values = try decoder.container(keyedBy: Key.self)
    guard let bytes = parseBase64(try values.decode(String.self, forKey: .base64).utf8) else {
      throw DecodingError.dataCorruptedError(forKey: .base64, in: values, debugDescription: "no base64")
    }
    self.bytes = bytes
  }

  public func encode(to encoder: any Encoder) throws {
    if let text = String(validating: bytes, as: UTF8.self) {
      var value = encoder.singleValueContainer()
      try value.encode(text)
    } else {
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(base64(bytes), forKey: .base64)
    }
  }
}

/// A path below the root of the promotion.
public struct LivePath: Codable, Hashable, Sendable, CustomStringConvertible {
  public let path: RelativePath

  public init(_ path: RelativePath) { self.path = path }

  /// Of a path as it is written, with or without the leading slash; nil for what is none.
  public init?(_ text: String) {
    guard let path = RelativePath(text.split(separator: "/").joined(separator: "/")) else { return nil }
    self.path = path
  }

  public init(from decoder: any Decoder) throws {
    let stored = try StoredBytes(from: decoder)
    guard let path = RelativePath(stored.bytes) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no path"))
    }
    self.path = path
  }

  public func encode(to encoder: any Encoder) throws { try StoredBytes(path.bytes).encode(to: encoder) }

  /// With its leading slash, fit for a terminal.
  public var description: String { path.description }
}

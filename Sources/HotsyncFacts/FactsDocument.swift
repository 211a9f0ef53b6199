import FoundationEssentials
public import HotsyncSystem

/// What one document of facts holds. It is written by a master and read by its slave, for which it is hostile until `check` has
/// passed: names become arguments of programs and lines of files there.
///
/// On the disk a document is JSON with sorted keys and one member more, `"version": 1`, so that the same machine always gives
/// the same bytes.
public protocol FactsDocument: Codable, Equatable, Sendable {
  /// The name of its file, without `.json`, and what it is called in messages.
  static var name: String { get }

  /// Says what in it cannot be, in words; nil where all of it can be used.
  var objection: String? { get }
}

extension FactsDocument {
  /// Reads a document that a master wrote.
  ///
  /// - Throws: kind `.damaged` where it is too long, no such document, or has something in it that cannot be.
  public init(decoding bytes: [UInt8]) throws(FactsError) {
    guard bytes.count <= Facts.limit else {
      throw .unusable(Self.name, "it has \(bytes.count) bytes, and at most \(Facts.limit) may be")
    }
    let read: Versioned<Self>
    do { read = try JSONDecoder().decode(Versioned<Self>.self, from: Data(bytes)) } catch {
      throw .unusable(Self.name, "it is not the document that was expected")
    }
    guard read.version == Facts.version else {
      throw .unusable(Self.name, "its version is \(read.version), and this program knows \(Facts.version)")
    }
    if let objection = read.document.objection { throw .unusable(Self.name, objection) }
    self = read.document
  }

  /// The document as it is stored.
  public func encode() throws(FactsError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(Versioned(version: Facts.version, document: self))) + [UInt8(ascii: "\n")]
    } catch {
      throw FactsError(
        .bug, "cannot write down", "the facts about this machine's \(Self.name)", cause: "\(error)",
        next: "report this with what journalctl -e shows")
    }
  }
}

/// A document's members, and beside them the version.
private struct Versioned<Document: FactsDocument>: Codable {
  let version: Int
  let document: Document

  private enum Key: String, CodingKey { case version }

  init(version: Int, document: Document) {
    self.version = version
    self.document = document
  }

  init(from decoder: any Decoder) throws {
    version = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .version)
    document = try Document(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(version, forKey: .version)
    try document.encode(to: encoder)
  }
}

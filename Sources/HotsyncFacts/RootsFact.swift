import FoundationEssentials
public import HotsyncSystem

/// Which folders a generation is made of: `.hotsync/facts/roots.json`. A promotion replaces those of `data` whole and lays
/// those of `config` over what is there; what leads to them is neither.
public struct RootsFact: Sendable, Equatable {
  public let data: [RelativePath]
  public let config: [RelativePath]

  public init(data: [RelativePath], config: [RelativePath]) {
    self.data = data
    self.config = config
  }

  private struct Document: Codable {
    var version = 1
    /// Absolute paths; those that are no UTF-8 in base64, apart.
    var data: [String] = []
    var config: [String] = []
    var oddData: [String]?
    var oddConfig: [String]?

    enum CodingKeys: String, CodingKey {
      case version, data, config
      case oddData = "data_base64"
      case oddConfig = "config_base64"
    }
  }

  private static let limit = 1 << 20
  private static let most = 10_000

  /// The document; the same roots give the same bytes.
  public func encode() -> [UInt8] {
    var document = Document()
    document.data = data.compactMap { $0.utf8Text.map { "/" + $0 } }
    document.config = config.compactMap { $0.utf8Text.map { "/" + $0 } }
    document.oddData = RootsFact.odd(data)
    document.oddConfig = RootsFact.odd(config)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array((try? encoder.encode(document)) ?? Data()) + [UInt8(ascii: "\n")]
  }

  /// - Throws: kind `.damaged` for what is no such document.
  public init(decoding bytes: [UInt8]) throws(FactsError) {
    guard bytes.count <= RootsFact.limit, let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
      document.version == 1, document.data.count <= RootsFact.most, document.config.count <= RootsFact.most,
      let data = RootsFact.paths(document.data, document.oddData),
      let config = RootsFact.paths(document.config, document.oddConfig)
    else {
      throw FactsError(
        .damaged, "cannot read", "the fact \"roots\"", cause: "it is no list of folders",
        next: "hotsync sync on the master, if it lives; or name the folders: hotsync-slave config set "
          + "connections.NAME.data.include '[…]'")
    }
    self.init(data: data, config: config)
  }

  /// Those that are no UTF-8; nil where there are none.
  private static func odd(_ paths: [RelativePath]) -> [String]? {
    let odd = paths.filter { $0.utf8Text == nil }.map { base64($0.bytes) }
    return odd.isEmpty ? nil : odd
  }

  /// Nil where one of them is none.
  private static func paths(_ texts: [String], _ odd: [String]?) -> [RelativePath]? {
    var paths: [RelativePath] = []
    for text in texts {
      guard text.hasPrefix("/"), let path = RelativePath(String(text.dropFirst())) else { return nil }
      paths.append(path)
    }
    for text in odd ?? [] {
      guard let bytes = parseBase64(text.utf8), let path = RelativePath(bytes) else { return nil }
      paths.append(path)
    }
    return paths.sorted()
  }
}

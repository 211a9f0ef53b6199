import FoundationEssentials
public import HotsyncSystem

/// Which dumps a private instance holds: beside its folder, `instances/<engine>.loaded.json`.
public struct LoadedDumps: Codable, Equatable, Sendable {
  public struct Dump: Codable, Equatable, Sendable {
    /// Of the dump's content, in the store's own digest.
    public let digest: String
    public let seconds: Double
    /// Its rows were counted, and are those that were dumped.
    public let isCompared: Bool

    public init(digest: String, seconds: Double, isCompared: Bool) {
      self.digest = digest
      self.seconds = seconds
      self.isCompared = isCompared
    }

    private enum CodingKeys: String, CodingKey {
      case digest, seconds
      case isCompared = "compared"
    }
  }

  /// By the dump's path below `.hotsync/dumps/<engine>`: `accounts.sql`, `databases/shop.sql`.
  public var dumps: [String: Dump]

  public init(dumps: [String: Dump] = [:]) { self.dumps = dumps }

  private static let limit = 16 << 20

  /// - Parameter folder: `instances`.
  public static func read(_ engine: String, in folder: borrowing Folder) throws(ReportError) -> LoadedDumps {
    guard let name = FileName("\(engine).loaded.json") else { return LoadedDumps() }
    let bytes = try ReportError.telling { () throws(SystemError) in try folder.content(of: name, limit: limit) }
    return bytes.flatMap { try? JSONDecoder().decode(LoadedDumps.self, from: Data($0)) } ?? LoadedDumps()
  }

  /// Durable when it returns.
  public func write(_ engine: String, in folder: borrowing Folder) throws(ReportError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let name = FileName("\(engine).loaded.json"), let data = try? encoder.encode(self) else { return }
    try ReportError.telling { () throws(SystemError) in
      try folder.replace(name, with: Array(data) + [UInt8(ascii: "\n")])
    }
  }
}

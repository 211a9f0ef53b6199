public import HotsyncSystem

/// `databases.postgresql` of the configuration.
public struct PostgreSQLSettings: Sendable {
  public var status: EngineStatus
  /// The folder of the server's socket, or a host.
  public var host: String
  public var port: Int
  /// The role that the clients log in as.
  public var user: String
  /// The system user that the clients run as where root starts them, and whose rights a private instance has.
  public var runAs: String
  /// A file of passwords as libpq reads it, 0600 and `runAs`'s own; empty: none.
  public var passfile: String
  /// Names of databases, with `*` and `?`; empty: all.
  public var include: [String]
  public var exclude: [String]
  /// What dumps are locked with (`\restrict`): a machine's own, so that no user of a database knows it and can write it
  /// into the data, and always the same, so that the same data gives the same bytes. Letters and digits.
  public var restrictKey: String
  /// Private instances are loaded though psql lacks the repair of CVE-2026-18408: only for dumps that one made oneself.
  public var loadsWithOlderClients: Bool

  public init(
    status: EngineStatus = .auto, host: String = "/var/run/postgresql", port: Int = 5_432, user: String = "postgres",
    runAs: String = "postgres", passfile: String = "", include: [String] = [], exclude: [String] = [],
    restrictKey: String = "hotsync", loadsWithOlderClients: Bool = false
  ) {
    self.status = status
    self.host = host
    self.port = port
    self.user = user
    self.runAs = runAs
    self.passfile = passfile
    self.include = include
    self.exclude = exclude
    self.restrictKey = restrictKey
    self.loadsWithOlderClients = loadsWithOlderClients
  }

  /// The machine's own key for `restrictKey`: made the first time, kept from then on.
  ///
  /// - Parameter folder: the state of HotSync, closed to others.
  public static func keptRestrictKey(in folder: borrowing Folder) throws(DatabaseError) -> String {
    let name = FileName.ours("restrict-key")
    return try DatabaseError.telling { () throws(SystemError) in
      if let bytes = try folder.content(of: name, limit: 200) {
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        if isKey(text) { return text }
      }
      let key = hexadecimal(Environment.randomBytes(24))
      try folder.replace(name, with: Array("\(key)\n".utf8))
      return key
    }
  }

  private static func isKey(_ text: String) -> Bool {
    text.utf8.count >= 16 && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x7A) }
  }
}

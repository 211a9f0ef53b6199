import FoundationEssentials
public import HotsyncSystem

/// A document of this machine's own about a connection, in `var/lib/hotsync-state/<connection>/`: JSON, whole or absent, for
/// root alone.
public protocol StateFile: Codable, Sendable {
  static var fileName: String { get }
}

extension StateFile {
  private static var limit: Int { 4 << 20 }

  /// Nil where there is none, or none that means anything: whoever writes it writes it anew.
  public static func read(_ connection: String, below root: borrowing Folder) throws(ReportError) -> Self? {
    guard let path = RelativePath("var/lib/hotsync-state/\(connection)/\(fileName)") else { return nil }
    do throws(SystemError) {
      guard let bytes = try root.openRegular(at: path).readAll(limit: limit) else { return nil }
      return try? JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch {
      if error.isMissing || error.isLoop { return nil }
      throw ReportError(error)
    }
  }

  /// Durable when it returns.
  public func write(_ connection: String, below root: borrowing Folder) throws(ReportError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self), let file = FileName(Self.fileName), let name = FileName(connection)
    else { return }
    try ReportError.telling { () throws(SystemError) in
      var here = try root.duplicate()
      for text in ["var", "lib"] {
        guard let part = FileName(text) else { continue }
        here = try here.makeOrOpenFolder(part, permissions: 0o755)
      }
      guard let state = FileName("hotsync-state") else { return }
      try here.makeOrOpenFolder(state).makeOrOpenFolder(name).replace(file, with: Array(data) + [UInt8(ascii: "\n")])
    }
  }
}

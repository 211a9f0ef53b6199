public import HotsyncSystem

/// A path as reports show it: as on the master, with a leading slash.
public struct ReportedPath: Hashable, Sendable, CustomStringConvertible {
  /// Leading slash included.
  public let bytes: [UInt8]

  public init(_ path: RelativePath) { bytes = [UInt8(ascii: "/")] + path.bytes }

  /// The root itself.
  public static let root = ReportedPath(absolute: [UInt8(ascii: "/")])

  private init(absolute bytes: [UInt8]) { self.bytes = bytes }

  /// Fit for a terminal.
  public var description: String { shown(bytes) }

  /// The field `name` with the path in it, and `name_base64` beside it where the path is not UTF-8.
  func fields(_ name: String) -> [(String, JSONValue)] {
    if let text = String(validating: bytes, as: UTF8.self) { return [(name, .string(text))] }
    return [(name, .string(shown(bytes))), (name + "_base64", .string(base64(bytes)))]
  }
}

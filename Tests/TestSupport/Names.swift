public import HotsyncSystem

extension FileName {
  /// A name in a test, which is known to be one.
  public static func of(_ text: String) throws -> FileName {
    guard let name = FileName(text) else { throw SupportError("not a name: \(text)") }
    return name
  }
}

extension RelativePath {
  /// A path in a test, which is known to be one.
  public static func of(_ text: String) throws -> RelativePath {
    guard let path = RelativePath(text) else { throw SupportError("not a path: \(text)") }
    return path
  }
}

import HotsyncSystem
import Testing

/// A folder of a test's own, gone with its owner.
final class Scratch: Sendable {
  let path: String
  let folder: Folder
  private let name: FileName
  private let above: Folder

  init() throws {
    let place = Environment.value("TMPDIR") ?? "/tmp"
    above = try Folder.open(place)
    name = try #require(FileName("hotsync-test-" + hexadecimal(Environment.randomBytes(8))))
    try above.makeFolder(name)
    folder = try above.folder(name)
    path = place + "/" + name.description
  }

  deinit { try? above.removeTree(name) }
}

extension FileName {
  /// A name in a test, which is known to be one.
  static func of(_ text: String) throws -> FileName { try #require(FileName(text)) }
}

extension RelativePath {
  static func of(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }
}

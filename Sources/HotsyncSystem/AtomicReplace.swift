import Glibc

extension Folder {
  /// Writes a small file whole or not at all: aside, flushed, renamed into place, the folder flushed.
  public func replace(_ name: FileName, with content: [UInt8], permissions: UInt32 = 0o600) throws(SystemError) {
    let aside = FileName(checked: Array(".new-".utf8) + name.bytes.prefix(200))
    do {
      let file = try open(aside, [.writing, .creating, .truncating], permissions: permissions)
      try file.write(content)
      try file.setPermissions(UInt16(permissions))
      try file.synchronize()
    }
    try rename(aside, into: self, as: name)
    try synchronize()
  }

  /// The whole of a small file; nil where it is missing.
  public func content(of name: FileName, limit: Int) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try open(name)
      guard let content = try file.readAll(limit: limit) else {
        throw SystemError(number: EFBIG, operation: "cannot read", subject: name.description)
      }
      return content
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }
}

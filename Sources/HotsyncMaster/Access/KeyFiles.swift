import HotsyncSystem
import HotsyncTransport

/// The files of a connection's key: the private half, the public one beside it, and the same with `.new` for a key that
/// waits until the slave has it.
struct KeyFiles: ~Copyable {
  /// Below the root, as the configuration has it.
  let path: RelativePath
  let folder: Folder
  let shownPath: String
  private let privateName: FileName
  private let publicName: FileName

  /// - Parameter rootPath: in front of paths that are shown; empty for the machine's own root.
  /// - Throws: `.configuration` for a path that cannot be a key's.
  init(
    _ identity: String, rootPath: String, folder: consuming Folder, isNext: Bool = false
  ) throws(MasterError) {
    let suffix = isNext ? ".new" : ""
    guard let path = KeyFiles.relative(identity + suffix),
      let publicName = FileName(path.name.bytes + Array(".pub".utf8))
    else { throw KeyFiles.impossible(identity) }
    self.path = path
    self.folder = folder
    self.privateName = path.name
    self.publicName = publicName
    shownPath = rootPath + path.description
  }

  static func relative(_ identity: String) -> RelativePath? {
    RelativePath(identity.utf8.split(separator: UInt8(ascii: "/")).joined(separator: [UInt8(ascii: "/")]).map { $0 })
  }

  static func impossible(_ identity: String) -> MasterError {
    MasterError(
      .configuration, "cannot use", "identity \(shown(identity.utf8))", cause: "it cannot be the path of a file",
      next: "take it out of the configuration: hotsync config unset connections.NAME.identity")
  }

  // MARK: Reading

  /// The private half, trusted; nil where there is none.
  func openPrivate() throws(MasterError) -> Descriptor? {
    do throws(TrustError) {
      return try Trust.openIfPresent(privateName, in: folder, shownAs: shownPath, use: .secret)
    } catch { throw MasterError(error) }
  }

  func exists() throws(MasterError) -> Bool { try openPrivate() != nil }

  /// The public half of the private one; its file is written again where it is missing or another key's. Nil where there
  /// is no private one.
  func publicKey() throws(MasterError) -> PublicKey? {
    guard let privateKey = try openPrivate() else { return nil }
    let key: PublicKey
    do throws(TransportError) { key = try KeyTools.publicKey(of: privateKey, shownAs: shownPath) } catch {
      throw MasterError(error)
    }
    let written = try MasterError.telling { () throws(SystemError) in
      try folder.content(of: publicName, limit: PublicKey.lineLimit)
    }
    if written.flatMap({ PublicKey(line: $0) }) != key { try write(key) }
    return key
  }

  // MARK: Writing

  /// - Throws: `.unwritable` where there is one already.
  func create(privateKey: [UInt8], publicKey: PublicKey) throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in try folder.create(privateName, with: privateKey) }
    try write(publicKey)
  }

  private func write(_ key: PublicKey) throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in
      try folder.replace(publicName, with: Array("\(key.line) \(key.shownComment)\n".utf8), permissions: 0o644)
    }
  }

  /// Puts this key in the place of another, whose private half is gone then. Whenever that is cut, there is a private
  /// half of the one or the other; a public one that is missing is made again from it.
  func take(placeOf other: borrowing KeyFiles) throws(SystemError) {
    if try folder.statusIfPresent(other.publicName) != nil {
      try folder.unlink(other.publicName)
      try folder.synchronize()
    }
    try folder.rename(privateName, into: folder, as: other.privateName)
    try folder.synchronize()
    if try folder.statusIfPresent(publicName) != nil {
      try folder.rename(publicName, into: folder, as: other.publicName)
      try folder.synchronize()
    }
  }
}

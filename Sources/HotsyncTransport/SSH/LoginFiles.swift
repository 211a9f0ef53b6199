import HotsyncSystem

/// The files of a login, which must not be in other people's hands: the key, the known hosts, a client's configuration.
struct LoginFiles {
  let target: SSHTarget

  init(_ target: SSHTarget) { self.target = target }

  func requireKey() throws(TransportError) {
    guard try LoginFiles.isTrusted(target.identity, use: .secret) else { throw LoginFailure(target).noKey() }
  }

  /// Without the file no host is known.
  func requireKnownHosts() throws(TransportError) {
    guard try LoginFiles.isTrusted(target.knownHosts, use: .configuration) else {
      throw LoginFailure(target).hostKeyUnknown()
    }
  }

  /// The path, or nil where there is no such file.
  static func trusted(_ path: String) throws(TransportError) -> String? {
    try isTrusted(path, use: .configuration) ? path : nil
  }

  /// False where there is no such file.
  private static func isTrusted(_ path: String, use: Trust.Use) throws(TransportError) -> Bool {
    guard let slash = path.lastIndex(of: "/"), let name = FileName(String(path[path.index(after: slash)...])) else {
      throw TransportError(
        .configuration, "cannot read", path, cause: "it is no absolute path of a file", next: "hotsync config show")
    }
    let folder: Folder
    do throws(SystemError) { folder = try Folder.open(slash == path.startIndex ? "/" : String(path[..<slash])) } catch {
      if error.isMissing { return false }
      throw TransportError(error.kind, "cannot read", path, cause: error.cause, next: error.nextStep)
    }
    do throws(TrustError) { return try Trust.openIfPresent(name, in: folder, shownAs: path, use: use) != nil } catch {
      throw TransportError(error)
    }
  }
}

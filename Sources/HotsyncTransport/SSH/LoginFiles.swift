public import HotsyncSystem

/// The files that a login stands on: the key, the known hosts, a client's configuration. Whoever can write them decides
/// who we talk to and as whom, so they must not be in other people's hands.
public struct LoginFiles {
  private let target: SSHTarget

  public init(_ target: SSHTarget) { self.target = target }

  private static let limit = 1 << 20

  // MARK: The key

  /// That it is there and nobody else's; whether it can be used, the login shows.
  public func requireKey() throws(TransportError) {
    guard try LoginFiles.open(target.identity, .secret) != nil else { throw LoginFailure(target).noKey() }
  }

  /// In OpenSSH's format, without a passphrase.
  func privateKey() throws(TransportError) -> [UInt8] {
    guard let bytes = try LoginFiles.content(of: target.identity, .secret) else { throw LoginFailure(target).noKey() }
    guard bytes.starts(with: "-----BEGIN OPENSSH PRIVATE KEY-----".utf8) else {
      throw LoginFailure(target).unusableKey("it is no private key in OpenSSH's format")
    }
    if LoginFiles.hasPassphrase(bytes) {
      throw LoginFailure(target).unusableKey("it has a passphrase, and nobody is there to type it")
    }
    return bytes
  }

  /// The format (OpenSSH's PROTOCOL.key) begins with its name and that of the cipher: `none` where it is not encrypted.
  private static func hasPassphrase(_ file: [UInt8]) -> Bool {
    let lines = file.split(separator: UInt8(ascii: "\n")).dropFirst()
    guard let start = lines.first.flatMap({ parseBase64($0.prefix(40)) }) else { return false }
    let magic = Array("openssh-key-v1".utf8) + [0]
    return start.starts(with: magic) && !start.dropFirst(magic.count).starts(with: [0, 0, 0, 4] + "none".utf8)
  }

  // MARK: The known hosts

  /// The keys by which the slave's host may show itself: one at least.
  @discardableResult
  public func pinnedKeys() throws(TransportError) -> [PublicKey] {
    try pinnedKeys(in: try knownHosts())
  }

  func pinnedKeys(in known: KnownHosts) throws(TransportError) -> [PublicKey] {
    let keys = known.keys(of: target.connection)
    guard !keys.isEmpty else { throw LoginFailure(target).hostKeyUnknown() }
    return keys
  }

  /// Empty where there is no such file yet.
  public func knownHosts() throws(TransportError) -> KnownHosts {
    KnownHosts(try LoginFiles.content(of: target.knownHosts, .configuration) ?? [])
  }

  /// Records a host key under the connection's name, in place of any other, whole or not at all.
  public func record(_ key: PublicKey, in known: KnownHosts) throws(TransportError) {
    let (folder, name) = try LoginFiles.parts(of: target.knownHosts)
    try TransportError.telling { () throws(SystemError) in
      try Folder.open(folder).replace(name, with: known.replacing(target.connection, with: key), permissions: 0o644)
    }
  }

  // MARK: Opening

  /// The path, or nil where there is no such file.
  static func trusted(_ path: String) throws(TransportError) -> String? {
    try open(path, .configuration) != nil ? path : nil
  }

  static func content(of path: String, _ use: Trust.Use) throws(TransportError) -> [UInt8]? {
    guard let file = try open(path, use) else { return nil }
    let bytes: [UInt8]?
    do throws(SystemError) { bytes = try file.readAll(limit: limit) } catch { throw TransportError(error) }
    guard let bytes else {
      throw TransportError(
        .configuration, "cannot use", shown(path.utf8), cause: "it is larger than \(limit) bytes",
        next: "see what it holds, and move it away")
    }
    return bytes
  }

  /// Nil where there is no such file.
  private static func open(_ path: String, _ use: Trust.Use) throws(TransportError) -> Descriptor? {
    let (place, name) = try parts(of: path)
    guard let folder = try trustedFolder(place, of: path) else { return nil }
    do throws(TrustError) { return try Trust.openIfPresent(name, in: folder, shownAs: path, use: use) } catch {
      throw TransportError(error)
    }
  }

  /// Whoever can write the folder can put another file there. Nil where there is none.
  private static func trustedFolder(_ place: String, of path: String) throws(TransportError) -> Folder? {
    do {
      let folder = try Folder.open(place)
      try Trust.require(try folder.descriptor.status(), shownAs: place)
      return folder
    } catch let error as SystemError {
      if error.isMissing { return nil }
      throw TransportError(error.kind, "cannot read", shown(path.utf8), cause: error.cause, next: error.nextStep)
    } catch let error as TrustError {
      throw TransportError(error)
    } catch {
      throw TransportError(.bug, "cannot read", shown(path.utf8), cause: "\(error)", next: "report this")
    }
  }

  private static func parts(of path: String) throws(TransportError) -> (folder: String, name: FileName) {
    guard let slash = path.lastIndex(of: "/"), let name = FileName(String(path[path.index(after: slash)...])) else {
      throw TransportError(
        .configuration, "cannot use", shown(path.utf8), cause: "it is no absolute path of a file",
        next: "hotsync config show")
    }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
  }
}

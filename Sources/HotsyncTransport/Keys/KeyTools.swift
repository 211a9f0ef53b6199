public import HotsyncSystem

/// What OpenSSH's own `ssh-keygen` does for us, as a child with an environment of its own: no key is made, and no digest
/// of one computed, by code of ours.
public enum KeyTools {
  private static let outputLimit = 65_536
  private static let tool = Tool(
    "ssh-keygen", in: ["/usr/bin", "/usr/local/bin", "/bin"], variables: ["HOME": "/nonexistent"], limit: .seconds(30))

  // MARK: What it does

  /// Makes an Ed25519 key pair without a passphrase: the private half as OpenSSH writes it, and the public one.
  ///
  /// - Parameter folder: where a folder of our own, closed to everybody else, holds them for a moment.
  public static func generate(
    comment: String, in folder: borrowing Folder
  ) throws(TransportError) -> (privateKey: [UInt8], publicKey: PublicKey) {
    let place = try TransportError.telling { () throws(SystemError) in try PrivateFolder(in: folder) }
    // By way of the descriptor: no path of somebody else's choice becomes an argument.
    let path = "/proc/\(Environment.processID)/fd/\(place.folder.descriptor.number)/key"
    _ = try run(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], try empty(), "cannot make", "a key pair")
    let (privateKey, line) = try TransportError.telling { () throws(SystemError) in
      (try place.content(of: "key", limit: outputLimit), try place.content(of: "key.pub", limit: PublicKey.lineLimit))
    }
    guard let publicKey = PublicKey(line: line), publicKey.kind == .ed25519, !privateKey.isEmpty else {
      throw failure("cannot make", "a key pair", "ssh-keygen left none that can be read")
    }
    return (privateKey, publicKey)
  }

  /// The public half of a private key, which is read from an open file that is for its owner alone.
  public static func publicKey(
    of privateKey: borrowing Descriptor, shownAs path: String
  ) throws(TransportError) -> PublicKey {
    let output = try run(["-y", "-P", "", "-f", "/dev/stdin"], privateKey, "cannot read", path)
    guard let key = PublicKey(line: output), key.kind == .ed25519 else {
      throw failure("cannot use", path, "it is no Ed25519 key")
    }
    return key
  }

  /// `SHA256:…`, as `ssh-keygen -l` prints it and people compare it.
  public static func fingerprint(of key: PublicKey) throws(TransportError) -> String {
    let input = try empty()
    try TransportError.telling { () throws(SystemError) in try input.write(Array("\(key.line)\n".utf8), at: 0) }
    let output = try run(["-l", "-E", "sha256", "-f", "/dev/stdin"], input, "cannot compute", "a key's fingerprint")
    // Bits, fingerprint, comment, type.
    let words = output.split { $0.isBlankOrBreak }
    guard words.count >= 2, let fingerprint = KeyFingerprint(String(decoding: words[1], as: UTF8.self)) else {
      throw failure("cannot compute", "a key's fingerprint", "ssh-keygen said: \(shown(output.prefix(200)))")
    }
    return fingerprint.text
  }

  // MARK: The child

  private static func empty() throws(TransportError) -> Descriptor {
    try TransportError.telling { () throws(SystemError) in try Descriptor.memoryFile() }
  }

  /// Runs it to its end: what it wrote to its standard output.
  private static func run(
    _ arguments: [String], _ input: borrowing Descriptor, _ operation: String, _ subject: String
  ) throws(TransportError) -> [UInt8] {
    let result: Tool.Result
    do throws(SystemError) { result = try tool.run(arguments, input: input, outputLimit: outputLimit) } catch {
      guard error.isMissing else { throw TransportError(error) }
      throw TransportError(
        .failed, "cannot find", "ssh-keygen", cause: "OpenSSH's client programs are not installed",
        next: "apt-get install openssh-client")
    }
    guard result.succeeded else { throw failure(operation, subject, "ssh-keygen \(result.failure)") }
    return result.output
  }

  private static func failure(_ operation: String, _ subject: String, _ cause: String) -> TransportError {
    TransportError(
      .failed, operation, subject, cause: cause, next: "see that it works by itself: ssh-keygen -l -f FILE")
  }
}

/// The SHA-256 digest of a key's blob as OpenSSH writes it: `SHA256:` and base64 without padding.
public struct KeyFingerprint: Sendable, Equatable {
  public let text: String

  /// Nil for anything else.
  public init?(_ text: String) {
    let prefix = "SHA256:"
    guard text.hasPrefix(prefix), parseBase64(Array((text.dropFirst(prefix.count) + "=").utf8))?.count == 32 else {
      return nil
    }
    self.text = text
  }
}

/// A folder of our own in another one, for its owner alone, which goes with all that it holds.
private struct PrivateFolder: ~Copyable {
  let folder: Folder
  private let parent: Folder
  private let name: FileName

  init(in parent: borrowing Folder) throws(SystemError) {
    guard let name = FileName(".making-" + hexadecimal(Environment.randomBytes(8))) else {
      preconditionFailure("hexadecimal digits make a name")
    }
    let held = try parent.duplicate()
    try held.makeFolder(name)
    let folder = try held.folder(name)
    self.name = name
    self.parent = held
    self.folder = folder
  }

  deinit { try? parent.removeTree(name) }

  /// Nothing where it is missing.
  func content(of name: String, limit: Int) throws(SystemError) -> [UInt8] {
    guard let name = FileName(name) else { return [] }
    return try folder.content(of: name, limit: limit) ?? []
  }
}

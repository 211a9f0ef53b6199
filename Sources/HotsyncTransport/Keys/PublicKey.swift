import HotsyncSystem

/// The public half of an SSH key: one line `type base64 [comment]`, as OpenSSH writes it (sshd(8), "AUTHORIZED_KEYS FILE
/// FORMAT"; the blob: RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4).
///
/// Two are equal when their blobs are, whatever their comments say.
public struct PublicKey: Sendable, Hashable {
  /// The kinds that a host may have; keys of ours are Ed25519.
  public enum Kind: String, Sendable, CaseIterable {
    case ed25519 = "ssh-ed25519"
    case ecdsa256 = "ecdsa-sha2-nistp256"
    case ecdsa384 = "ecdsa-sha2-nistp384"
    case ecdsa521 = "ecdsa-sha2-nistp521"
    case rsa = "ssh-rsa"
  }

  /// Room for RSA of 16,384 bits, which is more than OpenSSH takes.
  public static let blobLimit = 4_096
  /// Of a whole line, its comment included.
  public static let lineLimit = 8_192

  public let kind: Kind
  public let blob: [UInt8]
  /// Bytes that somebody else wrote; without line breaks.
  public let comment: [UInt8]

  public var type: String { kind.rawValue }

  /// `type base64`, without the comment.
  public var line: String { "\(type) \(base64(blob))" }

  /// Fit for a terminal.
  public var shownComment: String { shown(comment) }

  /// Nil for what is no key of a known kind, whole and of the right length.
  public init?(blob: some Collection<UInt8>) { self.init(blob: blob, comment: []) }

  /// Nil also where the blob is of another type than the one named.
  public init?(type: String, blob: some Collection<UInt8>) {
    self.init(blob: blob)
    guard kind.rawValue == type else { return nil }
  }

  /// A line, with or without its break; blanks around it are no part of it.
  public init?(line: some Collection<UInt8>) {
    guard line.count <= PublicKey.lineLimit else { return nil }
    let line = Array(line).trimmed
    guard !line.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else { return nil }
    let (type, afterType) = line.firstWord
    let (text, comment) = afterType.firstWord
    guard type.count <= 32, let blob = parseBase64(text) else { return nil }
    self.init(blob: blob, comment: Array(comment))
    guard Array(kind.rawValue.utf8) == Array(type) else { return nil }
  }

  private init?(blob: some Collection<UInt8>, comment: [UInt8]) {
    guard blob.count <= PublicKey.blobLimit else { return nil }
    self.blob = Array(blob)
    self.comment = comment
    var fields = BlobFields(self.blob)
    guard let type = fields.next(), let kind = Kind(rawValue: String(decoding: type, as: UTF8.self)),
      PublicKey.isBody(&fields, of: kind), fields.isAtEnd
    else { return nil }
    self.kind = kind
  }

  private static func isBody(_ fields: inout BlobFields, of kind: Kind) -> Bool {
    switch kind {
    case .ed25519: fields.next()?.count == 32
    case .ecdsa256: isPoint(&fields, "nistp256", length: 65)
    case .ecdsa384: isPoint(&fields, "nistp384", length: 97)
    case .ecdsa521: isPoint(&fields, "nistp521", length: 133)
    case .rsa: (1...64).contains(fields.next()?.count ?? 0) && (128...2_049).contains(fields.next()?.count ?? 0)
    }
  }

  /// Uncompressed, which is the only form that SSH uses.
  private static func isPoint(_ fields: inout BlobFields, _ curve: String, length: Int) -> Bool {
    guard fields.next().map({ Array($0) == Array(curve.utf8) }) == true, let point = fields.next() else { return false }
    return point.count == length && point.first == 4
  }

  public static func == (left: PublicKey, right: PublicKey) -> Bool { left.blob == right.blob }
  public func hash(into hasher: inout Hasher) { hasher.combine(blob) }
}

/// The strings of RFC 4251, section 5: four bytes of length, then as many.
private struct BlobFields {
  private var rest: ArraySlice<UInt8>

  init(_ blob: [UInt8]) { rest = blob[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func next() -> ArraySlice<UInt8>? {
    guard rest.count >= 4 else { return nil }
    let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    rest = rest.dropFirst(4)
    guard length <= rest.count else { return nil }
    defer { rest = rest.dropFirst(length) }
    return rest.prefix(length)
  }
}

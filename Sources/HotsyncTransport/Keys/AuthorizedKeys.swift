import HotsyncSystem

/// The text of an authorized_keys file (sshd(8)). Lines that are not ours stay byte for byte.
public struct AuthorizedKeys: Sendable {
  /// As much of a file as is read.
  public static let limit = 4 << 20

  /// A line with a key, or with a command of ours.
  public struct Entry: Sendable {
    /// From 1.
    public let line: Int
    /// Nil for a key of a kind that we do not know.
    public let key: PublicKey?
    /// The command that the key is bound to, where that is one of ours.
    public let command: ForcedCommand?
    /// Whether the key can do nothing else than run a command.
    public let isClosed: Bool
  }

  private let text: [UInt8]
  public let entries: [Entry]

  public init(_ text: [UInt8]) {
    self.text = text
    entries = Lines(text).lines.enumerated().compactMap { AuthorizedKeys.entry($0.element, line: $0.offset + 1) }
  }

  private static func entry(_ text: ArraySlice<UInt8>, line: Int) -> Entry? {
    // sshd's strings end with the first NUL.
    let text = text.prefix { $0 != 0 }.trimmed
    guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
    if let key = PublicKey(atFrontOf: text) { return Entry(line: line, key: key, command: nil, isClosed: false) }
    guard let (options, rest) = KeyOptions.read(text) else { return nil }
    let key = PublicKey(atFrontOf: rest)
    guard key != nil || options.command != nil else { return nil }
    return Entry(line: line, key: key, command: options.command, isClosed: options.isClosed)
  }

  // MARK: Finding

  /// The lines that let the key in; sshd takes the first of them.
  public func entries(of key: PublicKey) -> [Entry] { entries.filter { $0.key == key } }

  /// The lines that bind a key to a connection's agent below a root, whatever program that is.
  public func entries(bindingTo command: ForcedCommand) -> [Entry] {
    entries.filter { $0.command?.isSamePlace(as: command) == true }
  }

  // MARK: Changing

  /// The line that binds a key to a command.
  public static func line(binding key: PublicKey, to command: ForcedCommand) -> String {
    "\(KeyOptions.text(binding: command)) \(key.line) hotsync:\(command.connection)"
  }

  /// The text with one more line, at the end.
  public func adding(_ key: PublicKey, boundTo command: ForcedCommand) -> [UInt8] {
    var lines = Lines(text)
    lines.insert(AuthorizedKeys.line(binding: key, to: command))
    return lines.text
  }

  /// The text with another line in the place of one.
  public func replacing(_ entry: Entry, with key: PublicKey, boundTo command: ForcedCommand) -> [UInt8] {
    var lines = Lines(text)
    guard lines.lines.indices.contains(entry.line - 1) else { return text }
    lines.lines.remove(at: entry.line - 1)
    lines.insert(
      AuthorizedKeys.line(binding: key, to: command),
      at: entry.line - 1 < lines.lines.count ? entry.line - 1 : nil)
    return lines.text
  }

  public func removing(_ entries: [Entry]) -> [UInt8] {
    let gone = Set(entries.map(\.line))
    return Lines(text).lines.enumerated().filter { !gone.contains($0.offset + 1) }.flatMap(\.element)
  }
}

extension PublicKey {
  /// The key that a line begins with, whatever follows it.
  init?(atFrontOf line: ArraySlice<UInt8>) {
    let (type, rest) = line.firstWord
    self.init(line: type + [UInt8(ascii: " ")] + rest.firstWord.word)
  }
}

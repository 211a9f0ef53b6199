/// The text of an OpenSSH known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Only names that are written out
/// count, alone or in a list: nothing hashed, no wildcards, no list that takes a name out. So a name is trusted by what a
/// person can read there.
public struct KnownHosts: Sendable {
  /// As much of a file as is read.
  public static let limit = 1 << 20

  private enum Marker: Sendable { case none, revoked, other }

  private struct Line: Sendable {
    let marker: Marker
    let names: [ArraySlice<UInt8>]
    let key: PublicKey?
    /// What follows the names, the blanks before it included.
    let rest: ArraySlice<UInt8>

    /// Nil for empty lines and comments.
    init?(_ text: ArraySlice<UInt8>) {
      let line = text.trimmed
      guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
      var (names, rest) = line.firstWord
      if first == UInt8(ascii: "@") {
        marker = Array(names) == Array("@revoked".utf8) ? .revoked : .other
        (names, rest) = rest.firstWord
      } else {
        marker = .none
      }
      self.names = names.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      self.rest = line[names.endIndex...]
      key = PublicKey(atFrontOf: rest.prefix { $0 != 0 })
    }

    func holds(_ name: String) -> Bool {
      let name = Array(name.utf8)
      guard marker == .none, !name.isEmpty else { return false }
      return names.contains { Array($0) == name } && !names.contains { $0.first == UInt8(ascii: "!") }
    }
  }

  private let text: [UInt8]
  private let lines: [Line]

  public init(_ text: [UInt8]) {
    self.text = text
    lines = Lines(text).lines.compactMap { Line($0) }
  }

  /// The keys recorded for a name, in the file's order, without those that are revoked.
  public func keys(of name: String) -> [PublicKey] {
    var keys: [PublicKey] = []
    for line in lines where line.holds(name) {
      if let key = line.key, !keys.contains(key), !isRevoked(key) { keys.append(key) }
    }
    return keys
  }

  /// Whether the key is revoked, whatever hosts it is revoked for: it is out of its owner's hands.
  public func isRevoked(_ key: PublicKey) -> Bool { lines.contains { $0.marker == .revoked && $0.key == key } }

  /// The text with this key as the only one of the name. Other names that share a line with it keep that; all other lines
  /// stay as they are.
  public func replacing(_ name: String, with key: PublicKey) -> [UInt8] {
    var result = Lines([])
    var place: Int?
    for text in Lines(text).lines {
      guard let line = Line(text), line.holds(name) else {
        result.lines.append(text)
        continue
      }
      place = place ?? result.lines.count
      let others = line.names.filter { Array($0) != Array(name.utf8) }
      if !others.isEmpty {
        let rest = line.rest + (text.last == UInt8(ascii: "\n") ? [UInt8(ascii: "\n")] : [])
        result.lines.append(Array(others.joined(separator: [UInt8(ascii: ",")]))[...] + rest)
      }
    }
    result.insert("\(name) \(key.line)", at: place.flatMap { $0 < result.lines.count ? $0 : nil })
    return result.text
  }
}

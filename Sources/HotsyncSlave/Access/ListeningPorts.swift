import HotsyncSystem

/// The TCP ports that something listens on, as the kernel lists them (proc(5), `/proc/net/tcp`).
enum ListeningPorts {
  /// Nil where the kernel does not tell.
  static func now() -> Set<UInt16>? {
    var ports: Set<UInt16> = []
    var isKnown = false
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let file = try? Descriptor.open(path), let text = try? file.readAll(limit: 64 << 20) else { continue }
      isKnown = true
      ports.formUnion(parse(text))
    }
    return isKnown ? ports : nil
  }

  /// Number, local address, remote address, state; 0A is LISTEN.
  static func parse(_ text: [UInt8]) -> Set<UInt16> {
    var ports: Set<UInt16> = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      guard words.count > 3, Array(words[3]) == Array("0A".utf8),
        let colon = words[1].lastIndex(of: UInt8(ascii: ":")),
        let port = UInt16(String(decoding: words[1][(colon + 1)...], as: UTF8.self), radix: 16)
      else { continue }
      ports.insert(port)
    }
    return ports
  }
}

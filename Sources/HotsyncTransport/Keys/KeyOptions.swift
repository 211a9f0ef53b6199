/// The options in front of a key in authorized_keys: names, some with a quoted value, between commas; their end is the
/// first blank outside quotes (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").
struct KeyOptions {
  /// Those that can only take something away from what the key may do.
  private static let narrowing: Set<String> = [
    "restrict", "command", "from", "expiry-time", "no-agent-forwarding", "no-port-forwarding", "no-pty", "no-user-rc",
    "no-x11-forwarding", "verify-required",
  ]

  private let options: [(name: String, value: [UInt8]?)]

  /// Reads options off the front of a line; nil where they are malformed, so that sshd takes no notice of the line.
  static func read(_ line: ArraySlice<UInt8>) -> (options: KeyOptions, rest: ArraySlice<UInt8>)? {
    var options: [(name: String, value: [UInt8]?)] = []
    var rest = line
    while true {
      let name = rest.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") && !$0.isBlank }
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, !name.contains(UInt8(ascii: "\"")) else { return nil }
      var value: [UInt8]?
      if rest.first == UInt8(ascii: "=") {
        rest = rest.dropFirst()
        guard let quoted = readQuoted(&rest) else { return nil }
        value = quoted
      }
      // sshd compares names without regard to case.
      options.append((String(decoding: name, as: UTF8.self).lowercased(), value))
      guard let next = rest.first else { return nil }
      if next.isBlank { return (KeyOptions(options: options), rest.drop { $0.isBlank }) }
      guard next == UInt8(ascii: ",") else { return nil }
      rest = rest.dropFirst()
    }
  }

  /// In a value a backslash stands for itself, but for the one right before a quote.
  private static func readQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return value }
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        value.append(UInt8(ascii: "\""))
      } else {
        value.append(byte)
      }
    }
    return nil
  }

  /// What the key is bound to, where that is a command of ours; two commands are none.
  var command: ForcedCommand? {
    let commands = options.filter { $0.name == "command" }
    guard commands.count == 1, let value = commands[0].value else { return nil }
    return ForcedCommand(reading: value)
  }

  /// Whether the key can do nothing but run its command.
  var isClosed: Bool {
    options.contains { $0.name == "restrict" && $0.value == nil }
      && options.allSatisfy { KeyOptions.narrowing.contains($0.name) }
  }

  /// What stands in front of a key that is bound to a command.
  static func text(binding command: ForcedCommand) -> String {
    // By bytes: a mark that joins the quote before it would hide that one from a comparison of characters.
    let quote = UInt8(ascii: "\"")
    let parts = command.text.utf8.split(separator: quote, omittingEmptySubsequences: false)
    let value = Array(parts.joined(separator: [UInt8(ascii: "\\"), quote]))
    return "restrict,command=\"\(String(decoding: value, as: UTF8.self))\""
  }
}

public import HotsyncSystem

/// A file in the form of interfaces(5): it is read for what it says, and written anew with as little changed as can be.
public struct InterfacesFile: Equatable, Sendable {
  /// What one `iface` line and those that belong to it say.
  public struct Stanza: Equatable, Sendable {
    public let interface: String
    /// `inet`, `inet6`.
    public let family: String
    /// `static`, `dhcp`, `manual`, `loopback`.
    public let method: String
    public fileprivate(set) var options: [Option] = []
    /// Where its lines stand, the first and the one after the last.
    fileprivate var lines: Range<Int>
  }

  public struct Option: Equatable, Sendable {
    public let name: String
    public let value: String
  }

  /// An address that an interface is given by this file.
  public struct Address: Hashable, Sendable {
    public let interface: String
    public let address: InternetAddress
    public let prefix: Int
  }

  /// A command that ifup or ifdown would run as root.
  public struct Command: Equatable, Sendable, CustomStringConvertible {
    public let interface: String
    /// `pre-up`, `up`, `post-up`, `down`, `pre-down`, `post-down`.
    public let moment: String
    public let text: String

    public var description: String { "\(interface) \(moment) \(text)" }
  }

  /// With the lines that continue them.
  private let lines: [String]
  public let stanzas: [Stanza]

  public init(_ text: String) {
    lines = InterfacesFile.logicalLines(text)
    stanzas = InterfacesFile.stanzas(lines)
  }

  public var text: String { lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n" }

  // MARK: What it says

  /// Addresses that stand in the file itself; those of loopback are left out.
  public var addresses: [Address] {
    stanzas.filter { $0.method == "static" || $0.method == "tunnel" }.compactMap { stanza in
      guard let option = stanza["address"], let word = option.split(separator: " ").first else { return nil }
      let parts = word.split(separator: "/", maxSplits: 1)
      guard let first = parts.first, let address = InternetAddress(text: first), !address.isLoopback else { return nil }
      let mask = parts.count > 1 ? String(parts[1]) : stanza["netmask"] ?? ""
      let whole = address.isVersion4 ? 32 : 128
      guard let prefix = InterfacesFile.prefix(mask, whole) else { return nil }
      return Address(interface: InterfacesFile.device(stanza.interface), address: address, prefix: prefix)
    }
  }

  /// A number of bits, or a mask; without one the address stands alone.
  private static func prefix(_ mask: String, _ whole: Int) -> Int? {
    if mask.isEmpty { return whole == 128 ? 64 : whole }
    if let number = Int(mask) { return (0...whole).contains(number) ? number : nil }
    guard let bytes = InternetAddress(text: mask)?.bytes, bytes.count * 8 == whole else { return nil }
    let ones = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
    let expected = (0..<bytes.count).map { place -> UInt8 in
      let bits = min(8, max(0, ones - place * 8))
      return bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
    }
    return expected == bytes ? ones : nil
  }

  /// `eth0:1` is a label of `eth0`.
  private static func device(_ name: String) -> String { String(name.prefix { $0 != ":" }) }

  private static let moments: Set<String> = ["pre-up", "up", "post-up", "pre-down", "down", "post-down"]

  /// All that would be run.
  public var commands: [Command] {
    stanzas.flatMap { stanza in
      stanza.options.filter { InterfacesFile.moments.contains($0.name) }.map {
        Command(interface: stanza.interface, moment: $0.name, text: $0.value)
      }
    }
  }

  /// Interfaces that are bound to a card, as `eth0 hwaddress 02:…`.
  public var boundToCards: [String] {
    stanzas.flatMap { stanza in
      stanza.options.filter { $0.name == "hwaddress" }.map { "\(stanza.interface) hwaddress \($0.value)" }
    }
  }

  /// Interfaces that ask a server for their address.
  public var leased: [String] {
    stanzas.filter { $0.method == "dhcp" || $0.method == "auto" || $0.method == "bootp" }.map(\.interface)
  }

  /// The real interfaces that it talks of, in its order; loopback is left out.
  public var interfaces: [String] {
    var names: [String] = []
    for stanza in stanzas where stanza.method != "loopback" {
      let name = InterfacesFile.device(stanza.interface)
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  // MARK: Written anew

  /// The same for a machine whose interfaces have other names. All change at once, so that two may change places.
  public func renamed(_ names: [String: String]) -> InterfacesFile {
    InterfacesFile(lines.map { InterfacesFile.replacing(names, in: $0) }.joined(separator: "\n"))
  }

  /// The same without the interfaces whose addresses stand in the file: what a machine may have that must not serve.
  public var withoutOwnAddresses: InterfacesFile {
    let gone = stanzas.filter { $0.method != "dhcp" && $0.method != "auto" && $0.method != "loopback" }
    let kept = Set(stanzas.filter { stanza in !gone.contains(stanza) }.map(\.interface))
    let removed = Set(gone.flatMap { Array($0.lines) })
    let lines = lines.enumerated().filter { !removed.contains($0.offset) }.map(\.element).compactMap { line in
      let words = InterfacesFile.words(line)
      guard let first = words.first, first == "auto" || first.hasPrefix("allow-") else { return String?.some(line) }
      let names = words.dropFirst().filter { kept.contains($0) }
      return names.isEmpty ? nil : "\(first) \(names.joined(separator: " "))"
    }
    return InterfacesFile(lines.joined(separator: "\n"))
  }

  /// The same with one address more on an interface; nothing where it is there already.
  public func adding(_ address: InternetAddress, prefix: Int, to interface: String, because reason: String)
    -> InterfacesFile
  {
    guard !addresses.contains(where: { $0.address == address }) else { return self }
    let family = address.isVersion4 ? "inet" : "inet6"
    var added = ["", "# \(reason)"]
    if !stanzas.contains(where: { $0.interface == interface }) { added.append("auto \(interface)") }
    added += ["iface \(interface) \(family) static", "    address \(address)/\(prefix)"]
    return InterfacesFile((lines + added).joined(separator: "\n"))
  }
}

// MARK: Its form

extension InterfacesFile {
  private static let beginnings: Set<String> = [
    "iface", "mapping", "auto", "source", "source-directory", "no-auto-down", "no-scripts", "rename", "template",
  ]

  private static func logicalLines(_ text: String) -> [String] {
    var lines: [String] = []
    var open = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if open { lines[lines.count - 1] += "\n" + line } else { lines.append(String(line)) }
      open = line.hasSuffix("\\") && !(lines.last.map(isComment) ?? false)
    }
    while lines.last == "" { lines.removeLast() }
    return lines
  }

  private static func isComment(_ line: String) -> Bool { line.drop { $0 == " " || $0 == "\t" }.hasPrefix("#") }

  private static func words(_ line: String) -> [String] {
    guard !isComment(line) else { return [] }
    return line.replacing("\\\n", with: " ").split { $0 == " " || $0 == "\t" }.map(String.init)
  }

  private static func stanzas(_ lines: [String]) -> [Stanza] {
    var stanzas: [Stanza] = []
    var isInside = false
    for (number, line) in lines.enumerated() {
      let words = words(line)
      guard let first = words.first else { continue }
      if beginnings.contains(first) || first.hasPrefix("allow-") {
        isInside = first == "iface" && words.count >= 4
        if isInside {
          stanzas.append(
            Stanza(interface: words[1], family: words[2], method: words[3], lines: number..<(number + 1)))
        }
      } else if isInside, let last = stanzas.indices.last {
        let value = words.dropFirst().joined(separator: " ")
        stanzas[last].options.append(Option(name: first, value: value))
        stanzas[last].lines = stanzas[last].lines.lowerBound..<(number + 1)
      }
    }
    return stanzas
  }

  /// Whole names only: `eth0` in `eth0.5`, `eth0:1` and `dev eth0` is one, in `veth0` and `eth01` it is none.
  private static func replacing(_ names: [String: String], in line: String) -> String {
    guard !isComment(line) else { return line }
    var result = ""
    var word = ""
    func isPart(_ character: Character) -> Bool {
      character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
    }
    for character in line {
      if isPart(character) {
        word.append(character)
      } else {
        result += names[word] ?? word
        word = ""
        result.append(character)
      }
    }
    return result + (names[word] ?? word)
  }
}

extension InterfacesFile.Stanza {
  /// The first option of that name.
  public subscript(_ name: String) -> String? { options.first { $0.name == name }?.value }
}

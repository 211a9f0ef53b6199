/// A message of the address resolution protocol for Ethernet and IPv4, with its frame around it (RFC 826).
public struct ARPMessage: Hashable, Sendable {
  public enum Kind: UInt8, Sendable {
    case request = 1
    case reply = 2
  }

  public let kind: Kind
  public let sender: HardwareAddress
  public let senderAddress: InternetAddress
  public let target: HardwareAddress
  public let targetAddress: InternetAddress

  static let protocolNumber: UInt16 = 0x0806
  /// Ethernet, IPv4, addresses of 6 and 4 bytes.
  private static let form: [UInt8] = [0, 1, 8, 0, 6, 4]
  private static let nobody: [UInt8] = [0, 0, 0, 0]
  /// The least that a frame of Ethernet carries, without its checksum.
  private static let leastFrame = 60

  /// Asks who has an address without claiming any (RFC 5227, 2.1.1: the sender's own is left empty). Nil for IPv6.
  public static func probe(for address: InternetAddress, from own: HardwareAddress) -> ARPMessage? {
    guard address.isVersion4, let nobody = InternetAddress(nobody) else { return nil }
    return ARPMessage(kind: .request, sender: own, senderAddress: nobody, target: .none, targetAddress: address)
  }

  /// Tells everybody who has an address now (RFC 5227, 2.3). Nil for IPv6.
  public static func announcement(of address: InternetAddress, at own: HardwareAddress) -> ARPMessage? {
    guard address.isVersion4 else { return nil }
    return ARPMessage(kind: .request, sender: own, senderAddress: address, target: .none, targetAddress: address)
  }

  init(
    kind: Kind, sender: HardwareAddress, senderAddress: InternetAddress, target: HardwareAddress,
    targetAddress: InternetAddress
  ) {
    self.kind = kind
    self.sender = sender
    self.senderAddress = senderAddress
    self.target = target
    self.targetAddress = targetAddress
  }

  /// For everybody on the link.
  public var frame: [UInt8] {
    var bytes = HardwareAddress.broadcast.bytes + sender.bytes
    bytes += [UInt8(ARPMessage.protocolNumber >> 8), UInt8(ARPMessage.protocolNumber & 0xFF)]
    bytes += ARPMessage.form + [0, kind.rawValue] + sender.bytes + senderAddress.bytes
    bytes += target.bytes + targetAddress.bytes
    return bytes + [UInt8](repeating: 0, count: ARPMessage.leastFrame - bytes.count)
  }

  /// Nil for what is no such message. Whoever is on the link may have written it.
  public init?(frame: ArraySlice<UInt8>) {
    let bytes = Array(frame.prefix(ARPMessage.leastFrame))
    guard bytes.count >= 42, bytes[12] == 8, bytes[13] == 6, Array(bytes[14..<20]) == ARPMessage.form, bytes[20] == 0,
      let kind = Kind(rawValue: bytes[21]), let sender = HardwareAddress(bytes[22..<28]),
      let senderAddress = InternetAddress(bytes[28..<32]), let target = HardwareAddress(bytes[32..<38]),
      let targetAddress = InternetAddress(bytes[38..<42])
    else { return nil }
    self.init(
      kind: kind, sender: sender, senderAddress: senderAddress, target: target, targetAddress: targetAddress)
  }

  /// The address that this shows somebody else to have, or to be about to take, among those that are asked for
  /// (RFC 5227, 2.1.1).
  func conflict(with wanted: Set<InternetAddress>, own: HardwareAddress) -> InternetAddress? {
    guard sender != own else { return nil }
    if wanted.contains(senderAddress) { return senderAddress }
    // Another probe for the same address.
    let isProbe = kind == .request && senderAddress.bytes == ARPMessage.nobody
    return isProbe && wanted.contains(targetAddress) ? targetAddress : nil
  }
}

/// A neighbour advertisement that nobody asked for: tells every node of the link who has an IPv6 address now (RFC 4861,
/// 4.4 and 7.2.6).
public enum NeighbourAdvertisement {
  /// Nil for IPv4.
  public static func frame(of address: InternetAddress, at own: HardwareAddress) -> [UInt8]? {
    guard !address.isVersion4 else { return nil }
    let everybody: [UInt8] = [0xFF, 2] + [UInt8](repeating: 0, count: 13) + [1]
    // Type 136, its checksum, the flag that overrides what is known, the address, and the card's address as option 2.
    var message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + own.bytes
    let sum = checksum(address.bytes + everybody + [0, 0, 0, UInt8(message.count), 0, 0, 0, 58] + message)
    message[2] = UInt8(sum >> 8)
    message[3] = UInt8(sum & 0xFF)
    // Version 6, the length, ICMPv6, and the 255 that shows that no router passed it on.
    let header: [UInt8] = [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255] + address.bytes + everybody
    return [0x33, 0x33, 0, 0, 0, 1] + own.bytes + [0x86, 0xDD] + header + message
  }

  /// The Internet checksum (RFC 1071).
  static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
      sum += UInt32(bytes[index]) << 8 | low
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }
}

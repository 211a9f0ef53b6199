internal import CHotsyncShims

/// Asks a wire who has an address, and tells it who has one now, below the Internet protocol: it needs no address itself.
public struct LinkProbe: ~Copyable {
  public let interface: String
  /// The interface's own.
  public let own: HardwareAddress
  private let socket: Descriptor

  /// Opens an interface of Ethernet's kind (packet(7)); root's alone.
  public init(_ interface: String) throws(SystemError) {
    var address = [UInt8](repeating: 0, count: HardwareAddress.byteCount)
    let number = try systemCall("socket", "cannot listen on", interface) {
      // SAFETY: six bytes are there, as many as are written; the name is lent for the call.
      unsafe address.withUnsafeMutableBufferPointer {
        unsafe hs_packet_socket(interface, ARPMessage.protocolNumber, $0.baseAddress!)
      }
    }
    socket = Descriptor(owning: number)
    self.interface = interface
    own = HardwareAddress(address) ?? .none
  }

  /// How often each address is asked for, and how long is waited after each.
  private static let rounds = 3

  /// Who answers for these addresses; IPv6 ones are left out. All are asked at once, three times over.
  ///
  /// - Parameter limit: how long this may take; it takes all of it where somebody does not answer.
  public func whoHas(
    _ addresses: [InternetAddress], atMost limit: Duration, clocks: Clocks = .system
  ) throws(SystemError) -> [InternetAddress: HardwareAddress] {
    let wanted = Set(addresses.filter(\.isVersion4))
    guard !wanted.isEmpty else { return [:] }
    var found: [InternetAddress: HardwareAddress] = [:]
    for _ in 0..<LinkProbe.rounds {
      for address in wanted where found[address] == nil {
        if let probe = ARPMessage.probe(for: address, from: own) { try socket.write(probe.frame) }
      }
      try listen(for: wanted, into: &found, atMost: limit / LinkProbe.rounds, clocks)
      if found.count == wanted.count { break }
    }
    return found
  }

  private func listen(
    for wanted: Set<InternetAddress>, into found: inout [InternetAddress: HardwareAddress], atMost limit: Duration,
    _ clocks: Clocks
  ) throws(SystemError) {
    let start = clocks.elapsed()
    var buffer = [UInt8](repeating: 0, count: 2_048)
    while found.count < wanted.count {
      let left = limit - (clocks.elapsed() - start)
      guard left > .zero,
        try Descriptor.wait(
          socket.number, writing: false, atMost: left, total: left, clocks: clocks, gaveUp: { false })
      else { return }
      guard let count = try socket.readIfReady(into: &buffer) else { continue }
      guard let message = ARPMessage(frame: buffer[..<count]),
        let taken = message.conflict(with: wanted, own: own)
      else { continue }
      found[taken] = message.sender
    }
  }

  /// Tells everybody on the wire that these addresses are here now, so that nobody goes on sending to where they were.
  public func announce(_ addresses: [InternetAddress]) throws(SystemError) {
    for address in addresses {
      let frame =
        ARPMessage.announcement(of: address, at: own)?.frame ?? NeighbourAdvertisement.frame(of: address, at: own)
      if let frame { try socket.write(frame) }
    }
  }
}

import Testing

@testable import HotsyncSystem

@Suite("Frames that ask and tell who has an address")
struct LinkFramesTests {
  private let own = HardwareAddress([2, 0, 0, 0, 0, 1])!
  private let other = HardwareAddress([2, 0, 0, 0, 0, 2])!
  private let address = InternetAddress(text: "192.0.2.10")!

  @Test("a probe asks for the address and claims none (RFC 5227, 2.1.1)")
  func probe() throws {
    let frame = try #require(ARPMessage.probe(for: address, from: own)).frame
    #expect(frame.count == 60)
    #expect(
      Array(frame[..<42]) == [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]
        + [2, 0, 0, 0, 0, 1, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 192, 0, 2, 10])
  }

  @Test("whoever answers, announces or probes for the address has it; nobody else, and not we ourselves")
  func conflicts() throws {
    let wanted: Set = [address]
    let third = try #require(InternetAddress(text: "192.0.2.11"))
    func conflict(_ kind: ARPMessage.Kind, _ from: HardwareAddress, _ sender: String, _ target: InternetAddress) throws
      -> InternetAddress?
    {
      let sender = try #require(InternetAddress(text: sender))
      let message = ARPMessage(kind: kind, sender: from, senderAddress: sender, target: own, targetAddress: target)
      return try #require(ARPMessage(frame: message.frame[...])).conflict(with: wanted, own: own)
    }
    #expect(try conflict(.reply, other, "192.0.2.10", third) == address)
    #expect(try conflict(.request, other, "192.0.2.10", third) == address)
    #expect(try conflict(.request, other, "0.0.0.0", address) == address)
    #expect(try conflict(.request, own, "0.0.0.0", address) == nil)
    #expect(try conflict(.reply, own, "192.0.2.10", third) == nil)
    #expect(try conflict(.request, other, "192.0.2.12", address) == nil)
    #expect(try conflict(.reply, other, "192.0.2.12", third) == nil)
  }

  @Test("what is cut short or says it is something else is no message")
  func hostile() throws {
    let frame = try #require(ARPMessage.announcement(of: address, at: own)).frame
    for count in 0..<42 { #expect(ARPMessage(frame: frame[..<count]) == nil) }
    for place in [12, 13, 14, 16, 18, 19, 20] {
      var bad = frame
      bad[place] ^= 0x40
      #expect(ARPMessage(frame: bad[...]) == nil, "\(place)")
    }
    var bad = frame
    bad[21] = 3
    #expect(ARPMessage(frame: bad[...]) == nil)
    #expect(ARPMessage(frame: frame[...])?.senderAddress == address)
  }

  @Test("an advertisement for IPv6 overrides what neighbours know, and its checksum fits (RFC 4861, 4.4)")
  func advertisement() throws {
    let six = try #require(InternetAddress(text: "2001:db8::10"))
    let frame = try #require(NeighbourAdvertisement.frame(of: six, at: own))
    #expect(frame.count == 14 + 40 + 32)
    #expect(Array(frame[12..<14]) == [0x86, 0xDD] && frame[20] == 58 && frame[21] == 255)
    #expect(frame[54] == 136 && frame[58] == 0x20 && Array(frame[62..<78]) == six.bytes)
    #expect(Array(frame[78...]) == [2, 1] + own.bytes)
    // With its checksum in it, all adds up to nothing.
    let pseudo = Array(frame[22..<54]) + [0, 0, 0, 32, 0, 0, 0, 58]
    #expect(NeighbourAdvertisement.checksum(pseudo + Array(frame[54...])) == 0)
    #expect(NeighbourAdvertisement.frame(of: address, at: own) == nil)
    #expect(ARPMessage.probe(for: six, from: own) == nil)
  }
}

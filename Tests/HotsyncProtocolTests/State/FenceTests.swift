import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncProtocol

@Suite("The fence and the epoch's holder")
struct FenceTests {
  private let epoch = Epoch(number: 3, promoter: Array(1...16))!

  @Test("a fence is read as it was written, and goes when it is lifted")
  func fence() throws {
    let scratch = try ScratchFolder("fence")
    let root = try scratch.open()
    #expect(try Fence.read(below: root) == nil)
    try Fence.lift(below: root)
    let fence = Fence(
      evidence: .epoch, epoch: 7, since: Timestamp(seconds: 1_000_000_000), connection: "standby",
      cause: "another machine was promoted")
    try fence.write(below: root)
    #expect(try Fence.read(below: root) == fence)
    #expect(try Descriptor.open(scratch.path("var/lib/hotsync-state/fenced")).status().permissions == 0o600)
    #expect(try Descriptor.open(scratch.path("var/lib/hotsync-state"), .folder).status().permissions == 0o700)
    try Fence.lift(below: root)
    #expect(try Fence.read(below: root) == nil)
  }

  @Test(
    "whatever stands in the file, the machine is fenced",
    arguments: ["", "{}", "\u{0}\u{1B}[2J", "{\n  \"evidence\": \"x\",\n  \"epoch\": -1\n}"])
  func damaged(text: String) throws {
    let scratch = try ScratchFolder("fence")
    _ = try scratch.makeOrOpenFolder("var/lib/hotsync-state")
    try scratch.write(Array(text.utf8), to: "var/lib/hotsync-state/fenced")
    let fence = try #require(try Fence.read(below: try scratch.open()))
    #expect(fence.evidence == .epoch && fence.epoch == nil && !fence.cause.contains("\u{1B}"))
  }

  @Test("what a peer says cannot break out of its line")
  func hostile() {
    let fence = Fence(
      evidence: .epoch, epoch: nil, since: .zero, connection: "a",
      cause: "x\",\n  \"evidence\": \"address\u{1B}" + String(repeating: "y", count: 5_000))
    let read = Fence.parse(fence.encoded)
    #expect(read.evidence == .epoch && read.connection == "a" && read.epoch == nil && read.cause.count < 1_100)
  }

  @Test("an epoch is granted to one connection, and only that very epoch")
  func holder() throws {
    let scratch = try ScratchFolder("holder")
    let state = try scratch.makeOrOpenFolder("var/lib/hotsync-state")
    #expect(try EpochHolder.read(below: try scratch.open()) == nil)
    try EpochHolder.grant(epoch, to: "standby", in: state)
    let holder = try #require(try EpochHolder.read(below: try scratch.open()))
    #expect(holder.mayTake(epoch, connection: "standby") && !holder.mayTake(epoch, connection: "other"))
    let later = try #require(Epoch(number: 4, promoter: epoch.promoter))
    let another = try #require(Epoch(number: 3, promoter: [UInt8](repeating: 9, count: 16)))
    #expect(!holder.mayTake(later, connection: "standby") && !holder.mayTake(another, connection: "standby"))
    try scratch.write(Array("3 zz standby\n".utf8), to: "var/lib/hotsync-state/epoch-holder")
    #expect(try EpochHolder.read(in: state) == nil)
  }
}

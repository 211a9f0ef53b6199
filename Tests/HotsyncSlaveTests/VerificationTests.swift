import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

@Suite struct VerificationTests {
  private func verify(_ slave: TestSlave, share: Double = 1) throws -> VerificationResult {
    try StoreVerification(try slave.store(), share: share, accounts: Accounts()).run()
  }

  @Test("what was just committed is sound")
  func sound() throws {
    let (slave, before) = try filledSlave()
    #expect(try verify(slave).damaged == [])
    var tree = before
    try slave.cycle(secondTree(), on: &tree)
    let result = try verify(slave)
    #expect(result.damaged == [])
    let displaced = before.entries.filter { path, entry in
      if case .file = entry.content { tree.entries[path]?.content != entry.content } else { false }
    }
    #expect(
      Int(result.filesChecked) == tree.entries.values.count { $0.content != .folder } + displaced.count)
    #expect(result.bytesChecked > 1 << 20)
  }

  @Test("each kind of damage is found and named")
  func damage() throws {
    let (slave, _) = try filledSlave()
    let mirror = try slave.mirror()
    let srv = try mirror.folder(at: try path("srv"))
    func name(_ text: String) throws -> FileName { try #require(FileName(text)) }
    try slave.damage("srv/image")
    try srv.unlink(try name("dangling"))
    try srv.open(try name("a"), .nameOnly).setPermissions(0o666)
    try srv.open(try name("empty"), .nameOnly).setModified(Timestamp(seconds: 5))
    try srv.replace(try name("foreign"), with: [1])
    try srv.unlink(try name("x-link"))
    try srv.replace(try name("x-link"), with: Array("shared".utf8))
    try srv.open(try name("attributed"), .nameOnly).removeExtendedAttribute(named: Array("user.colour".utf8))
    // The changes above touched the folder.
    try srv.descriptor.setModified(try #require(firstTree().put["srv"]).modified)
    let result = try verify(slave)
    #expect(
      Set(result.damaged.map(\.path.description)) == [
        "/srv/image", "/srv/dangling", "/srv/a", "/srv/empty", "/srv/foreign", "/srv/x-link", "/srv/attributed",
      ])
    #expect(try DamageList.read(try slave.store()).mirror.count == 7)
    #expect(try StatusOfStore(slave.store()).damaged == 7)
  }

  @Test(
    "all that a missing folder held is named, and comes again with the next cycle; what was never the master's goes")
  func mended() throws {
    let (slave, before) = try filledSlave()
    var tree = before
    let srv = try slave.mirror().folder(at: try path("srv"))
    try srv.removeTree(.of("deep"))
    try srv.makeFolder(.of("foreign"))
    try srv.folder(.of("foreign")).replace(.of("file"), with: [1])
    try srv.descriptor.setModified(try #require(firstTree().put["srv"]).modified)
    let lost = tree.entries.keys.filter { $0.description.hasPrefix("/srv/deep") }.map(\.description)
    #expect(try Set(verify(slave).damaged.map(\.path.description)) == Set(lost + ["/srv/foreign"]))
    var changes = Changes()
    for (place, entry) in tree.entries where place.description.hasPrefix("/srv/deep") {
      changes.put[String(decoding: place.bytes, as: UTF8.self)] = entry
    }
    // A master sends what it hears is damaged; here it is sent as other content, which comes in any case.
    for (name, entry) in changes.put {
      if case .file(let bytes) = entry.content { changes.put[name]?.content = .file(bytes + [1]) }
    }
    try slave.cycle(changes, on: &tree)
    #expect(try tree.differences(in: slave.mirror()) == [])
    #expect(try DamageList.read(slave.store()).mirror == [])
  }

  @Test("a share moves on until everything was read")
  func share() throws {
    let (slave, _) = try filledSlave()
    try slave.damage("srv/image")
    var found: [Damage] = []
    var runs = 0
    while found.isEmpty, runs < 30 {
      found = try verify(slave, share: 0.0000001).damaged
      runs += 1
    }
    #expect(found.map(\.path.description) == ["/srv/image"])
    #expect(runs > 1)
  }

  @Test("a commit meanwhile is no damage")
  func commitMeanwhile() throws {
    let (slave, before) = try filledSlave()
    let pinned = try slave.pin()
    var tree = before
    try slave.cycle(secondTree(), on: &tree)
    #expect(try Verification(pinned, share: 1, accounts: Accounts()).run().damaged == [])
  }

  @Test("a flipped bit in the catalog is told as damage")
  func catalog() throws {
    let (slave, _) = try filledSlave()
    let segment = try #require(slave.store().generations().newest?.segments.first)
    let file = try slave.store().catalogFolder.open(segment, .readingAndWriting)
    var buffer: [UInt8] = [0]
    _ = try file.read(into: &buffer, count: 1, at: 40)
    try file.write([buffer[0] ^ 4], at: 40)
    #expect(kind { _ = try verify(slave) } == .damaged)
  }
}

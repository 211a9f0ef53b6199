import HotsyncSystem
import TestSupport
import Testing

@Suite struct DescriptorTests {
  private func attribute(_ name: String, _ value: [UInt8]) -> ExtendedAttribute {
    ExtendedAttribute(name: Array(name.utf8), value: value)
  }

  /// An access list in the form of posix_acl_xattr(7): version 2, then tag, rights, id of each entry.
  private static let list: [UInt8] =
    [2, 0, 0, 0]
    + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 4, 0, 0xE8, 3, 0, 0] + [4, 0, 4, 0, 255, 255, 255, 255]
    + [0x10, 0, 4, 0, 255, 255, 255, 255] + [0x20, 0, 0, 0, 255, 255, 255, 255]

  @Test("attributes and access lists come back as they were set, by descriptors that only name a closed file")
  func attributes() throws {
    let scratch = try ScratchFolder()
    let name = try FileName.of("closed")
    _ = try scratch.folder.open(name, [.writing, .exclusively])
    let file = try scratch.folder.open(name, .nameOnly)
    try file.setPermissions(0)
    let large = attribute("user.large", [UInt8](repeating: 9, count: 3_000))
    try file.setExtendedAttribute(large)
    try file.setExtendedAttribute(attribute("user.empty", []))
    try file.setExtendedAttribute(attribute("user.a b\n", [0, 1, 255]))
    #expect(
      try file.extendedAttributes()
        == [attribute("user.a b\n", [0, 1, 255]), attribute("user.empty", []), large])
    try file.removeExtendedAttribute(named: large.name)
    try file.removeExtendedAttribute(named: large.name)
    try file.setPermissions(0o640)
    try file.setExtendedAttribute(attribute("system.posix_acl_access", Self.list))
    #expect(
      try file.extendedAttributes().first { $0.name == Array("system.posix_acl_access".utf8) }?.value == Self.list)
    #expect(try file.status().permissions == 0o640)
    let folder = try scratch.folder.makeOrOpenFolder(.of("folder"))
    try folder.descriptor.setExtendedAttribute(attribute("system.posix_acl_default", Self.list))
    #expect(try folder.descriptor.extendedAttributes() == [attribute("system.posix_acl_default", Self.list)])
  }

  @Test("owner, times and attributes set on a link are the link's, and its target's stay")
  func linkMetadata() throws {
    let scratch = try ScratchFolder()
    try scratch.folder.replace(.of("target"), with: [1])
    let before = try scratch.folder.status(.of("target"))
    try scratch.folder.makeSymbolicLink(.of("link"), to: Array("target".utf8))
    let link = try scratch.folder.open(.of("link"), .nameOnly)
    let time = try #require(Timestamp(seconds: -5, nanoseconds: 123_456_789))
    try link.setModified(time)
    #expect(try link.status().modified == time)
    if Environment.isRoot {
      try link.setOwner(12, group: 34)
      #expect(try link.status().owner == 12)
      #expect(try link.status().group == 34)
      try link.setExtendedAttribute(attribute("trusted.hotsync", [1]))
      #expect(try link.extendedAttributes().contains(attribute("trusted.hotsync", [1])))
    }
    #expect(try scratch.folder.open(.of("target"), .nameOnly).extendedAttributes() == [])
    #expect(try scratch.folder.status(.of("target")) == before)
  }

  @Test("owner, mode with set-id bits and time are set through a descriptor that only names a file of mode 0")
  func closedMetadata() throws {
    let scratch = try ScratchFolder()
    _ = try scratch.folder.open(.of("f"), [.writing, .exclusively], permissions: 0)
    let file = try scratch.folder.open(.of("f"), .nameOnly)
    if Environment.isRoot { try file.setOwner(77, group: 88) }
    try file.setPermissions(0o6751)
    let time = try #require(Timestamp(seconds: 4_000_000_000, nanoseconds: 1))
    try file.setModified(time)
    let status = try scratch.folder.status(.of("f"))
    #expect(status.permissions == 0o6751)
    #expect(status.modified == time)
    if Environment.isRoot { #expect([status.owner, status.group] == [77, 88]) }
  }

  @Test("data is found between holes, and a punched hole is one")
  func holes() throws {
    let scratch = try ScratchFolder()
    let file = try scratch.folder.open(.of("sparse"), [.readingAndWriting, .exclusively])
    let size: UInt64 = 4 << 20
    try file.truncate(to: size)
    #expect(try file.nextData(after: 0, size: size) == nil)
    let block = [UInt8](repeating: 1, count: 65_536)
    try file.write(block, at: 1 << 20)
    try file.write(block, at: 3 << 20)
    #expect(try file.nextData(after: 0, size: size) == (1 << 20)..<(1 << 20 + 65_536))
    #expect(try file.nextData(after: 1 << 20 + 5, size: size) == (1 << 20 + 5)..<(1 << 20 + 65_536))
    #expect(try file.nextData(after: 2 << 20, size: size) == (3 << 20)..<(3 << 20 + 65_536))
    #expect(try file.nextData(after: 3 << 20 + 65_536, size: size) == nil)
    #expect(try file.nextData(after: size, size: size) == nil)
    #expect(try file.nextData(after: 0, size: 1 << 20 + 100) == (1 << 20)..<(1 << 20 + 100), "cut at the size given")
    #expect(try file.punchHole(offset: 1 << 20, length: 65_536))
    #expect(try file.nextData(after: 0, size: size)?.lowerBound == 3 << 20)
    var buffer = block
    #expect(try file.read(into: &buffer, count: 65_536, at: 1 << 20) == 65_536)
    #expect(buffer == [UInt8](repeating: 0, count: 65_536))
    #expect(try file.status().size == size)
    #expect(try file.allocate(offset: 0, length: 2 * size))
    #expect(try file.status().size == size, "space set aside does not change the size")
  }

  @Test("a lock is one holder's, a shared one many's, and ends with its descriptor")
  func locks() throws {
    let scratch = try ScratchFolder()
    let name = try FileName.of("lock")
    let first = try scratch.folder.open(name, [.writing, .creating])
    let second = try scratch.folder.open(name, .writing)
    #expect(try first.tryLock())
    #expect(try !second.tryLock())
    #expect(try !second.tryLock(shared: true))
    #expect(try first.tryLock(shared: true))
    #expect(try second.tryLock(shared: true))
    #expect(try !second.tryLock())
    _ = consume first
    #expect(try second.tryLock())
  }

  @Test("reading stops at the limit and at the end, writing goes where it is told")
  func content() throws {
    let scratch = try ScratchFolder()
    let file = try scratch.folder.open(.of("f"), [.readingAndWriting, .exclusively])
    try file.write(Array("0123456789".utf8))
    try file.write(Array("abc".utf8)[1...], at: 8)
    try file.write(Array("xyz".utf8).reversed(), at: 0)
    var buffer = [UInt8](repeating: 0, count: 64)
    #expect(try file.read(into: &buffer, count: 64, at: 0) == 10)
    #expect(Array(buffer.prefix(10)) == Array("zyx34567bc".utf8))
    #expect(try file.read(into: &buffer, count: 4, at: 8) == 2)
    #expect(try file.read(into: &buffer, count: 4, at: 100) == 0)
    #expect(try scratch.folder.open(.of("f")).readAll(limit: 10)?.count == 10)
    #expect(try scratch.folder.open(.of("f")).readAll(limit: 9) == nil)
  }

  @Test("a duplicate lives on when the first is closed, and a released number is not closed")
  func owners() throws {
    let scratch = try ScratchFolder()
    let file = try scratch.folder.open(.of("f"), [.readingAndWriting, .exclusively])
    let copy = try file.duplicate()
    let number = file.release()
    let again = Descriptor(owning: number)
    try again.write([1])
    _ = consume again
    try copy.write([2])
    #expect(try scratch.folder.content(of: .of("f"), limit: 9) == [1, 2])
    #expect(try copy.fileSystemIdentity() == scratch.folder.descriptor.fileSystemIdentity())
    #expect(try copy.freeSpace().totalBytes >= copy.freeSpace().freeBytes)
  }
}

import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// Whose files are, as a master says it.
@Suite struct HostileOwnershipTests {
  private func accounts() throws -> (ScratchFolder, Accounts) {
    let scratch = try ScratchFolder("accounts")
    let etc = try scratch.makeOrOpenFolder("etc")
    try etc.replace(.of("passwd"), with: Array("root:x:0:0::/:/bin/sh\nalice:x:4321:4321::/:/bin/sh\n".utf8))
    try etc.replace(.of("group"), with: Array("root:x:0:\nstaff:x:4322:\n".utf8))
    return (scratch, try Accounts(root: try scratch.open()))
  }

  @Test("names map by name; an unknown one stays its number or becomes nobody, and never root")
  func names() throws {
    let (scratch, accounts) = try accounts()
    let numeric = MetadataWriter(accounts: accounts)
    let nobody = MetadataWriter(accounts: accounts, unknownOwner: .nobody)
    func owner(_ id: UInt32, _ name: [UInt8]) throws -> Owner { try #require(Owner(id: id, name: name)) }
    let unreadable: [UInt8] = [0xC3, 0x28]
    for (id, name, asNumber, asNobody) in [
      (UInt32(77), Array("alice".utf8), UInt32(4_321), UInt32(4_321)), (0, Array("alice".utf8), 4_321, 4_321),
      (0, Array("root".utf8), 0, 0), (500, Array("root".utf8), 0, 0), (500, Array("stranger".utf8), 500, 65_534),
      (0, Array("stranger".utf8), 65_534, 65_534), (0, unreadable, 65_534, 65_534), (500, unreadable, 500, 65_534),
      (500, [], 500, 65_534), (0, [], 0, 65_534),
    ] {
      #expect(try numeric.idHere(of: owner(id, name), .user) == asNumber, "\(id) \(name)")
      #expect(try nobody.idHere(of: owner(id, name), .user) == asNobody, "\(id) \(name)")
    }
    #expect(Owner(id: .max, name: []) == nil, "-1 is nobody's number")
    for odd in ["a\nb", "a:b", "a b", "\u{1B}[31m", "a/b", "a\0", "\u{7F}"] {
      #expect(Owner(id: 1, name: Array(odd.utf8)) == nil, "\(odd)")
    }
    withExtendedLifetime(scratch) {}
  }

  @Test("an owner of -1, or whose name holds control characters, is refused at the frame", arguments: [0, 1, 2])
  func oddOwners(_ form: Int) throws {
    var writer = ByteWriter()
    writer.byte(0)
    writer.data(Array("srv/n".utf8))
    // A folder, its mode, then its owner.
    writer.raw([2, 0])
    writer.integer([UInt64(UInt32.max), 5, 5][form])
    writer.data([[], Array("a\nb".utf8), Array("a:0".utf8)][form])
    writer.raw([0, 0, 0, 0, 0])
    var reader = ByteReader(writer.bytes)
    #expect(throws: Malformed.self) { try MasterMessage.decode(type: 13, from: &reader) }
  }

  private static func changes() -> Changes {
    var changes = Changes()
    changes.put = [
      "srv": .folder, "srv/set-id": Entry(.file([1]), permissions: 0o6755),
      "srv/other": Entry(.file([2]), permissions: 0o4711),
      "srv/shared": Entry(.folder, permissions: 0o2775), "srv/shared/x": Entry(.file([3]), permissions: 0o2755),
    ]
    return changes
  }

  /// Files whose set-id bits stand on whoever made them.
  private func premature(below path: String, owner: UInt32) throws -> [String] {
    try walkTree(Folder.open(path)).filter {
      $0.status.kind == .regular && $0.status.permissions & 0o6000 != 0 && $0.status.owner != owner
    }.map { "\($0.path)" }
  }

  @Test("no set-id bit is set before its owner is, whichever call of a restore fails", .enabled(if: Environment.isRoot))
  func setID() throws {
    let slave = try TestSlave()
    var tree = Tree()
    try slave.cycle(HostileOwnershipTests.changes(), on: &tree)
    let pinned = try slave.pin()
    // All belong to somebody who is not root here.
    func restore(to name: String) throws {
      _ = try Restore(
        pinned, RestoreRequest(paths: [], force: false, keepsNumbers: false),
        into: try slave.scratch.makeOrOpenFolder(name), accounts: Accounts(), mapsUnknownOwnersToNobody: true
      ).run()
    }
    let plan = FaultPlan(.none)
    try plan.apply { try restore(to: "whole") }
    let whole = try walkTree(Folder.open(slave.scratch.path("whole"))).filter { $0.status.permissions & 0o6000 != 0 }
    #expect(whole.count == 4 && whole.allSatisfy { $0.status.owner == 65_534 }, "\(whole.map(\.path))")
    var cuts = 0
    for (place, name) in plan.names.enumerated()
    where ["fchownat", "chmod", "setxattr", "utimensat"].contains(name.description) {
      for effect in [FaultPlan.Effect.fails(1), .fails(5), .dies] {
        let target = "cut\(cuts)"
        cuts += 1
        _ = kind { try FaultPlan(effect, at: place + 1).apply { try restore(to: target) } }
        #expect(try premature(below: slave.scratch.path(target), owner: 65_534) == [], "call \(place + 1), \(name)")
      }
    }
    #expect(cuts >= 18)
  }

  @Test("a cycle stages no set-id bit before its owner is set, whichever call fails", .enabled(if: Environment.isRoot))
  func stagedSetID() throws {
    let (scratch, accounts) = try accounts()
    let record = Record(
      path: try path("srv/x"), content: .regular(size: 0, digest: .zero),
      metadata: Metadata(
        permissions: 0o6755, owner: try #require(Owner(id: 9, name: Array("alice".utf8))),
        group: try #require(Owner(id: 9, name: Array("staff".utf8))), modified: .zero, attributes: []))
    for number in 1...8 {
      let name = try FileName.of("file\(number)")
      let file = try scratch.folder.open(name, [.writing, .exclusively])
      let writer = MetadataWriter(accounts: accounts)
      _ = kind { try FaultPlan(.fails(5), at: number).apply { try writer.apply(record, to: file, isNew: true) } }
      let status = try file.status()
      #expect(status.permissions & 0o6000 == 0 || (status.owner == 4_321 && status.group == 4_322), "call \(number)")
    }
  }
}

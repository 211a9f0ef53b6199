import HotsyncSystem
import TestSupport
import Testing

/// What users of a master can put into its tree to make work, and what a cycle may take for deleted.
@Suite struct HostileTreeTests {
  @Test("a sparse file of 4 TiB costs its data, on the line, on the disk and in memory")
  func sparse() throws {
    let pair = try Pair()
    let file = try pair.data.makeFile("sparse")
    do throws(SystemError) { try file.truncate(to: 4 << 40) } catch { return }
    try file.write([1, 2, 3], at: (4 << 40) - 3)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.wire < 1 << 20, "\(cycle)")
    #expect(cycle.program.peakMemoryBytes < 300 << 20)
    #expect(try pair.mirror.status("srv/data/sparse").size == 4 << 40)
    #expect(try pair.mirror.status("srv/data/sparse").blocks * 512 < 1 << 20)
    let space = try RunningProgram.run("du", ["-sk", "--exclude=ballast", pair.store.path]).outputText
    #expect(Int(space.prefix { $0 != "\t" }) ?? .max < 4_096, "\(space)")
  }

  @Test("a file larger than any may be is told and left out, and the rest is there", .enabled(if: Mount.isPossible))
  func oversized() throws {
    let pair = try Pair()
    let mount = try Mount(at: pair.data.path, "size=20m")
    try pair.data.write("the first file\n", to: "first.txt")
    let file = try pair.data.makeFile("endless")
    try file.truncate(to: (1 << 48) + 1)
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/endless").count == 1, "\(cycle)")
    #expect(try pair.mirror.read("srv/data/first.txt") == "the first file\n")
    #expect(try !pair.mirror.holds("srv/data/endless"))
    withExtendedLifetime(mount) {}
  }

  @Test(
    "attributes of 64 KiB by the hundred are told and left out, and the rest is there", .enabled(if: Mount.isPossible))
  func manyAttributes() throws {
    let pair = try Pair()
    let mount = try Mount(at: pair.data.path, "size=60m")
    try pair.data.write("the first file\n", to: "first.txt")
    let file = try pair.data.makeFile("laden")
    var set = 0
    for number in 0..<100 {
      let attribute = ExtendedAttribute(
        name: Array("user.\(number)".utf8), value: [UInt8](repeating: 1, count: 65_536))
      if (try? file.setExtendedAttribute(attribute)) != nil { set += 1 }
    }
    let cycle = try pair.sync()
    // Where the file system takes no more than a record may hold, all of it comes.
    #expect(cycle.code == (set > 8 ? 3 : 0), "\(set): \(cycle)")
    if set > 8 { #expect(cycle.codes(of: "/srv/data/laden").count == 1, "\(cycle)") }
    #expect(try pair.mirror.read("srv/data/first.txt") == "the first file\n")
    withExtendedLifetime(mount) {}
  }

  @Test(
    "one attribute that the store's file system has no room for is told, and stops nothing",
    .enabled(if: Mount.isPossible))
  func oneAttribute() throws {
    let pair = try Pair()
    let mount = try Mount(at: pair.data.path, "size=60m")
    try pair.data.write("the first file\n", to: "first.txt")
    let file = try pair.data.makeFile("laden")
    let attribute = ExtendedAttribute(name: Array("user.large".utf8), value: [UInt8](repeating: 1, count: 60_000))
    guard (try? file.setExtendedAttribute(attribute)) != nil else { return }
    let cycle = try pair.sync()
    #expect(cycle.code == 0, "\(cycle)")
    #expect(try pair.mirror.holds("srv/data/laden"))
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
    #expect(try pair.sync().result == "unchanged")
    withExtendedLifetime(mount) {}
  }

  @Test("folders that may only be read are filled, changed and restored by a user who is not root")
  func readOnlyFolders() throws {
    let pair = try Pair(unprivileged: true)
    for name in ["a/b/one", "a/b/two", "a/three"] { try pair.data.write("first", to: name, permissions: 0o444) }
    func close() throws { for name in ["a/b", "a"] { try pair.data.setPermissions(0o555, of: name) } }
    func own() throws {
      if Environment.isRoot { try Pair.shell("chown -R 65534:65534 \"$0\"", pair.data.path) }
    }
    try own()
    try close()
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences(.all.subtracting(.owner)) == [])
    for name in ["a", "a/b"] { try pair.data.setPermissions(0o755, of: name) }
    try pair.data.remove("a/b/one")
    try pair.data.write("second", to: "a/b/four", permissions: 0o400)
    try own()
    try close()
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences(.all.subtracting(.owner)) == [])
    try pair.scratch.folder.makeFolder(.of("out"))
    if Environment.isRoot { try Pair.shell("chown 65534:65534 \"$0\"", pair.scratch.path("out")) }
    #expect(try pair.hotsyncSlave("restore", "--to", pair.scratch.path("out"), "--generation", "1").exitCode == 0)
    #expect(try Place(path: pair.scratch.path("out")).read("srv/data/a/b/one") == "first")
    #expect(try Place(path: pair.scratch.path("out")).status("srv/data/a/b").permissions == 0o555)
  }

  @Test(
    "a folder with excluded files in it goes when it goes, and stays, without them, while only what is included goes")
  func excludedInside() throws {
    let pair = try Pair()
    for number in 0..<10 { try pair.data.write("x", to: "quiet/\(number)") }
    for name in ["kept/a.txt", "kept/b.tmp", "gone/a.txt", "gone/b.tmp"] { try pair.data.write("x", to: name) }
    try pair.set(ofConnection: "data.exclude", "[\"*.tmp\"]")
    #expect(try pair.sync().code == 0)
    #expect(try !pair.mirror.holds("srv/data/kept/b.tmp"))
    try pair.data.remove("kept/a.txt")
    try pair.data.remove("gone")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.files("deleted") == 3, "\(cycle)")
    #expect(try pair.mirror.holds("srv/data/kept") && !pair.mirror.holds("srv/data/gone"))
    #expect(try pair.data.holds("kept/b.tmp"), "the master's tree is only read")
  }
}

extension Place {
  fileprivate func makeFile(_ name: String) throws -> Descriptor {
    try write([], to: name)
    return try open(name)
  }
}

import HotsyncSystem
import TestSupport
import Testing

@Suite struct FolderTests {
  private func error<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) -> Int32? {
    do throws(SystemError) {
      _ = try body()
      return nil
    } catch { return error.number }
  }

  private static let loop: Int32 = 40, notFolder: Int32 = 20

  @Test("no link is followed, whether last or on the way, inside or out")
  func links() throws {
    let scratch = try ScratchFolder()
    let root = try scratch.folder.duplicate()
    try root.makeFolder(.of("real"))
    try root.folder(.of("real")).replace(.of("file"), with: [1])
    try root.makeSymbolicLink(.of("inside"), to: Array("real".utf8))
    try root.makeSymbolicLink(.of("outside"), to: Array("/etc".utf8))
    try root.makeSymbolicLink(.of("file"), to: Array("real/file".utf8))
    try root.folder(.of("real")).makeSymbolicLink(.of("up"), to: Array("..".utf8))
    for name in ["inside", "outside"] {
      let link = try FileName.of(name)
      #expect(error { () throws(SystemError) in try root.folder(link) } == Self.notFolder)
      let below = try RelativePath.of(name + "/file")
      #expect(error { () throws(SystemError) in try root.open(at: below) } == Self.loop)
      #expect(error { () throws(SystemError) in try root.parentFolder(of: below) } != nil)
    }
    let up = try RelativePath.of("real/up/real/file")
    #expect(error { () throws(SystemError) in try root.open(at: up) } == Self.loop)
    let file = try FileName.of("file")
    for mode in [OpenMode.reading, .writing, [.writing, .creating], [.writing, .creating, .truncating]] {
      #expect(error { () throws(SystemError) in try root.open(file, mode) } == Self.loop)
      #expect(error { () throws(SystemError) in try root.open(at: RelativePath(file), mode) } == Self.loop)
    }
    #expect(try root.open(file, .nameOnly).status().kind == .symbolicLink)
    #expect(try root.open(at: RelativePath(file), .nameOnly).status().kind == .symbolicLink)
    #expect(try root.status(file).kind == .symbolicLink)
    #expect(try root.readLink(file) == Array("real/file".utf8))
    #expect(try root.open(at: .of("real/file")).readAll(limit: 10) == [1])
  }

  @Test("only a regular file is opened as one, and nothing else is opened at all")
  func regularOnly() throws {
    let scratch = try ScratchFolder()
    let root = try scratch.folder.duplicate()
    try root.makeFIFO(.of("fifo"))
    try root.makeFolder(.of("folder"))
    try root.makeSymbolicLink(.of("link"), to: Array("file".utf8))
    try root.replace(.of("file"), with: [1])
    var others = ["fifo", "folder", "link"]
    if Environment.isRoot {
      let number = try #require(DeviceNumber(major: 4_000, minor: 1_000_000))
      try root.makeDevice(.of("device"), isBlock: true, number)
      #expect(try root.status(.of("device")).special == number)
      #expect(try root.status(.of("device")).kind == .blockDevice)
      others.append("device")
    }
    for name in others {
      let name = try FileName.of(name)
      for mode in [OpenMode.reading, .readingAndWriting] {
        // ENXIO would tell that the device was asked.
        #expect(error { () throws(SystemError) in try root.openRegular(name, mode) } == Self.loop)
        #expect(error { () throws(SystemError) in try root.openRegular(at: RelativePath(name), mode) } == Self.loop)
      }
    }
    #expect(try root.openRegular(.of("file")).readAll(limit: 9) == [1])
    #expect(try root.openRegular(at: .of("file"), .readingAndWriting).readAll(limit: 9) == [1])
    #expect(try root.status(.of("fifo")).kind == .fifo && root.status(.of("fifo")).special == nil)
  }

  @Test("a further name of a link is of the link itself")
  func hardLinkOfLink() throws {
    let scratch = try ScratchFolder()
    try scratch.folder.makeSymbolicLink(.of("link"), to: Array("nowhere".utf8))
    try scratch.folder.link(.of("link"), into: scratch.folder, as: .of("other"))
    #expect(try scratch.folder.status(.of("other")).kind == .symbolicLink)
    #expect(try scratch.folder.status(.of("other")).links == 2)
  }

  @Test("what is made by a path can be read by its owner, as what is made by a name")
  func creating() throws {
    let scratch = try ScratchFolder()
    try scratch.folder.makeFolder(.of("a"))
    _ = try scratch.folder.open(at: .of("a/b"), [.writing, .exclusively])
    #expect(try scratch.folder.folder(.of("a")).status(.of("b")).permissions == 0o600)
    _ = try scratch.folder.open(.of("c"), [.writing, .exclusively])
    #expect(try scratch.folder.status(.of("c")).permissions == 0o600)
  }

  @Test("names of 255 bytes, 1,000 levels and paths beyond 4,096 bytes can be made, opened and removed")
  func deep() throws {
    let scratch = try ScratchFolder()
    for (name, levels) in [(String(repeating: "n", count: 255), 40), ("d", 999)] {
      var here = try scratch.folder.duplicate()
      for _ in 0..<levels { here = try here.makeOrOpenFolder(.of(name)) }
      try here.replace(.of("end"), with: [7])
      let path = try RelativePath.of(Array(repeating: name, count: levels).joined(separator: "/") + "/end")
      #expect(path.levels == levels + 1)
      #expect(try scratch.folder.open(at: path).readAll(limit: 9) == [7])
      #expect(try scratch.folder.parentFolder(of: path).names() == [.of("end")])
      try scratch.folder.removeTree(.of(name))
      #expect(try scratch.folder.names() == [])
    }
  }

  @Test("a link on the way of a path beyond 4,096 bytes is not followed either")
  func deepLink() throws {
    let scratch = try ScratchFolder()
    let name = String(repeating: "n", count: 255)
    var here = try scratch.folder.duplicate()
    for _ in 0..<20 { here = try here.makeOrOpenFolder(.of(name)) }
    try here.makeFolder(.of("real"))
    try here.folder(.of("real")).replace(.of("file"), with: [1])
    try here.makeSymbolicLink(.of("link"), to: Array("real".utf8))
    let start = Array(repeating: name, count: 20).joined(separator: "/")
    #expect(throws: SystemError.self) { _ = try scratch.folder.open(at: .of(start + "/link/file")) }
    #expect(try scratch.folder.open(at: .of(start + "/real/file")).readAll(limit: 9) == [1])
  }

  @Test("names come in byte order, odd ones too, however many")
  func names() throws {
    let scratch = try ScratchFolder()
    var expected: [FileName] = []
    for bytes: [UInt8] in [
      [1], [10], [32], [255], [0xC3, 0x28], Array("a".utf8), Array("A".utf8), Array("-rf".utf8),
      Array("...".utf8), Array("é".utf8), [UInt8](repeating: 0x7A, count: 255),
    ] {
      expected.append(try #require(FileName(bytes)))
    }
    for number in 0..<3_000 { expected.append(try .of("file-\(number)")) }
    for name in expected { _ = try scratch.folder.open(name, [.writing, .exclusively]) }
    expected.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    #expect(try scratch.folder.names() == expected)
    #expect(try scratch.folder.names() == expected, "a second time too")
  }

  @Test("a tree is removed with closed folders and links in it, and nothing that links lead to")
  func removeTree() throws {
    let scratch = try ScratchFolder()
    let outside = try scratch.folder.makeOrOpenFolder(.of("outside"))
    try outside.replace(.of("kept"), with: [1])
    let tree = try scratch.folder.makeOrOpenFolder(.of("tree"))
    try tree.makeSymbolicLink(.of("link"), to: Array("../outside".utf8))
    try tree.makeFolder(.of("closed"), permissions: 0)
    try tree.folder(.of("closed")).replace(.of("inside"), with: [2])
    try scratch.folder.removeTree(.of("tree"))
    try scratch.folder.removeTree(.of("tree"))
    #expect(try scratch.folder.names() == [.of("outside")])
    #expect(try outside.names() == [.of("kept")])
    try scratch.folder.makeSymbolicLink(.of("link"), to: Array("outside".utf8))
    try scratch.folder.removeTree(.of("link"))
    #expect(try outside.names() == [.of("kept")])
  }

  @Test("a file that is replaced is the old or the new one at every moment, and its mode is as asked")
  func replace() throws {
    let scratch = try ScratchFolder()
    let name = try FileName.of("state")
    let (old, new) = ([UInt8](repeating: 1, count: 9_000), [UInt8](repeating: 2, count: 100))
    try scratch.folder.replace(name, with: old, permissions: 0o640)
    let reader = Worker {
      for _ in 0..<2_000 {
        let content = try? scratch.folder.content(of: name, limit: 10_000)
        #expect(content == old || content == new)
      }
    }
    for _ in 0..<100 {
      try scratch.folder.replace(name, with: new, permissions: 0o640)
      try scratch.folder.replace(name, with: old, permissions: 0o640)
    }
    reader.join()
    #expect(try scratch.folder.status(name).permissions == 0o640)
    #expect(try scratch.folder.names() == [name], "nothing is left beside it")
    #expect(try scratch.folder.content(of: .of("missing"), limit: 1) == nil)
    #expect(throws: SystemError.self) { _ = try scratch.folder.content(of: name, limit: 8_999) }
  }

  @Test("a link in the place of the file aside is not written through")
  func replaceLink() throws {
    let scratch = try ScratchFolder()
    try scratch.folder.replace(.of("victim"), with: [1])
    try scratch.folder.makeSymbolicLink(.of(".new-state"), to: Array("victim".utf8))
    // Nobody knows the name of the file aside beforehand.
    try scratch.folder.replace(.of("state"), with: [2])
    #expect(try scratch.folder.content(of: .of("state"), limit: 9) == [2])
    #expect(try scratch.folder.content(of: .of("victim"), limit: 9) == [1])
  }
}

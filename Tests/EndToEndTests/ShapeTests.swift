import HotsyncSystem
import TestSupport
import Testing

/// Trees of every shape arrive as they are, and follow as they change.
@Suite struct ShapeTests {
  private func expectSame(
    _ pair: Pair, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let cycle = try words.isEmpty ? pair.sync() : pair.sync("--accept-deletes")
    #expect(cycle.code == 0, "\(cycle)", sourceLocation: sourceLocation)
    let differences = try pair.differences()
    #expect(differences == [], sourceLocation: sourceLocation)
  }

  // MARK: Hard links

  @Test("hard links come, go, and change their leader")
  func hardLinks() throws {
    let pair = try Pair()
    try pair.data.write("shared", to: "m")
    try pair.data.link("m", as: "n")
    try expectSame(pair)
    // A new first name, which now leads.
    try pair.data.link("m", as: "a")
    try expectSame(pair)
    // The leader goes.
    try pair.data.remove("a")
    try expectSame(pair)
    // The content changes through one of the names.
    try pair.data.append(Array(" and more".utf8), to: "n")
    try expectSame(pair)
    // One name becomes a file of its own with the same content.
    try pair.data.remove("n")
    try pair.data.write("shared and more", to: "n")
    try expectSame(pair)
    // And joins again.
    try pair.data.remove("n")
    try pair.data.link("m", as: "n")
    try expectSame(pair)
    // The whole group gets another inode.
    try pair.data.remove("n")
    try pair.data.write("replaced", to: "new")
    try pair.data.rename("new", to: "m")
    try pair.data.link("m", as: "n")
    try expectSame(pair)
    // Two groups exchange a member.
    try pair.data.write("second group", to: "p")
    try pair.data.link("p", as: "q")
    try expectSame(pair)
    try pair.data.remove("n")
    try pair.data.remove("q")
    try pair.data.link("p", as: "n")
    try pair.data.link("m", as: "q")
    try expectSame(pair)
  }

  @Test("a hard link to a file outside the include is a file of its own on the slave")
  func linkOutside() throws {
    let pair = try Pair()
    try pair.master.write("outside", to: "home/outside")
    try Place(path: pair.master.path).link("home/outside", as: "srv/data/inside")
    try expectSame(pair)
    #expect(try pair.mirror.status("srv/data/inside").links == 1)
  }

  // MARK: Types

  @Test("a path changes between file, folder and link, in every direction")
  func types() throws {
    let pair = try Pair()
    let kinds = ["file", "folder", "link"]
    for (number, from) in kinds.enumerated() {
      for to in kinds where to != from { try make(from, "\(from)-\(to)", in: pair.data, number) }
    }
    try expectSame(pair)
    for (number, from) in kinds.enumerated() {
      for to in kinds where to != from {
        try pair.data.remove("\(from)-\(to)")
        try make(to, "\(from)-\(to)", in: pair.data, number + 10)
      }
    }
    try expectSame(pair, "--accept-deletes")
  }

  private func make(_ kind: String, _ path: String, in place: Place, _ number: Int) throws {
    switch kind {
    case "file": try place.write("content \(number)", to: path)
    case "folder": for name in 0..<3 { try place.write("\(number)", to: "\(path)/inner/\(name)") }
    default: try place.makeSymbolicLink(path, to: "../elsewhere/\(number)")
    }
  }

  @Test("links that lead outside are kept and never followed")
  func outwardLinks() throws {
    let pair = try Pair()
    try pair.scratch.write(Array("secret".utf8), to: "secret")
    try pair.data.makeSymbolicLink("absolute", to: pair.scratch.path("secret"))
    try pair.data.makeSymbolicLink("upward", to: "../../../secret")
    try pair.data.makeSymbolicLink("itself", to: "itself")
    try expectSame(pair)
    // A folder takes the link's place, and the other way round.
    try pair.data.remove("upward")
    try pair.data.write("inside", to: "upward/file")
    try expectSame(pair)
    try pair.data.remove("upward")
    try pair.data.makeSymbolicLink("upward", to: pair.scratch.path)
    try expectSame(pair)
    #expect(try Place(path: pair.scratch.path).read("secret") == "secret")
  }

  // MARK: Names

  @Test("names with every byte that a name may have survive")
  func oddNames() throws {
    let pair = try Pair()
    for byte in 1...255 as ClosedRange<UInt8> where byte != UInt8(ascii: "/") {
      try pair.data.write([byte], bytes: [byte, 0x78, byte])
    }
    for name in ["-rf", "--help", " ", "..x", "...", "a\\b", "*", "$(touch x)", "`id`", "a\nb"] {
      try pair.data.write(name, to: name)
    }
    try expectSame(pair)
    try Pair.shell("find \"$0\" -type f -name '?x*' -exec rm -f {} +", pair.data.path)
    try expectSame(pair, "--accept-deletes")
  }

  @Test("names of 255 bytes and paths far over 4,096 bytes survive, are edited and go again")
  func longNames() throws {
    let pair = try Pair()
    let name = [UInt8](repeating: UInt8(ascii: "n"), count: 255)
    let folders = Array(repeating: name, count: 30).joined(separator: [UInt8(ascii: "/")])
    let file = Array(folders) + [UInt8(ascii: "/")] + name.dropLast() + [0xFE]
    try pair.data.write(Array("far down".utf8), bytes: file)
    try expectSame(pair)
    try pair.data.write(Array("changed far down".utf8), bytes: file)
    try expectSame(pair)
    try pair.data.rename(String(decoding: name, as: UTF8.self), to: "short")
    try expectSame(pair, "--accept-deletes")
    try pair.data.remove("short")
    try expectSame(pair, "--accept-deletes")
  }

  @Test("1,000 levels are carried; what lies deeper is told, ends the cycle with 3, and the rest is there")
  func depth() throws {
    let pair = try Pair()
    // srv/data and 997 folders; the file is the thousandth level.
    let folders = Array(repeating: "d", count: 997).joined(separator: "/")
    try pair.data.write("at the bottom", to: folders + "/file")
    try expectSame(pair)
    try Pair.shell(
      "cd \"$0\"; i=0; while [ $i -lt 997 ]; do cd d; i=$((i+1)); done; mkdir deep; echo x > deep/file",
      pair.data.path)
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.problems.contains { $0["code"] == .string("too_deep") }, "\(cycle)")
    #expect(try pair.mirror.read("srv/data/\(folders)/file") == "at the bottom")
  }

  // MARK: Whole trees

  @Test("a tree with all that is awkward arrives, survives edits of all kinds, and arrives again")
  func wholeTree() throws {
    let seed = SeededGenerator.testSeed()
    let pair = try Pair()
    try TreeMaker.make(in: pair.data.path, seed: seed, files: 600)
    try expectSame(pair)
    var script = EditScript(seed: seed &+ 1)
    for round in 0..<4 {
      let edits = try script.apply(40, to: pair.data.path)
      let cycle = try pair.sync("--accept-deletes")
      #expect(cycle.code == 0, "seed \(seed), round \(round): \(cycle)")
      let differences = try pair.differences()
      #expect(differences == [], "seed \(seed), round \(round): \(edits)")
      #expect(try rsyncDifference(pair.data.path, pair.mirror.below("srv/data").path) == "", "seed \(seed)")
      #expect(try pair.sync().result == "unchanged", "seed \(seed), round \(round)")
    }
  }

  // MARK: Users

  @Test("a user who is not root can run both sides in roots of its own: owners are recorded, and told once")
  func unprivileged() throws {
    let pair = try Pair(unprivileged: true)
    for number in 0..<5 { try pair.data.write("\(number)", to: "folder/\(number)") }
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(cycle.problems.map { $0["code"] } == [.string("ownership_not_applied")], "\(cycle)")
    #expect(try pair.differences(.all.subtracting(.owner)) == [])
    #expect(try pair.sync().result == "unchanged")
  }
}

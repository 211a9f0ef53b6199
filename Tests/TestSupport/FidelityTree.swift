import HotsyncSystem

/// Each single thing that must survive a round trip, under a name that says which (design, "Fidelity"): a test that
/// fails names what was lost. Root makes it.
public enum FidelityTree {
  public static func make(in place: Place) throws {
    for part in ["names", "contents", "links", "special", "metadata", "attributes"] { try place.makeFolder(part) }
    try makeNames(place.below("names"))
    try makeContents(place.below("contents"))
    try makeLinks(place.below("links"))
    try makeSpecial(place.below("special"))
    try makeMetadata(place.below("metadata"))
    try makeAttributes(place.below("attributes"))
    try place.setModified(1_600_000_000, 1, of: "names")
  }

  /// The odd metadata of `random` trees beside it, from a seed.
  public static func makeRandom(in place: Place, seed: UInt64, files: Int) throws {
    try place.makeFolder("random")
    try TreeMaker.make(
      in: place.below("random").path, seed: seed, files: files, features: .everything, largestSize: 300_000)
  }

  private static func makeNames(_ place: Place) throws {
    for byte in UInt8(1)...255 where byte != UInt8(ascii: "/") {
      try place.write([byte], bytes: Array("byte ".utf8) + [byte])
    }
    for (name, byte) in [("letters", UInt8(ascii: "n")), ("high bytes", 0xFF), ("line breaks", 0x0A)] {
      let rest = [UInt8](repeating: byte, count: FileName.maximumLength - name.utf8.count)
      try place.write(name, to: "of 255/" + name)
      try place.write([1], bytes: Array("of 255/".utf8) + Array(name.utf8) + rest)
    }
    try place.write("composed", to: "caf\u{E9}")
    try place.write("decomposed", to: "cafe\u{301}")
    try place.write("small", to: "case")
    try place.write("large", to: "CASE")
  }

  private static func makeContents(_ place: Place) throws {
    try place.write("", to: "empty file")
    try place.makeFolder("empty folder")
    var random = SeededGenerator(seed: 16)
    func sparse(_ name: String, size: UInt64, data: [UInt64]) throws {
      try place.write("", to: name)
      let file = try place.open(name)
      try file.truncate(to: size)
      for offset in data { try file.write(random.bytes(4_096), at: offset) }
    }
    try sparse("a hole alone", size: 3 << 20, data: [])
    try sparse("a hole before", size: 1 << 20, data: [(1 << 20) - 4_096])
    try sparse("a hole behind", size: 1 << 20, data: [0])
    try sparse("holes between", size: 8 << 20, data: [1 << 20, 3 << 20, 3 << 20 + 65_536, 6 << 20])
    try sparse("a large hole", size: 100 << 20, data: [50 << 20])
    try place.write(random.bytes(100_001), to: "100,001 bytes")
    try place.write([UInt8](repeating: 0, count: 300_000), to: "written zeros")
  }

  private static func makeLinks(_ place: Place) throws {
    try place.write("many names", to: "first")
    try place.link("first", as: "second")
    try place.link("first", as: "elsewhere/deeper/third")
    try place.write("", to: "empty with two names")
    try place.link("empty with two names", as: "elsewhere/empty")
    try place.makeSymbolicLink("dangling", to: "nowhere")
    try place.makeSymbolicLink("dangling and absolute", to: "/nowhere/at/all")
    try place.makeSymbolicLink("to itself", to: "to itself")
    try place.makeSymbolicLink("to a folder", to: "elsewhere")
    try place.makeSymbolicLink("out of the tree", to: "../../../../../../etc/passwd")
    try place.makeSymbolicLink("of 1,000 bytes", to: String(repeating: "t", count: 1_000))
    try place.makeSymbolicLink("with two names", to: "target")
    try place.link("with two names", as: "elsewhere/link with two names")
    for name in ["dangling", "with two names"] {
      try place.setOwner(123_456, 654_321, of: name)
      try place.setModified(1_500_000_000, 987_654_321, of: name)
    }
  }

  private static func makeSpecial(_ place: Place) throws {
    try place.makeFIFO("fifo")
    try place.setPermissions(0o640, of: "fifo")
    try place.setOwner(1_000, 33, of: "fifo")
    try place.makeFIFO("fifo with two names")
    try place.link("fifo with two names", as: "below/other name of the fifo")
    try place.makeDevice("null", 1, 3)
    try place.setPermissions(0o666, of: "null")
    try place.makeDevice("disk", isBlock: true, 8, 17)
    // xfs keeps 9 and 18 bits of a number, others 12 and 20.
    try place.makeDevice("large number", 511, 262_143)
    try place.makeDevice("whiteout", 0, 0)
    try place.link("disk", as: "below/other name of the disk")
    for name in ["fifo", "null"] { try place.setModified(1_400_000_000, 123_456_789, of: name) }
  }

  private static func makeMetadata(_ place: Place) throws {
    for (name, mode) in [("set-user-id", UInt16(0o4755)), ("set-group-id", 0o2711), ("all bits", 0o7777), ("none", 0)] {
      try place.write(name, to: name)
      try place.setOwner(33, 1_000, of: name)
      try place.setPermissions(mode, of: name)
      try place.makeFolder("folder, " + name)
      try place.setOwner(1_000, 33, of: "folder, " + name)
      try place.write("in it", to: "folder, " + name + "/file")
      try place.setPermissions(mode, of: "folder, " + name)
    }
    try place.makeFolder("sticky")
    try place.setPermissions(0o1777, of: "sticky")
    try place.write("high", to: "high ids")
    try place.setOwner(4_294_967_294, 3_000_000_000, of: "high ids")
    for (name, seconds, nanoseconds) in [
      ("before 1970", Int64(-1), UInt32(999_999_999)), ("1970", 0, 0), ("after 2038", 4_000_000_000, 1),
      ("now", 1_790_000_000, 5),
    ] {
      try place.write(name, to: name)
      try place.setModified(seconds, nanoseconds, of: name)
      try place.makeFolder("folder of " + name)
      try place.setModified(seconds, nanoseconds, of: "folder of " + name)
    }
  }

  private static func makeAttributes(_ place: Place) throws {
    try Pair.shell(
      """
      cd "$0"; mkdir folder folder/inheriting; touch listed capable immutable-looking
      setfacl -m u:33:rwx,u:1000:r,g:33:-,m::rw listed
      setfacl -m g:1000:rx folder; setfacl -d -m u:33:rwx,g::r,o::- folder/inheriting; touch folder/inheriting/heir
      mkfifo listed-fifo; setfacl -m u:33:rw listed-fifo
      """, place.path)
    let capability: [UInt8] = [1, 0, 0, 2, 0, 4] + [UInt8](repeating: 0, count: 14)
    try place.setAttribute("security.capability", capability, of: "capable")
    try place.setPermissions(0o6755, of: "capable")
    try place.setAttribute("user.empty", [], of: "folder")
    try place.setAttribute("user.of all bytes", (0...255).map { UInt8($0) }, of: "folder")
    try place.write("many", to: "many")
    for number in 0..<40 { try place.setAttribute("user.\(number)", [UInt8(number)], of: "many") }
    try place.write("large", to: "large")
    try place.setAttribute("user.large", [UInt8](repeating: 0x78, count: 3_000), of: "large")
    try place.makeSymbolicLink("link", to: "nowhere")
    try place.makeDevice("device", 1, 5)
    for name in ["large", "folder", "link", "device", "listed-fifo"] {
      try place.setAttribute("trusted.hotsync", Array(name.utf8), of: name)
      try place.setAttribute("security.mine", [0, 1], of: name)
    }
    try place.setAttribute("security.ima", [1] + [UInt8](repeating: 7, count: 20), of: "large")
  }
}

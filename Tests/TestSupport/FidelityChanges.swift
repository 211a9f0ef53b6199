import HotsyncSystem

extension FidelityTree {
  /// Changes something about each thing in it.
  public static func change(_ place: Place) throws {
    try place.append(Array("more".utf8), to: "links/second")
    try place.remove("links/first")
    try place.remove("links/elsewhere/empty")
    try place.write("of its own now", to: "links/elsewhere/empty")
    try place.remove("links/with two names")
    try place.makeSymbolicLink("links/with two names", to: "another target")
    try place.setPermissions(0o600, of: "special/fifo")
    try place.remove("special/below/other name of the fifo")
    try place.makeFIFO("special/below/other name of the fifo")
    try place.remove("special/null")
    try place.makeDevice("special/null", 1, 7)
    try place.remove("special/disk")
    try place.makeDevice("special/disk", 8, 17)
    try place.removeAttribute("user.of all bytes", of: "attributes/folder")
    for name in ["large", "folder", "link", "device", "listed-fifo"] {
      try place.removeAttribute("trusted.hotsync", of: "attributes/\(name)")
      try place.setAttribute("security.mine", [2], of: "attributes/\(name)")
    }
    try place.removeAttribute("security.capability", of: "attributes/capable")
    try place.removeAttribute("security.ima", of: "attributes/large")
    try Pair.shell(
      "cd \"$0\"; setfacl -b listed listed-fifo; setfacl -k folder/inheriting", place.below("attributes").path)
    try place.open("contents/holes between").write([1, 2, 3], at: 5 << 20)
    _ = try place.open("contents/100,001 bytes").punchHole(offset: 8_192, length: 65_536)
    try place.open("contents/a large hole").truncate(to: 40 << 20)
    try place.setPermissions(0o755, of: "metadata/set-user-id")
    try place.setPermissions(0o4755, of: "metadata/none")
    try place.setModified(-2, 1, of: "metadata/folder of now")
    try place.rename("names", to: "renamed")
    try place.rename("renamed/of 255", to: "of 255")
  }

  /// Lets a path be of each kind after each other kind; the caller looks at it each time.
  public static func exchangeKinds(_ place: Place, _ look: () throws -> Void) throws {
    let kinds: [(Place, String) throws -> Void] = [
      { try $0.makeFIFO($1) },
      { try $0.write("a file", to: $1) },
      { try $0.makeDevice($1, 1, 3) },
      {
        try $0.write("in a folder", to: "\($1)/below/file")
        try $0.makeFIFO("\($1)/below/fifo")
      },
      { try $0.makeDevice($1, isBlock: true, 1, 3) },
      { try $0.makeSymbolicLink($1, to: "kind 0/below") },
      { try $0.link("links/second", as: $1) },
    ]
    // Shifted by one, by two and so on, each path is of each kind after each other one.
    for round in 0..<4 {
      for path in kinds.indices {
        if round > 0 { try place.remove("kind \(path)") }
        try kinds[(path + round * (round + 1) / 2) % kinds.count](place, "kind \(path)")
      }
      try look()
    }
  }
}

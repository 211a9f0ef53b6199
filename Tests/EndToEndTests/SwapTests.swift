import HotsyncSystem
import TestSupport
import Testing

/// A local user of the master turns folders into links, and back, while cycles run; one of the slave while restores run.
@Suite struct SwapTests {
  private struct Setting {
    let pair: Pair
    let canary: Canary
    let pairs: [SwappedNames]

    init() throws {
      pair = try Pair()
      canary = try Canary(at: pair.scratch.path("outside"))
      for number in 0..<40 { try pair.data.write("content \(number)", to: "quiet/\(number)") }
      for name in Canary.names { try pair.data.write("ours", to: "bait/\(name)") }
      try pair.data.makeSymbolicLink("lure", to: canary.path)
      try pair.data.makeSymbolicLink("bait/file.lure", to: "\(canary.path)/file")
      try pair.data.makeSymbolicLink("bait/folder.lure", to: "\(canary.path)/folder")
      pairs = [
        SwappedNames("bait", "lure", in: pair.data.path),
        SwappedNames("file", "file.lure", in: pair.data.path, below: "bait"),
        SwappedNames("folder", "folder.lure", in: pair.data.path, below: "bait"),
      ]
    }
  }

  @Test("no cycle reads or sends what links lead to that take the place of folders and files while it runs")
  func cycles() throws {
    let setting = try Setting()
    let pair = setting.pair
    #expect(try pair.sync().code == 0)
    var swaps = 0
    for round in 0..<12 {
      for name in Canary.names { try? pair.data.write("ours \(round)", to: "bait/\(name)") }
      let (cycle, count) = try whileSwapping(setting.pairs) {
        try round % 4 == 3 ? pair.sync("--accept-deletes", "--full") : pair.sync("--accept-deletes")
      }
      swaps += count
      #expect([0, 3].contains(cycle.code), "round \(round): \(cycle)")
      #expect(try setting.canary.touches() == [], "round \(round)")
    }
    #expect(swaps > 100)
    #expect(try files(below: pair.slave.path, holding: Canary.secret) == [])
    #expect(try pair.sync("--accept-deletes").code == 0)
    #expect(try pair.differences() == [])
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
  }

  @Test("an include root that changes places with a link is taken as it is, or refused, and never followed")
  func roots() throws {
    let setting = try Setting()
    let pair = setting.pair
    #expect(try pair.sync().code == 0)
    try pair.master.makeSymbolicLink("srv/lure", to: setting.canary.path)
    let swapped = SwappedNames("data", "lure", in: pair.master.path, below: "srv")
    var codes: [Int32?] = []
    for _ in 0..<12 {
      codes.append(try whileSwapping([swapped]) { try pair.hotsync("sync").exitCode }.result)
      #expect(try setting.canary.touches() == [])
    }
    #expect(codes.allSatisfy { [0, 1, 3, 77].contains($0 ?? -1) }, "\(codes)")
    #expect(try files(below: pair.slave.path, holding: Canary.secret) == [])
    if try pair.master.status("srv/data").kind == .symbolicLink { swapped.swap() }
    #expect(try pair.sync("--accept-deletes").code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("no restore follows links that take the place of folders in its target", arguments: [[], ["--force"]])
  func restores(_ options: [String]) throws {
    let setting = try Setting()
    let pair = setting.pair
    #expect(try pair.sync().code == 0)
    let top = pair.scratch.path
    var (codes, swaps): ([Int32?], Int) = ([], 0)
    for round in 0..<8 {
      // Folders that are there already are a local user's; links stand beside each of them.
      let target = "target \(round)"
      var pairs: [SwappedNames] = []
      for (below, name) in [("", "srv"), ("/srv", "data"), ("/srv/data", "bait"), ("/srv/data/bait", "folder")] {
        _ = try pair.scratch.makeFolder("\(target)\(below)/\(name)")
        try Place(path: top).makeSymbolicLink("\(target)\(below)/to.\(name)", to: setting.canary.path)
        pairs.append(SwappedNames(name, "to.\(name)", in: top, below: target + below))
      }
      let (result, count) = try whileSwapping(pairs) {
        try pair.start(
          "hotsync-slave", ["restore", "--to", "\(top)/\(target)"] + options, root: pair.slave, environment: [:]
        ).wait()
      }
      swaps += count
      codes.append(result.exitCode)
      #expect([0, 1, 73].contains(result.exitCode), "\(result)")
      if result.exitCode != 0 { expectThreeParts(result, code: result.exitCode ?? -1, []) }
      #expect(try setting.canary.touches() == [], "round \(round)")
    }
    #expect(swaps > 8, "\(codes)")
  }

  @Test("nobody but root reaches into a store, at whatever moment", .enabled(if: Environment.isRoot))
  func closedStore() throws {
    let setting = try Setting()
    let pair = setting.pair
    try Pair.shell("chmod 755 \"$0\" \"$1\"", pair.scratch.path, pair.slave.path)
    let place = pair.slave.below("var/lib/hotsync").path
    // Whatever a cycle, a prune and a restore make there, by all paths that could be known.
    let look =
      "cd / && for f in \"$0\" \"$0/standby\" \"$0/standby/mirror/files/srv/data\" \"$0/standby/history\" "
      + "\"$0/standby/incoming/content\"; do ls \"$f\" >/dev/null 2>&1 && echo \"$f\"; done; "
      + "cat \"$0/standby/format\" \"$0/standby/mirror/files/srv/data/first.txt\" 2>/dev/null; true"
    func seen() throws -> String {
      try RunningProgram.run(
        "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--", "/bin/sh", "-c", look, place]
      ).outputText
    }
    #expect(try seen() == "")
    var meanwhile = "nothing"
    let cycle = try pair.sync(stoppedAt: "push:1") { meanwhile = try seen() }
    #expect(cycle.code == 0 && meanwhile == "")
    try pair.data.write("more", to: "first.txt")
    #expect(try pair.sync().code == 0)
    #expect(try seen() == "")
    #expect(try pair.hotsyncSlave("prune").exitCode == 0)
    for name in ["", "/standby"] {
      #expect(try Folder.open(place + name).descriptor.status().permissions & 0o077 == 0, "\(place)\(name)")
    }
  }
}

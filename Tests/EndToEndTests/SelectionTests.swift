import HotsyncSystem
import TestSupport
import Testing

/// What goes to the slave and what does not.
@Suite struct SelectionTests {
  @Test("excludes leave out what they name, anchored or at any depth, and what is excluded later goes from the slave")
  func excludes() throws {
    let pair = try Pair()
    for path in ["a.tmp", "deep/b.tmp", "cache/x", "deep/cache/y", "logs/z", "deep/logs/z", "kept/file"] {
      try pair.data.write(path, to: path)
    }
    try pair.set(ofConnection: "data.exclude", "[\"*.tmp\", \"cache/\", /srv/data/logs]")
    #expect(try pair.sync().code == 0)
    let mirror = pair.mirror.below("srv/data")
    for path in ["a.tmp", "deep/b.tmp", "cache", "deep/cache", "logs"] {
      #expect(try !mirror.holds(path), "\(path)")
    }
    for path in ["deep/logs/z", "kept/file", "first.txt"] { #expect(try mirror.holds(path), "\(path)") }
    try pair.set(ofConnection: "data.exclude", "[\"*.tmp\", \"cache/\", /srv/data/logs, /srv/data/kept]")
    #expect(try pair.sync().code == 0)
    #expect(try !mirror.holds("kept"))
    #expect(try pair.data.holds("kept/file"))
  }

  @Test("a folder with a valid CACHEDIR.TAG is kept with that file alone, one with another text is kept whole")
  func cacheDirectoryTag() throws {
    let pair = try Pair()
    let signature = "Signature: 8a477f597d28d172789f06886806bc55"
    try pair.data.write(signature + "\n# made by a test", to: "cache/CACHEDIR.TAG")
    try pair.data.write("not kept", to: "cache/inner/file")
    try pair.data.write("no signature", to: "other/CACHEDIR.TAG")
    try pair.data.write("kept", to: "other/file")
    #expect(try pair.sync().code == 0)
    let mirror = pair.mirror.below("srv/data")
    #expect(try Folder.open(mirror.below("cache").path).names().map(\.description) == ["CACHEDIR.TAG"])
    #expect(try mirror.read("other/file") == "kept")
  }

  @Test("a folder with .nobackup is kept with that file alone")
  func noBackup() throws {
    let pair = try Pair()
    try pair.data.write("", to: "scratch/.nobackup")
    try pair.data.write("not kept", to: "scratch/file")
    #expect(try pair.sync().code == 0)
    #expect(try Folder.open(pair.mirror.below("srv/data/scratch").path).names().map(\.description) == [".nobackup"])
  }

  @Test("an include can be a single file, and what lies beside it stays where it is")
  func singleFile() throws {
    let pair = try Pair()
    try pair.master.write("the one", to: "srv/other/one.conf")
    try pair.master.write("beside", to: "srv/other/beside.conf")
    try pair.set(ofConnection: "data.include", "[/srv/data, /srv/other/one.conf]")
    #expect(try pair.sync().code == 0)
    #expect(try pair.mirror.read("srv/other/one.conf") == "the one")
    #expect(try !pair.mirror.holds("srv/other/beside.conf"))
    try pair.master.write("the other one", to: "srv/other/one.conf")
    try pair.master.write("new beside", to: "srv/other/new.conf")
    let next = try pair.sync()
    #expect(next.code == 0 && next.files("changed") == 1 && next.files("created") == 0, "\(next)")
    #expect(try pair.mirror.read("srv/other/one.conf") == "the other one")
  }

  @Test(
    "another file system below is left out and told, and comes with one_file_system off",
    .enabled(if: Mount.isPossible))
  func mountBelow() throws {
    let pair = try Pair()
    try pair.data.makeFolder("disk")
    let mount = try Mount(at: pair.data.below("disk").path, "size=1m")
    try pair.data.write("on the disk", to: "disk/file")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.codes(of: "/srv/data/disk") == ["mount_skipped"], "\(cycle)")
    #expect(try pair.mirror.holds("srv/data/disk") && !pair.mirror.holds("srv/data/disk/file"))
    try pair.set(ofConnection: "data.one_file_system", "false")
    #expect(try pair.sync().code == 0)
    #expect(try pair.mirror.read("srv/data/disk/file") == "on the disk")
    _ = mount
  }

  @Test("a relative --root is the folder that it names")
  func relativeRoot() throws {
    let pair = try Pair()
    let program = "\(RunningProgram.productsFolder)/hotsync"
    try Pair.shell(
      "cd \"$0\"; \"$1\" sync --root 'the master'; cd 'the master'; \"$1\" sync --root .",
      pair.scratch.path, program)
    #expect(try pair.differences() == [])
    #expect(try pair.sync().generation == 1)
  }
}

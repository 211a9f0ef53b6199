import HotsyncSystem
import TestSupport
import Testing

/// Whether this user may set flags on the file system of scratch folders.
private enum Flags {
  static let isPossible: Bool = {
    guard Environment.isRoot, let scratch = try? ScratchFolder("flags") else { return false }
    guard (try? scratch.write([1], to: "file")) != nil else { return false }
    return (try? Pair.shell("chattr +i \"$0/file\" && chattr -i \"$0/file\"", scratch.path)) != nil
  }()
}

/// Immutable and append-only files (chattr(1)).
@Suite(.enabled(if: Flags.isPossible, "flags cannot be set here: chattr +i"))
struct FlagTests {
  private func clear(_ pair: Pair) { try? Pair.shell("chattr -R -f -i -a \"$0\" || true", pair.scratch.path) }

  @Test("flagged files and folders are read as all others, and the flags are told once with code 0")
  func source() throws {
    let pair = try Pair()
    defer { clear(pair) }
    try pair.data.write("never again", to: "folder/fixed")
    try pair.data.write("a line\n", to: "log")
    try Pair.shell("cd \"$0\"; chattr +a log; chattr +i folder/fixed folder", pair.data.path)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.problems.count == 1, "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/folder") == ["flags_skipped"], "\(cycle)")
    #expect(try pair.differences() == [])
    #expect(try !pair.mirror.status("srv/data/log").isAppendOnly && pair.data.status("log").isAppendOnly)
    try Pair.shell("echo another >>\"$0/log\"", pair.data.path)
    let next = try pair.sync()
    #expect(next.code == 0 && next.files("changed") == 1, "\(next)")
    try pair.expectAlikeEverywhere()
  }

  @Test(
    "a restore onto a flagged target is refused before anything changes, and says how to go on",
    arguments: [
      "+i \"$0/srv/data/folder/file\"", "+a \"$0/srv/data/folder/file\"", "+i \"$0/srv/data/folder\"", "+i \"$0\"",
      "+a \"$0/srv\"",
    ])
  func target(_ flag: String) throws {
    let pair = try Pair()
    defer { clear(pair) }
    try pair.data.write("first", to: "folder/file")
    try pair.data.write("first", to: "a file before it")
    #expect(try pair.sync().code == 0)
    let target = pair.scratch.path("target")
    #expect(try pair.hotsyncSlave("restore", "--to", target).exitCode == 0)
    try pair.data.write("second", to: "folder/file")
    try pair.data.write("second", to: "a file before it")
    #expect(try pair.sync().code == 0)
    try Pair.shell("chattr \(flag)", target)
    let before = try Place(path: target).snapshot()
    let refused = try pair.hotsyncSlave("restore", "--to", target, "--force")
    #expect(refused.flaws(code: 73, ["immutable or append-only", "chattr"]) == [], "\(refused)")
    #expect(before.differences(to: try Place(path: target).snapshot()) == [])
    clear(pair)
    #expect(try pair.hotsyncSlave("restore", "--to", target, "--force").exitCode == 0)
    #expect(try Place(path: target).read("srv/data/folder/file") == "second")
  }
}

import HotsyncSystem
import TestSupport
import Testing

@Suite struct HookTests {
  @Test("hooks run in name order around the cycle and are told of it by variables alone")
  func order() throws {
    let pair = try Pair()
    let log = "\(pair.scratch.path)/log"
    let line =
      "echo \"$(basename \"$0\") $# $HOTSYNC_CONNECTION $HOTSYNC_ROLE $HOTSYNC_RESULT $HOTSYNC_GENERATION\" >> \(log)"
    for hook in ["pre-sync.d/20-second", "pre-sync.d/10-first", "post-sync.d/last"] {
      try pair.master.writeScript(line, to: "etc/hotsync/\(hook)")
    }
    try pair.master.writeScript("echo not executable >> \(log)", to: "etc/hotsync/pre-sync.d/30", permissions: 0o644)
    try pair.master.writeScript("echo a leftover >> \(log)", to: "etc/hotsync/pre-sync.d/40~")
    #expect(try pair.sync().code == 0)
    let lines = try Place(path: pair.scratch.path).read("log").split(separator: "\n")
    #expect(lines.count == 3, "\(lines)")
    #expect(lines.first?.hasPrefix("10-first 0 standby master ") == true, "\(lines)")
    #expect(lines.last == "last 0 standby master committed 1", "\(lines)")
  }

  @Test("a hook's environment is clean: nothing of who runs the command")
  func cleanEnvironment() throws {
    let pair = try Pair()
    try pair.master.writeScript("env > '\(pair.scratch.path)/env'", to: "etc/hotsync/pre-sync.d/env")
    let result = try pair.hotsync("sync", environment: ["SECRET_OF_MINE": "1", "LD_LIBRARY_PATH": "/nowhere"])
    #expect(result.exitCode == 0, "\(result)")
    let names = try Place(path: pair.scratch.path).read("env").split(separator: "\n").map { $0.prefix { $0 != "=" } }
    let allowed = ["PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"]
    #expect(names.filter { !$0.hasPrefix("HOTSYNC_") && !allowed.contains(String($0)) } == [], "\(names)")
  }

  @Test("a pre-sync hook that fails stops the cycle with 1, tells its words, and later hooks do not run")
  func failingBefore() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.data.write("new", to: "new.txt")
    try pair.master.writeScript("echo the database is down >&2; exit 7", to: "etc/hotsync/pre-sync.d/10-dump")
    try pair.master.writeScript("touch '\(pair.scratch.path)/ran'", to: "etc/hotsync/pre-sync.d/20-next")
    try pair.expectRefusal(1, "/etc/hotsync/pre-sync.d/10-dump", "code 7", "the database is down")
    #expect(try !Place(path: pair.scratch.path).holds("ran"))
    #expect(try pair.sync().result == "failed")
  }

  @Test("a pre-sync hook that a signal ends stops the cycle with 1")
  func killedBefore() throws {
    let pair = try Pair()
    try pair.master.writeScript("kill -SEGV $$", to: "etc/hotsync/pre-sync.d/crash")
    try pair.expectRefusal(1, "/etc/hotsync/pre-sync.d/crash", "signal 11")
  }

  @Test("a hook that cannot be started stops the cycle and is named")
  func notStarted() throws {
    let pair = try Pair()
    try pair.master.write("#!/nonexistent/interpreter\n", to: "etc/hotsync/pre-sync.d/odd", permissions: 0o755)
    let result = try pair.hotsync("sync")
    #expect(result.exitCode == 1 && result.errorText.contains("odd"), "\(result)")
  }

  @Test("a post-sync hook that fails is told among the problems, the generation stays, and later hooks run")
  func failingAfter() throws {
    let pair = try Pair()
    try pair.master.writeScript("echo no mail; exit 2", to: "etc/hotsync/post-sync.d/10-mail")
    try pair.master.writeScript("touch '\(pair.scratch.path)/ran'", to: "etc/hotsync/post-sync.d/20-next")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 1, "\(cycle)")
    #expect(cycle.problems.map { $0["code"] } == [.string("hook_failed")], "\(cycle)")
    #expect(cycle.problems.first?["message"].text?.contains("no mail") == true)
    #expect(try Place(path: pair.scratch.path).holds("ran"))
  }

  @Test("what a hook leaves running in the background is ended with it, and nobody waits for it")
  func background() throws {
    let pair = try Pair()
    try pair.master.writeScript(
      "sleep 300 & echo $! > '\(pair.scratch.path)/pid'", to: "etc/hotsync/pre-sync.d/daemon")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.program.elapsed < .seconds(20), "\(cycle)")
    let process = try Place(path: pair.scratch.path).read("pid").split(separator: "\n").first ?? ""
    // Whoever adopted it may not have taken its end yet.
    let state = try? Place(path: "/proc/\(process)").read("stat").split(separator: ")").last?.dropFirst().first
    #expect(state == nil || state == "Z" || state == "X", "\(state ?? "?")")
  }

  @Test("executables of /etc/hotsync.d add includes and excludes, blanks in them and all")
  func selection() throws {
    let pair = try Pair()
    try pair.master.write("added", to: "home/with blank/kept.txt")
    try pair.master.write("excluded", to: "home/with blank/left out.tmp")
    try pair.data.write("excluded by a path", to: "a folder/x")
    try pair.master.writeScript(
      "test $# = 2 || exit 9\necho '/home/with blank' >> \"$1\"\necho 'left out.tmp' >> \"$2\"\n"
        + "echo '/srv/data/a folder' >> \"$2\"", to: "etc/hotsync.d/10-more")
    let cycle = try pair.sync()
    #expect(cycle.code == 0, "\(cycle)")
    #expect(try pair.mirror.read("home/with blank/kept.txt") == "added")
    #expect(try !pair.mirror.holds("home/with blank/left out.tmp"))
    #expect(try !pair.mirror.holds("srv/data/a folder"))
  }

  @Test("an executable of /etc/hotsync.d that fails stops the cycle: it decides what is included")
  func failingSelection() throws {
    let pair = try Pair()
    try pair.master.writeScript("echo oops; exit 4", to: "etc/hotsync.d/broken")
    try pair.expectRefusal(1, "/etc/hotsync.d/broken", "code 4", "oops")
  }

  @Test(
    "what an executable of /etc/hotsync.d writes is parsed like everything else", arguments: ["/../etc", "relative"])
  func hostileSelection(_ line: String) throws {
    let pair = try Pair()
    try pair.master.writeScript("echo '\(line)' >> \"$1\"", to: "etc/hotsync.d/hostile")
    let result = try pair.hotsync("sync")
    #expect(result.exitCode != 0 && result.errorText.contains("  next:  "), "\(result)")
    #expect(try !pair.mirror.holds("etc"))
  }

  @Test("a dry run runs neither pre-sync nor post-sync hooks")
  func dryRun() throws {
    let pair = try Pair()
    for folder in ["pre-sync.d", "post-sync.d"] {
      try pair.master.writeScript("touch '\(pair.scratch.path)/ran'", to: "etc/hotsync/\(folder)/hook")
    }
    #expect(try pair.hotsync("sync", "--dry-run").exitCode == 0)
    #expect(try !Place(path: pair.scratch.path).holds("ran"))
  }
}

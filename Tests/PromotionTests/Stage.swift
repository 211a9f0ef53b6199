import HotsyncSystem
import TestSupport

/// A slave that is ready to be promoted, below a folder of its own: made once, then copied for each promotion.
final class Stage {
  /// As long as this lives its folders are there.
  private let pair: Pair
  let scratch: ScratchFolder
  let slave: Place
  static let master = "old-master"

  /// A pair whose slave holds two generations of data and of configuration.
  ///
  /// - Parameter generations: how many cycles committed; with one there is no history.
  static func pair(generations: Int = 2) throws -> Pair {
    let pair = try Pair(transport: .local)
    try pair.master.write("master's own\n", to: "etc/app/app.conf", permissions: 0o640)
    try pair.master.write("new here\n", to: "etc/app/conf.d/extra.conf")
    try pair.master.write("of the master\n", to: "etc/fstab")
    try pair.master.write("\(master)\n", to: "etc/hostname")
    try pair.master.makeSymbolicLink("etc/app/current", to: "app.conf")
    try pair.data.write("one\n", to: "www/index.html")
    try pair.data.write("two\n", to: "www/deep/page.html")
    try pair.data.makeSymbolicLink("www/link", to: "index.html")
    try pair.set(ofConnection: "config.include", "[/etc]")
    for number in 1...max(1, generations) {
      try pair.data.write("generation \(number)\n", to: "number.txt")
      let outcome = try pair.sync()
      guard outcome.code == 0 else { throw SupportError("\(outcome)") }
    }
    try pair.slave.write("slave's own\n", to: "etc/app/app.conf")
    try pair.slave.write("of the slave\n", to: "etc/fstab")
    try pair.slave.write("only here\n", to: "etc/app/local.conf")
    try pair.slave.write("was here before\n", to: "srv/data/old.txt")
    try pair.slave.write("beside it\n", to: "srv/other.txt")
    try pair.slave.writeScript("echo restored generation $HOTSYNC_GENERATION", to: "etc/hotsync/post-restore.d/10-say")
    try pair.slave.writeScript("echo broken; exit 3", to: "etc/hotsync/post-restore.d/20-fail")
    let result = try pair.hotsyncSlave(
      "config", "set", "connections.standby.master_host", master, "promote.probe", "[]")
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
    return pair
  }

  /// A copy of a slave's root, with everything that surrounds its files.
  init(copyOf pair: Pair) throws {
    self.pair = pair
    scratch = try ScratchFolder("promotion")
    slave = Place(path: try scratch.makeFolder("the slave"))
    let result = try RunningProgram.run("cp", ["-a", "\(pair.slave.path)/.", slave.path])
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
  }

  // MARK: Commands

  /// What a promotion needs where nobody is asked.
  static let unasked = [
    "--non-interactive", "--confirm-master-off", master, "--accept", "maintenance", "--allow-stale",
  ]

  func start(_ words: [String], environment: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram("hotsync-promote", words + ["--root", slave.path], environment: environment)
  }

  @discardableResult
  func promote(_ words: [String] = [], environment: [String: String] = [:]) throws -> RunningProgram.Result {
    try start(words, environment: environment).wait()
  }

  // MARK: Comparing

  /// What must differ between two promotions of the same slave, and between a slave and itself after a rollback: times, numbers that
  /// are drawn, and the journals that tell of it.
  static let differing = [
    // The journal, what was kept, and the report: they tell times and what was interrupted.
    "var/lib/hotsync-state/standby",
    // Who promoted, which is drawn.
    "var/lib/hotsync-state/epoch", "var/lib/hotsync-state/epoch-holder",
    // When the store was handed over.
    "var/lib/hotsync/standby/handed-over",
    // What the store notes of locks and verifications.
    "var/lib/hotsync/standby/lock", "var/lib/hotsync/standby/cycle.lock", "var/lib/hotsync/standby/verified",
    "var/lib/hotsync/standby/verified-history", "var/lib/hotsync/standby/pins",
  ]

  func snapshot() throws -> TreeSnapshot { try slave.snapshot(leavingOut: Stage.differing) }

  /// Folders get new times wherever something in them changes places; the rest is compared whole.
  static let aspects = TreeSnapshot.Aspects.all.subtracting([.folderTimes, .root, .space])
}

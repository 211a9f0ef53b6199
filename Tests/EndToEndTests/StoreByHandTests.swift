import HotsyncSystem
import TestSupport
import Testing

/// A store that somebody's hands were in: whatever command meets it says so, with a documented code and in three parts,
/// nothing else is lost by it, and put back it is as if nothing had been.
@Suite struct StoreByHandTests {
  /// What was done, by a line of shell in the store's folder, and what the commands end with: first `verify --full`, then
  /// restores of the newest and of the first generation, then a cycle and a prune.
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shell: String
    let verify: Set<Int32>
    let newest: Set<Int32>
    let oldest: Set<Int32>
    let cycle: Set<Int32>
    let prune: Set<Int32>

    init(
      _ description: String, _ shell: String, verify: Set<Int32> = [65], newest: Set<Int32> = [0],
      oldest: Set<Int32> = [0], cycle: Set<Int32> = [0], prune: Set<Int32> = [0]
    ) {
      testDescription = description
      self.shell = shell
      self.verify = verify
      self.newest = newest
      self.oldest = oldest
      self.cycle = cycle
      self.prune = prune
    }
  }

  private static let tree = "mirror/files/srv/data"

  static let mirror = [
    Damage("a file of the mirror is missing", "rm \(tree)/first.txt", newest: [65]),
    Damage(
      "a file of the mirror that the past needs, too, is missing", "rm \(tree)/quiet.txt", newest: [65], oldest: [65]),
    Damage("a file of the mirror is another", "echo altered > \(tree)/quiet.txt", newest: [65], oldest: [65]),
    Damage(
      "a file of the mirror is a folder", "rm \(tree)/quiet.txt; mkdir \(tree)/quiet.txt", newest: [65], oldest: [65]),
    Damage(
      "a file of the mirror is a link to elsewhere", "rm \(tree)/quiet.txt; ln -s /etc/passwd \(tree)/quiet.txt",
      newest: [65],
      oldest: [65]),
    Damage(
      "a file of the mirror is a FIFO", "rm \(tree)/quiet.txt; mkfifo \(tree)/quiet.txt", newest: [65], oldest: [65]),
    Damage("a folder of the mirror is missing", "rm -r \(tree)/folder", newest: [65], oldest: [65]),
    Damage(
      "a folder of the mirror is a link to elsewhere", "rm -r \(tree)/folder; ln -s /etc \(tree)/folder", newest: [65],
      oldest: [65]),
    Damage("a file too many is in the mirror", "echo more > \(tree)/more.txt"),
    Damage("a mode in the mirror is another", "chmod 777 \(tree)/quiet.txt"),
  ]

  static let past = [
    Damage("a file of history is missing", "rm history/1\(files)/first.txt", oldest: [65]),
    Damage("a file of history is another", "echo altered > history/1\(files)/first.txt", oldest: [65]),
    Damage("a file of history is a folder", "cd history/1\(files); rm first.txt; mkdir first.txt", oldest: [65]),
    Damage("a file of history is a link", "cd history/1\(files); ln -sf /etc/passwd first.txt", oldest: [65]),
    Damage("a file of history is a FIFO", "cd history/1\(files); rm first.txt; mkfifo first.txt", oldest: [65]),
    Damage("a whole level of history is missing", "rm -r history/1", oldest: [65]),
    Damage("history is missing", "rm -r history", newest: [65], oldest: [65], cycle: [65], prune: [65]),
    Damage("history is empty", "rm -r history/*", oldest: [65]),
    Damage(
      "files too many are in history", "echo x > history/1\(files)/more; mkdir -p history/1/odd history/odd",
      verify: [0]),
    Damage(
      "a level of no generation is in history", "mkdir -p history/77/files; echo x > history/77/files/x", verify: [0]),
    Damage(
      "a list of saved blocks is altered", "for f in history/*/undo/*.ranges; do echo x >> $f; done", oldest: [65]),
    Damage("a list of saved blocks is missing", "rm history/*/undo/*.ranges", oldest: [65]),
    Damage("saved blocks are missing", "rm $(ls history/*/undo/* | grep -v ranges)", oldest: [65]),
    Damage(
      "saved blocks are altered", "for f in $(ls history/*/undo/* | grep -v ranges); do echo altered > $f; done",
      oldest: [65]),
  ]

  private static let files = "/files/srv/data"

  static let own = [
    Damage(
      "the list of generations is missing", "rm generations", newest: [65], oldest: [65], cycle: [65], prune: [65]),
    Damage(
      "the list of generations is empty", ": > generations", newest: [65], oldest: [65], cycle: [65], prune: [65]),
    Damage(
      "a line is missing in the list of generations", "sed -i 2d generations", newest: [65], oldest: [65], cycle: [65],
      prune: [65]),
    Damage(
      "every segment of the catalog is missing", "rm catalog/*", newest: [65], oldest: [65], cycle: [65],
      prune: [0, 65]),
    Damage(
      "the first segment is missing", "rm catalog/1.segment", newest: [0, 65], oldest: [65], cycle: [0, 65],
      prune: [0, 65]),
    Damage(
      "segments too many are in the catalog", "cp catalog/1.segment catalog/99.segment; echo x > catalog/odd",
      verify: [0]),
    Damage("the list of snapshots is altered", "echo x > snapshots", verify: [0, 65], prune: [65]),
    Damage("the note of the last prune is altered", "echo x > pruned", verify: [0, 65], prune: [65]),
    Damage("the list of verified generations is altered", "echo x > verified", verify: [0, 65], prune: [0, 65]),
    Damage("the list of damage is altered", "echo x > damaged", verify: [0, 65], cycle: [0, 65]),
    Damage("when the master was seen is altered", "echo x > contact", verify: [0]),
    Damage(
      "what waits to be carried out is nonsense", "echo x > journal", newest: [65], oldest: [65], cycle: [65],
      prune: [65]),
    Damage("the space that was set aside is missing", "rm ballast", verify: [0]),
    Damage("the cache of digests is missing", "rm signatures/*", verify: [0]),
    Damage("the cache of digests is altered", "for f in signatures/*; do echo x > $f; done", verify: [0]),
    Damage(
      "odd things are in the way of a cycle", "mkdir -p incoming/content/1/2 incoming/x; echo x > incoming/content/y",
      verify: [0]),
    Damage("the locks are missing", "rm -f lock cycle.lock pins/*", verify: [0]),
    Damage(
      "a lock is a link to elsewhere", "rm -f lock; ln -s /etc/passwd lock", verify: [0, 1], newest: [0, 1],
      oldest: [0, 1], cycle: [1], prune: [1]),
    Damage("the folder of pins is missing", "rm -r pins", newest: [65], oldest: [65], cycle: [65], prune: [65]),
    Damage("the folder of the mirror is missing", "rm -r mirror", newest: [65], oldest: [65], cycle: [65], prune: [65]),
    Damage(
      "the staging folder is a link to elsewhere", "rm -r incoming; ln -s /tmp incoming", newest: [65], oldest: [65],
      cycle: [65], prune: [65]),
  ]

  /// A pair of three generations, with a file in the mirror that all of them share, and one that was patched in place.
  private func filled() throws -> Pair {
    let pair = try Pair()
    try pair.data.write("quiet", to: "quiet.txt")
    try pair.data.write("in a folder", to: "folder/file.txt")
    var large = [UInt8](repeating: 5, count: 5 << 20)
    try pair.data.write(large, to: "image")
    #expect(try pair.sync().code == 0)
    for round in 1...2 as ClosedRange<UInt8> {
      try pair.data.write("the file of round \(round)", to: "first.txt")
      large[Int(round) << 20] = round
      try pair.data.write(large, to: "image")
      #expect(try pair.sync().code == 0)
    }
    return pair
  }

  private func check(
    _ what: String, _ damage: Damage, _ result: RunningProgram.Result, _ codes: Set<Int32>
  ) {
    #expect(codes.contains(result.exitCode ?? -1), "\(what) after: \(damage)\n\(result)")
    guard let code = result.exitCode, code != 0 else { return }
    #expect(
      result.flaws(code: code) == [] || result.outputText.contains("damaged"), "\(what) after: \(damage)\n\(result)")
  }

  @Test("said in three parts, nothing else is lost, and put back it is whole", arguments: mirror + past + own)
  func damaged(_ damage: Damage) throws {
    let pair = try filled()
    let whole = pair.scratch.path("whole")
    try Pair.shell("cp -a \"$0\" \"$1\"", pair.store.path, whole)
    try Pair.shell("cd \"$0\"; \(damage.shell)", pair.store.path)
    check("verify", damage, try pair.hotsyncSlave("verify", "--full"), damage.verify)
    check("restore", damage, try pair.hotsyncSlave("restore", "--to", pair.scratch.path("newest")), damage.newest)
    check(
      "restore of the first", damage,
      try pair.hotsyncSlave("restore", "--generation", "1", "--to", pair.scratch.path("oldest")), damage.oldest)
    check("generations", damage, try pair.hotsyncSlave("generations"), [0, 65])
    check("status", damage, try pair.hotsyncSlave("status"), [0, 65])
    check("prune", damage, try pair.hotsyncSlave("prune"), damage.prune)
    try pair.data.write("another file", to: "another.txt")
    let cycle = try pair.hotsync("sync")
    check("sync", damage, cycle, damage.cycle)
    if cycle.exitCode == 0, !damage.cycle.contains(65) {
      // What was damaged in the mirror came again.
      let differences = try pair.differences()
      #expect(differences == [], "\(damage): \(cycle)")
    }
    try Pair.shell("rm -rf \"$0\"; mv \"$1\" \"$0\"", pair.store.path, whole)
    // The master may be ahead of what was put back.
    #expect(try pair.sync("--adopt").code == 0)
    #expect(try pair.differences() == [])
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
    #expect(
      try pair.hotsyncSlave("restore", "--generation", "1", "--to", pair.scratch.path("back")).exitCode == 0)
    #expect(try Place(path: pair.scratch.path("back")).read("srv/data/first.txt") == "the first file\n")
  }
}

import HotsyncSystem
import TestSupport
import Testing

/// What must survive a round trip, whichever transport and file system it goes over: master, mirror and what is restored are
/// held against each other by our own look, and by that of rsync, getfacl and getfattr.
@Suite(.enabled(if: Environment.isRoot, "only root makes device nodes and trusted attributes"))
struct FidelityTests {
  @Test("everything goes there and back, and again after everything changed", arguments: TestedTransport.all)
  func overTransports(_ transport: TestedTransport) throws {
    try expectFidelity(try Pair.takingAll(over: transport))
  }

  @Test(
    "the same on other file systems",
    .enabled(if: !LoopImage.Kind.possible.isEmpty, "no image of a file system can be mounted here"),
    arguments: LoopImage.Kind.possible)
  func onFileSystems(_ kind: LoopImage.Kind) throws {
    try expectFidelity(try Pair.takingAll(over: .local, disk: try LoopImage(kind)))
  }

  private func expectFidelity(_ pair: Pair) throws {
    var random = SeededGenerator(announcing: "fidelity")
    try FidelityTree.make(in: pair.data)
    try FidelityTree.makeRandom(in: pair.data, seed: random.next(), files: 150)
    var before = try expectAllAlike(pair, nil)
    let unchanged = try pair.sync()
    #expect(unchanged.result == "unchanged", "\(unchanged)")
    try FidelityTree.change(pair.data)
    before = try expectAllAlike(pair, before)
    var script = EditScript(seed: random.next(), features: .everything)
    try script.apply(60, to: pair.data.below("random").path)
    before = try expectAllAlike(pair, before)
    try FidelityTree.exchangeKinds(pair.data) { before = try expectAllAlike(pair, before, lookedAtByOthers: false) }
  }

  private func expectAllAlike(
    _ pair: Pair, _ before: TreeSnapshot?, lookedAtByOthers: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TreeSnapshot {
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.problems.isEmpty, "\(cycle)", sourceLocation: sourceLocation)
    return try pair.expectAlikeEverywhere(
      before: before, lookedAtByOthers: lookedAtByOthers, sourceLocation: sourceLocation)
  }
}

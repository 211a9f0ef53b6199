import HotsyncSystem
import TestSupport
import Testing

/// What these tests ask of a pair beside its commands.
extension Pair {
  /// A pair whose first generation is committed.
  static func committed(
    over transport: TestedTransport, isRelayed: Bool = false, slaveDisk: String? = nil,
    _ make: (Place) throws -> Void = { _ in }
  ) throws -> Pair {
    let pair = try Pair(slaveDisk: slaveDisk, transport: transport, isRelayed: isRelayed && transport != .local)
    try make(pair.data)
    let cycle = try pair.sync()
    guard cycle.code == 0, cycle.result == "committed" else { throw SupportError("the first cycle: \(cycle)") }
    return pair
  }

  /// Both sides give a silent line up after 5 s, which is as soon as it can be configured.
  func beImpatient() throws {
    try beImpatientMaster()
    guard try hotsyncSlave("config", "set", "connections.\(connection).timeouts.silence", "5s").exitCode == 0 else {
      throw SupportError("the slave does not take its setting")
    }
  }

  /// The same at the master alone.
  func beImpatientMaster() throws {
    try set(ofConnection: "timeouts.silence", "5s")
    try set(ofConnection: "timeouts.connect", "5s")
  }

  /// A cycle that must go well, after which both trees are alike.
  @discardableResult
  func expectInStep(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> SyncOutcome {
    let cycle = try sync(words)
    #expect(cycle.code == 0, "\(cycle)", sourceLocation: sourceLocation)
    let differences = try differences()
    #expect(differences == [], sourceLocation: sourceLocation)
    return cycle
  }

  /// A cycle that must be refused, with the store as it was.
  func expectUntouched(
    _ code: Int32, _ words: String..., within limit: Duration = .seconds(40), arguments: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let refused = try refusal(code, words, arguments: arguments + Pair.once)
    #expect(refused.flaws == [], "\(refused.result)", sourceLocation: sourceLocation)
    #expect(refused.result.elapsed < limit, "\(refused.result.elapsed)", sourceLocation: sourceLocation)
  }

  /// What keeps a cycle from connecting again once its line has broken.
  static let once = ["--no-retry"]
}

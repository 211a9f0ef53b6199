import HotsyncSystem
import TestSupport
import Testing

extension Pair {
  /// A pair whose both sides want device nodes and trusted attributes.
  static func takingAll(over transport: TestedTransport, disk: LoopImage? = nil) throws -> Pair {
    let pair = try Pair(disk: disk, transport: transport)
    for key in ["devices", "trusted_xattrs"] {
      try pair.set(ofConnection: "data.\(key)", "true")
      try pair.setOnSlave("data.\(key)", "true")
    }
    return pair
  }

  func setOnSlave(_ key: String, _ value: String) throws {
    let result = try hotsyncSlave("config", "set", "connections.\(connection).\(key)", value)
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
  }

  /// Restores a generation into a new folder, and gives it.
  func restoreAll(_ generation: String = "latest") throws -> Place {
    let target = scratch.path("restored \(hexadecimal(Environment.randomBytes(4)))")
    let restore = try hotsyncSlave("restore", "--generation", generation, "--to", target)
    guard restore.exitCode == 0 else { throw SupportError("\(restore)") }
    return Place(path: "\(target)/srv/data")
  }

  /// Mirror and restored tree are what the master has, the generation before is what it had then, and the store verifies.
  ///
  /// - Parameter before: of the master, at the cycle before.
  /// - Returns: the same of now.
  @discardableResult
  func expectAlikeEverywhere(
    before: TreeSnapshot? = nil, lookedAtByOthers: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TreeSnapshot {
    let now = try data.snapshot()
    if let before {
      let restored = try restoreAll("latest-1")
      #expect(before.differences(to: try restored.snapshot()) == [], "the one before", sourceLocation: sourceLocation)
      try Pair.shell("rm -rf \"$0\"", restored.path)
    }
    let restored = try restoreAll()
    for other in [mirror.below("srv/data"), restored] {
      let differences = try now.differences(to: other.snapshot())
      #expect(differences == [], "\(other.path)", sourceLocation: sourceLocation)
      guard lookedAtByOthers else { continue }
      let seen = try IndependentLook.differences(data.path, other.path)
      #expect(seen == [], "\(other.path)", sourceLocation: sourceLocation)
    }
    try Pair.shell("rm -rf \"$0\"", restored.path)
    let verified = try hotsyncSlave("verify", "--full")
    #expect(verified.exitCode == 0, "\(verified)", sourceLocation: sourceLocation)
    return now
  }
}

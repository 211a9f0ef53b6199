import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSystem

/// Configures what maintenance has fetched and unpacked. Nothing is fetched here: the way to the Internet may have died with the
/// master.
struct PackagesStep: PromotionStep {
  var name: StepName { .packages }
  var summary: String { "configure packages that are fetched but not yet configured" }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    guard world.connection.packages else { return StepPlan(notes: ["packages are switched off in the configuration"]) }
    let pending = try Pending.list(world)
    guard !pending.isEmpty || world.isMachine else { return StepPlan(notes: ["no package waits to be configured"]) }
    return StepPlan(
      actions: [
        .run(
          ProgramRun(
            "dpkg", ["--configure", "--pending", "--force-confold"], seconds: 600, mayFail: true))
      ], estimatedSeconds: pending.isEmpty ? 1 : 5 + pending.count * 3,
      notes: pending.isEmpty ? [] : ["waiting: \(pending.joined(separator: ", "))"])
  }

  /// Packages that dpkg knows as unpacked and no more.
  private enum Pending {
    static func list(_ world: PromotionWorld) throws(PromoteError) -> [String] {
      let path = LivePath(checked: "var/lib/dpkg/status").path
      let content: [UInt8]?
      do throws(SystemError) { content = try world.root.folder.open(at: path).readAll(limit: 256 << 20) } catch {
        guard error.isMissing else { throw PromoteError(error) }
        return []
      }
      var names: [String] = []
      var name = ""
      for line in (content ?? []).split(separator: UInt8(ascii: "\n")) {
        if line.starts(with: "Package: ".utf8) {
          name = String(decoding: line.dropFirst(9), as: UTF8.self)
        } else if line.starts(with: "Status: ".utf8) {
          let state = line.split(separator: UInt8(ascii: " ")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
          if ["unpacked", "half-configured", "triggers-pending"].contains(state) { names.append(name) }
        }
      }
      return names
    }
  }
}

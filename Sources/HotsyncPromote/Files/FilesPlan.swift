import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSlave
import HotsyncSystem

/// All that the files step knows before it does anything: for its plan, and for the guards.
struct FilesPlan {
  let roots: [RootPlan]
  /// Named by the master, and not in the generation.
  let absent: [RelativePath]
  let choice: FilesChoice
  let overlay: Overlay.Comparison
  let config: [RelativePath]

  static func make(_ world: PromotionWorld) throws(PromoteError) -> FilesPlan {
    let store = try world.store()
    let pinned = try world.pin()
    let fact = try DataRoots.find(world, pinned)
    let kept = try world.telling { () throws(StoreError) in try store.keptGenerations() }
    let isNewest = kept.last?.number == pinned.generation.number
    var roots: [RootPlan] = []
    var absent: [RelativePath] = []
    for path in fact.data {
      if let root = try RootPlan.look(path, world, pinned, store, isNewest: isNewest) {
        roots.append(root)
      } else {
        absent.append(path)
      }
    }
    let snapshots = try world.telling { () throws(StoreError) in try store.snapshots() }
    let older = kept.map(\.number).filter { $0 != pinned.generation.number }
    let choice = FilesChoice.decide(
      roots, wanted: world.options.files, older: older,
      snapshots: snapshots.filter { $0.generation != pinned.generation.number }.map(\.name.description))
    let overlay = try world.telling { () throws(StoreError) in
      try Overlay(
        pinned, roots: fact.config, live: world.root, accounts: try world.accountsIfAny(),
        mapsUnknownOwnersToNobody: world.mapsToNobody
      ).compare()
    }
    return FilesPlan(
      roots: choice.applied(to: roots), absent: absent, choice: choice, overlay: overlay, config: fact.config)
  }
}

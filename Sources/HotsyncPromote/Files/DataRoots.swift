import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSlave
import HotsyncSystem

/// Which folders a generation is made of.
enum DataRoots {
  /// As its facts tell; else as this machine's configuration does; else those outermost folders of it that may be roots. A
  /// folder with a single one in it counts as the way to that: nothing is displaced that the master may not have named.
  static func find(_ world: PromotionWorld, _ pinned: PinnedGeneration) throws(PromoteError) -> RootsFact {
    if let bytes = try pinned.fact("roots") {
      do throws(FactsError) { return try RootsFact(decoding: bytes) } catch { throw PromoteError(error) }
    }
    let data = world.connection.data.include
    var config = world.connection.config.include
    if !data.isEmpty { return RootsFact(data: data.sorted(), config: config.sorted()) }
    // What makes a machine is overlaid at most, whoever forgot to say so.
    if let etc = RelativePath("etc"), !config.contains(where: { $0 == etc || $0.isBelow(etc) }) { config.append(etc) }
    var found: [RelativePath] = []
    try world.telling { () throws(StoreError) in try collect(nil, pinned, leavingOut: config, &found) }
    return RootsFact(data: found.sorted(), config: config.sorted())
  }

  private static func collect(
    _ folder: RelativePath?, _ pinned: PinnedGeneration, leavingOut config: [RelativePath],
    _ found: inout [RelativePath]
  ) throws(StoreError) {
    for (name, isFolder) in try pinned.names(in: folder) {
      guard let path = folder.map({ $0.appending(name) }) ?? RelativePath(name), !ReservedPaths.holds(path),
        !config.contains(where: { path == $0 || path.isBelow($0) })
      else { continue }
      let below = isFolder ? try pinned.names(in: path) : []
      let isWay =
        isFolder
        && (objection(to: path) || (below.count == 1 && below[0].isFolder) || config.contains { $0.isBelow(path) })
      if isWay { try collect(path, pinned, leavingOut: config, &found) } else { found.append(path) }
    }
  }

  private static func objection(to path: RelativePath) -> Bool {
    ForbiddenFolders.objection(to: "/" + String(decoding: path.bytes, as: UTF8.self), shownAs: "") != nil
  }
}

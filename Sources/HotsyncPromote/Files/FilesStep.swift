import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSlave
import HotsyncSystem

/// Puts the generation's files in the place of the machine's: data roots whole, by exchange or copy, `config` file by file.
struct FilesStep: PromotionStep {
  /// Told of what is copied, in files and bytes so far.
  var progress: @Sendable (UInt64, UInt64) -> Void = { _, _ in }

  var name: StepName { .files }
  var summary: String { "put the master's files in the place of this machine's" }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    let files = try FilesPlan.make(world)
    var plan = StepPlan(estimatedSeconds: 1)
    plan.notes.append("data roots: \(files.choice.way.rawValue); \(files.choice.reason)")
    for path in files.absent { plan.notes.append("\(path) is not in the generation: it stays as it is") }
    plan.actions += try accounts(world)
    if files.roots.contains(where: { $0.way == .exchange }) {
      plan.actions += try handOver(world, files)
    }
    let undoFolders = files.roots.map { $0.undoFolder(world) }
    for (index, folder) in undoFolders.enumerated() where undoFolders.firstIndex(of: folder) == index {
      if let parent = folder.path.parent { plan.actions += try missingFolders(to: parent, world) }
      plan.actions.append(.makeUndoFolder(folder))
    }
    for root in files.roots {
      plan.actions += try actions(root, world)
      if root.way == .copy { plan.estimatedSeconds += root.copySeconds }
    }
    if !files.config.isEmpty {
      let changes = files.overlay.changes.count
      plan.actions.append(
        .own(
          OwnWork(
            "overlay", shown: "lay \(changes) files of \(FilesStep.list(files.config)) over those of this machine",
            needsMachine: false)))
      plan.estimatedSeconds += 1 + changes / 500
      plan.notes += FilesStep.notes(files.overlay)
    }
    return plan
  }

  private static func list(_ paths: [RelativePath]) -> String { paths.map(\.description).joined(separator: ", ") }

  private static func notes(_ overlay: Overlay.Comparison) -> [String] {
    var notes: [String] = []
    let kept = overlay.kept.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
    if !kept.isEmpty { notes.append("never overlaid, and kept as they are here: \(kept.joined(separator: ", "))") }
    for path in overlay.inTheWay.prefix(10) { notes.append("\(path) is of another kind here: it stays as it is") }
    return notes
  }

  // MARK: Data roots

  private func handOver(_ world: PromotionWorld, _ files: FilesPlan) throws(PromoteError) -> [Action] {
    guard
      let mark = Store.handedOverPath(store: world.configuration.store, connection: world.connection.name)
    else { throw FilesStep.noPath(world.connection.name) }
    let roots = files.roots.filter { $0.way == .exchange }.map(\.path)
    return [
      .own(
        OwnWork(
          "owners", ["roots": FilesStep.encode(roots)], shown: "give the mirror's files their owners by name",
          needsMachine: false)),
      // Its undo comes after that of all exchanges and of the mark.
      .own(OwnWork("mirror", shown: "hand the mirror over to this machine", needsMachine: false)),
      .write(
        LivePath(mark), StoredBytes(Array("promotion \(world.number)\ngeneration \(world.generation)\n".utf8)),
        FileOwner(mode: 0o600)),
    ]
  }

  private func actions(_ root: RootPlan, _ world: PromotionWorld) throws(PromoteError) -> [Action] {
    let undo = root.undoFolder(world)
    guard
      let mirrored = Store.mirrorPath(
        of: root.path, store: world.configuration.store, connection: world.connection.name)
    else { throw FilesStep.noPath("\(root.path)") }
    var actions: [Action] = []
    var source = LivePath(mirrored)
    if root.way == .copy {
      let target = LivePath(checked: undo.path.bytes + Array("/new".utf8))
      actions.append(
        .own(
          OwnWork(
            "copy", ["root": base64(root.path.bytes), "target": base64(target.path.bytes)],
            shown: "copy \(root.path) of generation \(world.generation) (\(root.files) files, \(root.bytes) bytes)",
            needsMachine: false)))
      source = LivePath(checked: target.path.bytes + [UInt8(ascii: "/")] + root.path.bytes)
    }
    if root.isMountPoint { return actions + (try children(root, world, source, undo)) }
    let live = LivePath(root.path)
    guard root.isThere else { return actions + [.move(source, to: live)] }
    actions.append(.exchange(live, with: source))
    actions.append(.move(source, to: FilesStep.child(undo, root.path.name)))
    return actions
  }

  /// At a mount point what is in it changes places.
  private func children(
    _ root: RootPlan, _ world: PromotionWorld, _ source: LivePath, _ undo: LivePath
  ) throws(PromoteError) -> [Action] {
    let kept: Set<FileName> = [undo.path.name, FileName(checked: "lost+found")]
    let here = try PromoteError.telling { () throws(SystemError) in
      Set(try world.root.folder.folder(at: root.path).names()).subtracting(kept)
    }
    let pinned = try world.pin()
    let there = Set(try world.telling { () throws(StoreError) in try pinned.names(in: root.path) }.map(\.name))
      .subtracting(kept)
    var actions: [Action] = []
    for name in here.union(there).sorted() {
      let (live, new) = (FilesStep.child(LivePath(root.path), name), FilesStep.child(source, name))
      let old = FilesStep.child(undo, name)
      switch (here.contains(name), there.contains(name)) {
      case (true, true): actions += [.exchange(live, with: new), .move(new, to: old)]
      case (true, false): actions.append(.move(live, to: old))
      default: actions.append(.move(new, to: live))
      }
    }
    return actions
  }

  /// Folders on the way to a root that this machine does not have, as the master had them.
  private func missingFolders(to path: RelativePath, _ world: PromotionWorld) throws(PromoteError) -> [Action] {
    let pinned = try world.pin()
    var actions: [Action] = []
    var here: RelativePath? = path
    while let folder = here {
      let isThere = try PromoteError.telling { () throws(SystemError) in
        try world.root.folder.folderIfPresent(at: folder) != nil
      }
      if isThere { break }
      let known = try world.telling { () throws(StoreError) in
        try pinned.ownership(
          of: folder, accounts: try world.accountsIfAny(), mapsUnknownOwnersToNobody: world.mapsToNobody)
      }
      let owner = known.map { FileOwner(mode: $0.permissions, user: $0.owner, group: $0.group) }
      actions.insert(.makeFolder(LivePath(folder), owner ?? FileOwner(mode: 0o755)), at: 0)
      here = folder.parent
    }
    return actions
  }

  private static func child(_ folder: LivePath, _ name: FileName) -> LivePath {
    LivePath(checked: folder.path.bytes + [UInt8(ascii: "/")] + name.bytes)
  }

  private static func noPath(_ subject: String) -> PromoteError {
    PromoteError(.bug, "cannot plan", "the files of \(subject)", cause: "a path is too long", next: "report this")
  }

  private func accounts(_ world: PromotionWorld) throws(PromoteError) -> [Action] { try AccountsPlan.actions(world) }

  // MARK: Own work

  static func encode(_ paths: [RelativePath]) -> String { paths.map { base64($0.bytes) }.joined(separator: " ") }

  static func decode(_ text: String) -> [RelativePath] {
    text.split(separator: " ").compactMap { parseBase64($0.utf8).flatMap { RelativePath($0) } }
  }

  func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    switch work.name {
    case "owners":
      let pinned = try world.pin()
      let changed = try world.telling { () throws(StoreError) in
        try MirrorOwners(pinned, accounts: try world.accounts(), mapsUnknownOwnersToNobody: world.mapsToNobody)
          .apply(FilesStep.decode(work.values["roots"] ?? ""))
      }
      return changed == 0 ? "" : "\(changed) entries were given another owner"
    case "mirror": return ""
    case "copy": return try copy(work, world)
    case "overlay": return try OverlayWork(world).carryOut()
    default: throw .unknownWork(work, name)
    }
  }

  private func copy(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) -> String {
    let root = try FilesStep.path("root", work)
    let target = try FilesStep.path("target", work)
    let folder = try PromoteError.telling { () throws(SystemError) in
      let parent = try world.root.folder.parentFolder(of: target)
      // What an interrupted copy left.
      try parent.removeTree(target.name)
      return OpenFolder(try parent.makeOrOpenFolder(target.name))
    }
    let pinned = try world.pin()
    let result = try world.telling { () throws(StoreError) in
      let accounts = try world.accountsIfAny()
      let into = try StoreError.telling { () throws(SystemError) in try folder.folder.duplicate() }
      return try Restore(
        pinned, RestoreRequest(paths: [root], force: false, keepsNumbers: accounts == nil), into: into,
        accounts: accounts, mapsUnknownOwnersToNobody: world.mapsToNobody, progress: progress
      ).run()
    }
    try PromoteError.telling { () throws(SystemError) in try folder.folder.descriptor.synchronizeFileSystem() }
    var words = "\(result.files) files, \(result.bytes) bytes"
    if !result.damaged.isEmpty {
      words += "; damaged in the store, and not brought: "
      words += result.damaged.prefix(20).map(\.path.description).joined(separator: ", ")
    }
    return words
  }

  private static func path(_ key: String, _ work: OwnWork) throws(PromoteError) -> RelativePath {
    guard let path = work.values[key].flatMap({ parseBase64($0.utf8) }).flatMap({ RelativePath($0) }) else {
      throw .unknownWork(work, .files)
    }
    return path
  }

  func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    switch work.name {
    // By name they are right whoever has them.
    case "owners": return
    case "mirror": try digestAgain(world)
    case "copy":
      let target = try FilesStep.path("target", work)
      try PromoteError.telling { () throws(SystemError) in
        try world.root.folder.parentFolder(of: target).removeTree(target.name)
      }
    case "overlay": try OverlayWork(world).undo()
    default: throw .unknownWork(work, name)
    }
  }

  /// The mirror was live: what was written to it meanwhile is noted as damaged, so that the next cycle brings it again.
  private func digestAgain(_ world: PromotionWorld) throws(PromoteError) {
    let store = try world.store()
    _ = try world.telling { () throws(StoreError) in
      try StoreVerification(
        store, share: 1, accounts: try world.accounts(), mapsUnknownOwnersToNobody: world.mapsToNobody
      ).run()
    }
  }
}

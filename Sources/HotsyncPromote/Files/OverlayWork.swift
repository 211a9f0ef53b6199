import FoundationEssentials
import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSlave
import HotsyncSystem

/// Carries the overlay of `config` out, and takes it back. What is displaced is kept before anything is changed, and the list of
/// it is written whole, so that an interrupted overlay goes on with the same changes and every one of them can be undone.
struct OverlayWork {
  private let world: PromotionWorld
  private static let list = FileName(checked: "overlay")
  private static let limit = 256 << 20

  private struct Displaced: Codable {
    let path: StoredBytes
    let isNewFolder: Bool
    /// The name that it is kept under; nil where nothing was there.
    let kept: String?
  }

  private struct FolderBefore: Codable {
    let path: StoredBytes
    let owner: FileOwner
    let modified: Int64
  }

  private struct List: Codable {
    var changes: [Displaced] = []
    /// Folders that changes lie in, with what an overlay changes of them.
    var folders: [FolderBefore] = []
  }

  init(_ world: PromotionWorld) { self.world = world }

  // MARK: Doing

  func carryOut() throws(PromoteError) -> String {
    let pinned = try world.pin()
    let roots = try DataRoots.find(world, pinned).config
    let kept = try read()
    let list = if let kept { kept } else { try keep(pinned, roots) }
    let changes = list.changes.compactMap { change in
      RelativePath(change.path.bytes).map {
        Overlay.Change(path: $0, isNewFolder: change.isNewFolder, wasThere: change.kept != nil)
      }
    }
    crashPoint("promote")
    try tidy(list)
    let damaged = try world.telling { () throws(StoreError) in
      try overlay(pinned, roots).apply(changes)
    }
    guard !damaged.isEmpty else { return "\(changes.count) files" }
    return "\(changes.count - damaged.count) files; damaged in the store, and not brought: "
      + damaged.prefix(20).map(\.path.description).joined(separator: ", ")
  }

  /// What a kill left of files that were on their way to their names.
  private func tidy(_ list: List) throws(PromoteError) {
    try PromoteError.telling { () throws(SystemError) in
      for folder in list.folders {
        guard let path = RelativePath(folder.path.bytes) else { continue }
        try world.root.folder.folderIfPresent(at: path)?.removeRestoreLeftovers()
      }
    }
  }

  private func overlay(_ pinned: PinnedGeneration, _ roots: [RelativePath]) throws(StoreError) -> Overlay {
    Overlay(
      pinned, roots: roots, live: world.root, accounts: try world.accountsIfAny(),
      mapsUnknownOwnersToNobody: world.mapsToNobody)
  }

  private func keep(_ pinned: PinnedGeneration, _ roots: [RelativePath]) throws(PromoteError) -> List {
    let comparison = try world.telling { () throws(StoreError) in try overlay(pinned, roots).compare() }
    return try PromoteError.telling { () throws(SystemError) in
      let promotion = try world.root.folder.folder(at: world.folder.path)
      let kept = try KeptEntries(in: promotion)
      var list = List()
      var folders: Set<RelativePath> = []
      for (index, change) in comparison.changes.enumerated() {
        var name: String?
        if change.wasThere {
          let own = "overlay-\(index)"
          let parent = try world.root.folder.parentFolder(of: change.path)
          let status = try parent.status(change.path.name)
          // What is neither a file nor a link was made of its record alone, and is made so again by nobody.
          guard status.kind == .regular || status.kind == .symbolicLink else { continue }
          try kept.keep(change.path.name, of: parent, as: FileName(checked: own), isDurable: false)
          name = own
        }
        list.changes.append(
          Displaced(path: StoredBytes(change.path.bytes), isNewFolder: change.isNewFolder, kept: name))
        var above = change.path.parent
        while let folder = above, folders.insert(folder).inserted { above = folder.parent }
      }
      for folder in folders.sorted() {
        guard let status = try world.root.folder.folderIfPresent(at: folder)?.descriptor.status() else { continue }
        list.folders.append(
          FolderBefore(
            path: StoredBytes(folder.bytes),
            owner: FileOwner(mode: status.permissions, user: status.owner, group: status.group),
            modified: status.modified.nanosecondsSince1970))
      }
      try promotion.descriptor.synchronizeFileSystem()
      let bytes = Array((try? JSONEncoder().encode(list)) ?? Data())
      try promotion.replace(OverlayWork.list, with: bytes)
      return list
    }
  }

  private func read() throws(PromoteError) -> List? {
    let bytes = try PromoteError.telling { () throws(SystemError) in
      try world.root.folder.folder(at: world.folder.path).content(of: OverlayWork.list, limit: OverlayWork.limit)
    }
    guard let bytes else { return nil }
    guard let list = try? JSONDecoder().decode(List.self, from: Data(bytes)) else {
      throw PromoteError(
        .damaged, "cannot read", "the list of what the overlay displaced", cause: "it is no such list",
        next: "what was displaced lies in \(world.folder)/kept; see the hardware's log")
    }
    return list
  }

  // MARK: Taking back

  func undo() throws(PromoteError) {
    guard let list = try read() else { return }
    try tidy(list)
    try PromoteError.telling { () throws(SystemError) in
      let promotion = try world.root.folder.folder(at: world.folder.path)
      let kept = try KeptEntries(in: promotion)
      for change in list.changes.reversed() {
        guard let path = RelativePath(change.path.bytes), let parentPath = path.parent,
          let parent = try world.root.folder.folderIfPresent(at: parentPath)
        else { continue }
        if let name = change.kept {
          try kept.putBack(FileName(checked: name), as: path.name, in: parent)
        } else if change.isNewFolder {
          // What somebody put into it meanwhile keeps it.
          try? parent.removeFolder(path.name)
        } else {
          try parent.unlinkIfPresent(path.name)
        }
      }
      for folder in list.folders.reversed() {
        guard let path = RelativePath(folder.path.bytes),
          let opened = try world.root.folder.folderIfPresent(at: path)
        else { continue }
        if Environment.isRoot { try opened.descriptor.setOwner(folder.owner.user, group: folder.owner.group) }
        try opened.descriptor.setPermissions(folder.owner.mode)
        try opened.descriptor.setModified(Timestamp(nanosecondsSince1970: folder.modified))
      }
      try promotion.descriptor.synchronizeFileSystem()
    }
  }
}

import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSlave
import HotsyncSystem

/// What a data root is here now, and how it can be replaced.
struct RootPlan: Equatable {
  enum Way: Equatable {
    case exchange
    case copy
  }

  let path: RelativePath
  /// What the generation holds of it.
  let files: UInt64
  let bytes: UInt64
  /// Something stands at its path.
  let isThere: Bool
  /// Another file system is mounted at it: what is in it changes places, not it itself.
  let isMountPoint: Bool
  /// The mirror's folder can change places with it.
  let canExchange: Bool
  /// Free bytes where a copy would lie.
  let free: UInt64
  /// Another file system is mounted somewhere below: it would go with what is displaced.
  let mountedBelow: String?
  var way = Way.exchange

  static let bytesPerSecond: UInt64 = 100 << 20
  static let filesPerSecond: UInt64 = 3_000

  /// A copy's share of the time, in seconds.
  var copySeconds: Int { Int(clamping: bytes / RootPlan.bytesPerSecond + files / RootPlan.filesPerSecond) + 1 }
  /// What a copy takes, with a block for each file.
  var copyBytes: UInt64 { bytes + files * 4_096 }

  /// Of the folder that takes what is displaced, below the root.
  func undoFolder(_ world: PromotionWorld) -> LivePath {
    let name = ".hotsync-undo-\(world.connection.name)-\(world.number)"
    let parent = isMountPoint ? path : path.parent
    return LivePath(checked: (parent.map { $0.bytes + [UInt8(ascii: "/")] } ?? []) + Array(name.utf8))
  }

  /// Looks at a root of the generation.
  ///
  /// - Parameter isNewest: the mirror shows the generation.
  /// - Returns: nil where the generation holds nothing of it.
  static func look(
    _ path: RelativePath, _ world: PromotionWorld, _ pinned: PinnedGeneration, _ store: Store, isNewest: Bool
  ) throws(PromoteError) -> RootPlan? {
    guard try world.telling({ () throws(StoreError) in try pinned.kind(at: path) }).isThere else { return nil }
    let size = try world.telling { () throws(StoreError) in try pinned.size(below: path) }
    return try PromoteError.telling { () throws(SystemError) in
      let parent = try nearestFolder(above: path, world)
      let isWhole = parent.isParent
      let status = isWhole ? try parent.folder.folder.statusIfPresent(path.name) : nil
      var isMountPoint = false
      if let status, status.kind == .folder {
        let above = try parent.folder.folder.descriptor.status()
        isMountPoint = status.mount != above.mount
      }
      let base = isMountPoint ? OpenFolder(try parent.folder.folder.folder(path.name)) : parent.folder
      let isOnMount = try store.isOnMount(of: base.folder)
      return RootPlan(
        path: path, files: size.files, bytes: size.bytes, isThere: status != nil, isMountPoint: isMountPoint,
        canExchange: isNewest && isOnMount,
        free: try base.folder.descriptor.freeSpace().freeBytes,
        mountedBelow: world.isMachine ? MountTable.below(path) : nil)
    }
  }

  /// The parent of a root, or the nearest folder above it that is there.
  private static func nearestFolder(
    above path: RelativePath, _ world: PromotionWorld
  ) throws(SystemError) -> (folder: OpenFolder, isParent: Bool) {
    var here = path.parent
    var isParent = true
    while let folder = here {
      if let found = try world.root.folder.folderIfPresent(at: folder) { return (OpenFolder(found), isParent) }
      here = folder.parent
      isParent = false
    }
    return (world.root, isParent)
  }
}

/// The machine's mounts.
enum MountTable {
  /// The first place below a path where a file system is mounted; nil where none is, or none can be known.
  static func below(_ path: RelativePath) -> String? {
    guard let bytes = try? Descriptor.open("/proc/self/mounts").readAll(limit: 4 << 20) else { return nil }
    let prefix = "/" + String(decoding: path.bytes, as: UTF8.self) + "/"
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 1, words[1].hasPrefix(prefix) { return shown(words[1].utf8) }
    }
    return nil
  }
}

extension LivePath {
  /// Of our own names only.
  init(checked bytes: [UInt8]) {
    guard let path = RelativePath(bytes) else { preconditionFailure("no path") }
    self.init(path)
  }
}

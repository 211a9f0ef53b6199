import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncReport
import HotsyncSystem

/// Says what a plan would do, path by path, without doing it: files whose size and time are as they were are read, the
/// others are taken for changed.
final class Itemiser {
  private let reader: EntryReader
  private let key: HashKey
  private let departed: DepartedFiles
  private(set) var changes: [Change] = []
  private(set) var problems: [Problem] = []

  /// Sizes of the files whose content is new.
  var changedBytes: UInt64 {
    changes.reduce(0) { $0 &+ ($1.action == .create || $1.action == .change ? $1.size ?? 0 : 0) }
  }

  init(reader: EntryReader, key: HashKey, departed: DepartedFiles) {
    self.reader = reader
    self.key = key
    self.departed = departed
  }

  func take(_ step: Step) throws {
    switch step {
    case .remove(let old):
      changes.append(Change(.delete, kind: Itemiser.kind(old.content), path: ReportedPath(old.path)))
    case .create(let sighting), .replace(let sighting, _):
      let size = if case .regular(let size) = sighting.kind { Optional(size) } else { nil as UInt64? }
      let former = departed.origin(of: sighting).map { ReportedPath($0.record.path) }
      let action: Change.Action = former != nil ? .rename : step.old == nil ? .create : .change
      changes.append(
        Change(
          action, kind: Itemiser.kind(sighting.kind), path: ReportedPath(sighting.path), size: size, former: former))
    case .examine(let sighting, let old):
      do { try examine(sighting, old) } catch let reason as LeftOut {
        problems.append(LeftOutText.problem(sighting.path, reason, keepsOld: true))
      }
    }
  }

  private func examine(_ sighting: Sighting, _ old: Record) throws {
    let isChanged: Bool
    let entry = try reader.open(sighting)
    switch sighting.kind {
    case .folder: isChanged = false
    case .hardLink(let leader): isChanged = old.content != .hardLink(leader: leader)
    case .symbolicLink: isChanged = try old.content != .symbolicLink(target: reader.target(of: sighting))
    case .fifo: isChanged = old.content != .fifo
    case .device(let isBlock, let number): isChanged = old.content != .device(isBlock: isBlock, number)
    case .regular(let size):
      if size != old.size || sighting.modified != old.metadata.modified {
        isChanged = true
      } else {
        var buffer = [UInt8](repeating: 0, count: Limits.dataChunk)
        let digest = try contentDigest(of: entry.file, size: size, key: key, buffer: &buffer)
        isChanged = old.content != digest.map { .regular(size: size, digest: $0) }
      }
    }
    let path = ReportedPath(sighting.path)
    let kind = Itemiser.kind(sighting.kind)
    if isChanged {
      changes.append(Change(.change, kind: kind, path: path, size: entry.status.size))
    } else if case .hardLink = sighting.kind {
      return
    } else {
      let differences = Itemiser.differences(old.metadata, entry.metadata, ignoringTime: sighting.isOnTheWay)
      if !differences.isEmpty { changes.append(Change(.metadata, kind: kind, path: path, attributes: differences)) }
    }
  }

  private static func differences(_ old: Metadata, _ new: Metadata, ignoringTime: Bool) -> [String] {
    var names: [String] = []
    if old.permissions != new.permissions { names.append("mode") }
    if old.owner != new.owner || old.group != new.group { names.append("owner") }
    if !ignoringTime, old.modified != new.modified { names.append("time") }
    if old.attributes != new.attributes { names.append("xattrs") }
    return names
  }

  private static func kind(_ kind: Sighting.Kind) -> String {
    switch kind {
    case .regular: "file"
    case .folder: "folder"
    case .symbolicLink, .hardLink: "link"
    case .fifo: "fifo"
    case .device: "device"
    }
  }

  private static func kind(_ content: Content) -> String {
    switch content {
    case .regular: "file"
    case .folder: "folder"
    case .symbolicLink, .hardLink: "link"
    case .fifo: "fifo"
    case .device: "device"
    }
  }
}

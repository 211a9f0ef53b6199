import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport

@testable import HotsyncMaster

/// A folder to be walked, and ways to walk it.
struct WalkedTree {
  let scratch: ScratchFolder
  let root: RelativePath

  init() throws {
    scratch = try ScratchFolder("walk")
    root = try .of("data")
    _ = try scratch.makeFolder("data")
  }

  /// - Parameter limit: 0 lets nothing be listed ahead.
  func scanner(limit: Int = Scanner.limit, excludes: [ExcludePattern] = []) throws -> Scanner {
    try Scanner(
      live: scratch.folder, roots: [root], rules: Rules(roots: [root], excludes: excludes), isOneFileSystem: true,
      takesDevices: true, owners: OwnerNames(Accounts(root: scratch.folder)), limit: limit)
  }

  func walk(limit: Int = Scanner.limit, excludes: [ExcludePattern] = []) throws -> [ScanEvent] {
    let recorder = Recorder()
    try scanner(limit: limit, excludes: excludes).run(recorder)
    return recorder.events
  }

  /// Descriptors of this process that lead into the tree.
  func openFolders() throws -> [String] {
    let own = try Folder.open("/proc/self/fd")
    return try own.names().compactMap { name in
      (try? own.readLink(name)).map { String(decoding: $0, as: UTF8.self) }
    }.filter { $0.hasPrefix("\(scratch.path)/") }
  }
}

/// Writes down all that a walk tells.
final class Recorder: ScanTaker {
  private(set) var events: [ScanEvent] = []
  private let onEvent: (ScanEvent) throws -> Void

  init(_ onEvent: @escaping (ScanEvent) throws -> Void = { _ in }) { self.onEvent = onEvent }

  func passesUnchanged(_ path: [UInt8], _ status: FileStatus, owners: [UInt8], isOnTheWay: Bool) -> Bool { false }

  func take(_ event: ScanEvent) throws {
    events.append(event)
    try onEvent(event)
  }
}

extension ScanEvent {
  /// What it says, in a word, for comparison.
  var text: String {
    switch self {
    case .sighting(let sighting): "\(sighting)"
    case .unknownBelow(let path, let error): "below \(path): \(error.number)"
    case .unknown(let path, let error): "\(path): \(error.number)"
    case .skipped(let path, let reason): "\(path) \(reason)"
    }
  }

  var sighting: Sighting? { if case .sighting(let sighting) = self { sighting } else { nil } }
}

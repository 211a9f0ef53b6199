import HotsyncCatalog
public import HotsyncDatabases
import HotsyncReport
public import HotsyncSystem

/// Loads the dumps of a generation into the private instance of one engine and counts their rows: only what changed since it was
/// last loaded, or all of them. The instance is stopped when it returns, and holds what a promotion puts in its place.
public struct Preload {
  public struct Outcome: Sendable {
    /// Dumps of the engine in the generation.
    public var dumps = 0
    public var loaded = 0
    /// How long the loading took.
    public var duration = Duration.zero
    /// What could not be loaded, or holds other rows than were dumped: in words, each a subject's.
    public var failures: [String] = []
  }

  private struct Dump {
    let subject: DumpSubject
    /// Below `.hotsync/dumps/<engine>`.
    let name: String
    let path: RelativePath
    let digest: String
  }

  private let pinned: PinnedGeneration
  private let engine: any DatabaseEngine
  private let clocks: Clocks

  public init(_ pinned: PinnedGeneration, _ engine: any DatabaseEngine, clocks: Clocks = .system) {
    self.pinned = pinned
    self.engine = engine
    self.clocks = clocks
  }

  /// The engines that a generation has dumps of, in the order of their names.
  public static func engines(of pinned: PinnedGeneration) throws(StoreError) -> [String] {
    Set(try pinned.dumps().compactMap { below($0.path).flatMap { DumpPath.subject(at: $0) }?.engine }).sorted()
  }

  /// Of the store that the generation is in: `instances`, made where it is missing.
  static func instances(of pinned: PinnedGeneration) throws(SystemError) -> Folder {
    try pinned.store.top.makeOrOpenFolder(StoreLayout.name("instances"))
  }

  /// Whether anything is to be loaded.
  public func isDue() throws -> Bool {
    let loaded = try LoadedDumps.read(engine.name, in: try Preload.instances(of: pinned))
    let dumps = try dumps()
    return dumps.contains { loaded.dumps[$0.name]?.digest != $0.digest }
      || loaded.dumps.count != dumps.count
  }

  /// - Parameter all: also what did not change.
  public func run(all: Bool = false) throws -> Outcome {
    var outcome = Outcome()
    let folder = try Preload.instances(of: pinned)
    let dumps = try dumps()
    outcome.dumps = dumps.count
    var loaded = try LoadedDumps.read(engine.name, in: folder)
    let known = Set(dumps.map(\.name))
    let due = dumps.filter { all || loaded.dumps[$0.name]?.digest != $0.digest }
    guard !due.isEmpty || loaded.dumps.keys.contains(where: { !known.contains($0) }) else { return outcome }
    let start = clocks.elapsed()
    let place = folder.descriptor.currentPath().map { String(decoding: $0, as: UTF8.self) } ?? ""
    let instance = try engine.privateInstance(at: "\(place)/\(engine.name)")
    try instance.start()
    do {
      loaded.dumps = loaded.dumps.filter { known.contains($0.key) }
      try loaded.write(engine.name, in: folder)
      try instance.keepOnly(dumps.map(\.subject))
      // One that needs another of them finds it there the second time.
      let failed = try load(due, instance, &loaded, folder, &outcome, isLast: false)
      _ = try load(failed, instance, &loaded, folder, &outcome, isLast: true)
    } catch {
      try? instance.stop()
      throw error
    }
    try instance.stop()
    outcome.duration = clocks.elapsed() - start
    return outcome
  }

  // MARK: Loading

  /// - Returns: those that could not be loaded.
  private func load(
    _ dumps: [Dump], _ instance: any PrivateInstance, _ loaded: inout LoadedDumps, _ folder: borrowing Folder,
    _ outcome: inout Outcome, isLast: Bool
  ) throws -> [Dump] {
    var failed: [Dump] = []
    for dump in dumps {
      let start = clocks.elapsed()
      // Until it is whole nobody may take it for what it was.
      if loaded.dumps.removeValue(forKey: dump.name) != nil { try loaded.write(engine.name, in: folder) }
      crashPoint("load")
      do throws(DatabaseError) {
        try instance.load(dump.subject, from: try file(dump))
        let differences = try differences(dump, instance)
        if let first = differences.first {
          outcome.failures.append("\(engine.name), \(dump.subject.description): \(first)")
          continue
        }
      } catch {
        failed.append(dump)
        if isLast { outcome.failures.append("\(engine.name), \(dump.subject.description): \(error.cause)") }
        continue
      }
      outcome.loaded += 1
      loaded.dumps[dump.name] = LoadedDumps.Dump(
        digest: dump.digest, seconds: Maintenance.seconds(clocks.elapsed() - start),
        isCompared: dump.subject != .accounts)
      try loaded.write(engine.name, in: folder)
    }
    return failed
  }

  private func file(_ dump: Dump) throws(DatabaseError) -> Descriptor {
    do throws(StoreError) { return try pinned.dump(dump.path) } catch { throw DatabaseError(error) }
  }

  private func differences(_ dump: Dump, _ instance: any PrivateInstance) throws(DatabaseError) -> [String] {
    guard let name = try DumpPath.fingerprint(of: dump.subject, engine: engine.name),
      let path = RelativePath(ReservedPaths.dumps.bytes + [UInt8(ascii: "/")] + name.bytes)
    else { return [] }
    let bytes: [UInt8]?
    do throws(StoreError) { bytes = try pinned.content(at: path, limit: UInt64(Fingerprint.sizeLimit)) } catch {
      throw DatabaseError(error)
    }
    // A dump whose fingerprint is not there was sent by a cycle that was cut behind it.
    guard let bytes else { return [] }
    return try Fingerprint(decoding: bytes).differences(from: try instance.fingerprint(of: dump.subject))
  }

  // MARK: What there is

  /// Accounts first.
  private func dumps() throws(StoreError) -> [Dump] {
    var dumps: [Dump] = []
    for (path, _, digest) in try pinned.dumps() {
      guard let below = Preload.below(path), let (engine, subject) = DumpPath.subject(at: below),
        engine == self.engine.name
      else { continue }
      let name = String(decoding: below.bytes.dropFirst(engine.utf8.count + 1), as: UTF8.self)
      dumps.append(Dump(subject: subject, name: name, path: path, digest: digest.hexadecimal))
    }
    return dumps.filter { $0.subject == .accounts } + dumps.filter { $0.subject != .accounts }
  }

  /// The path below `.hotsync/dumps`.
  private static func below(_ path: RelativePath) -> RelativePath? {
    guard path.isBelow(ReservedPaths.dumps) else { return nil }
    return RelativePath(path.bytes.dropFirst(ReservedPaths.dumps.bytes.count + 1))
  }
}

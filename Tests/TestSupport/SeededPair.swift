import HotsyncSystem

/// A pair beside which an old copy of the master's tree lies, as it would on a USB disk: `DIR/srv/data`.
public final class SeededPair {
  public let pair: Pair
  /// What is given to `--from`.
  public let disk: Place

  /// Fills the master's tree; the copy is made with `copy`.
  ///
  /// - Parameter image: the file system that all of it lies on.
  public init(seed: UInt64? = nil, files: Int = 120, unprivileged: Bool = false, on image: LoopImage? = nil) throws {
    pair = try Pair(unprivileged: unprivileged, disk: image)
    disk = Place(path: try pair.scratch.makeFolder("the disk"))
    if let seed { try TreeMaker.make(in: pair.data.path, seed: seed, files: files) }
  }

  /// Brings the copy up to what the master has now.
  public func copy() throws {
    try Pair.shell("rm -rf \"$1/srv\"; cp -a \"$0/srv\" \"$1/srv\"", pair.master.path, disk.path)
  }

  public func start(_ words: [String] = [], environment: [String: String] = [:]) throws -> RunningProgram {
    try pair.start("hotsync-slave", ["seed", "--from", disk.path] + words, root: pair.slave, environment: environment)
  }

  public func seed(_ words: String...) throws -> RunningProgram.Result { try start(words).wait(limit: .seconds(120)) }

  /// What differs between the copy and the mirror. The time of the mirror's own root is nobody's.
  public func differences() throws -> [String] {
    try disk.snapshot().differences(to: pair.mirror.snapshot(), .all.subtracting(.root))
  }

  /// The lines of `generations`, newest first.
  public func generations() throws -> [Document] {
    try Document(pair.hotsyncSlave("generations", "--json").outputText)["generations"].items
  }

  public func status() throws -> Document {
    try Document(pair.hotsyncSlave("status", "--json").outputText)["connections"][0]
  }
}

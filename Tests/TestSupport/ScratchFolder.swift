public import HotsyncSystem

/// A folder of a test's own. It goes when the last reference goes, with all that it holds; `HOTSYNC_KEEP_SCRATCH=1`
/// keeps it.
public final class ScratchFolder: Sendable {
  /// Where much is made and removed again: in memory, where the machine has such a place; nil where it has none.
  public static let memory: String? = {
    guard let place = try? Folder.open("/dev/shm"), place.isWritable(),
      (try? place.descriptor.fileSystemType()) == "tmpfs"
    else { return nil }
    return "/dev/shm"
  }()

  /// Absolute, without a slash at its end.
  public let path: String
  /// It, open.
  public let folder: Folder
  private let place: String
  private let name: FileName

  /// - Parameter place: the folder that it is made in; `TMPDIR` or `/tmp` where nothing is said.
  public init(_ label: String = "test", in place: String? = nil) throws {
    self.place = place ?? Environment.value("TMPDIR") ?? "/tmp"
    let random = hexadecimal(Environment.randomBytes(6))
    let text = "hotsync-\(label)-\(Environment.processID)-\(random)"
    guard let name = FileName(text) else { throw SupportError("not a label: \(label)") }
    self.name = name
    path = "\(self.place)/\(name)"
    let above = try Folder.open(self.place)
    try above.makeFolder(name, permissions: 0o700)
    folder = try above.folder(name)
  }

  /// The path of something in it, which need not exist.
  public func path(_ relative: String) -> String { "\(path)/\(relative)" }

  /// Makes a folder in it, and those above, and gives its path.
  public func makeFolder(_ relative: String) throws -> String {
    _ = try makeOrOpenFolder(relative)
    return path(relative)
  }

  /// Opens a folder in it, which is made, as those above are, where it is missing.
  public func makeOrOpenFolder(_ relative: String) throws -> Folder {
    var folder = try open()
    for part in relative.split(separator: "/") {
      folder = try folder.makeOrOpenFolder(.of(String(part)), permissions: 0o755)
    }
    return folder
  }

  /// Writes a file in it, which replaces one of that name, and gives its path.
  @discardableResult
  public func write(_ bytes: some Collection<UInt8>, to relative: String) throws -> String {
    let file = try Descriptor.open(path(relative), [.writing, .creating, .truncating], permissions: 0o644)
    try file.write(bytes)
    return path(relative)
  }

  public func open() throws -> Folder { try Folder.open(path) }

  deinit {
    if Environment.value("HOTSYNC_KEEP_SCRATCH") == "1" { return }
    do { try Folder.open(place).removeTree(name) } catch {
      // Deeper than there are descriptors, or without the right to read.
      _ = try? RunningProgram.run("/bin/chmod", ["-R", "u+rwX", path])
      _ = try? RunningProgram.run("/bin/rm", ["-rf", "--", path])
    }
  }
}

/// What went wrong in the support itself, not in what is tested.
public struct SupportError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

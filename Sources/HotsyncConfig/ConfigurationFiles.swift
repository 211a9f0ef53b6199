import Glibc
import HotsyncSystem

/// The files of a configuration below one root: how they are found, trusted and read.
struct ConfigurationFiles {
  static let mainName = "hotsync.yaml"
  static let folderName = "conf.d"
  /// What `config set` writes.
  static let localName = "90-local.yaml"
  static let maximumFiles = 1_000

  /// As given, without a slash at its end; `/` for the machine itself.
  let root: String

  init(root: String) {
    var root = root.isEmpty ? "/" : root
    while root.utf8.count > 1, root.hasSuffix("/") { root.removeLast() }
    self.root = root
  }

  var folderPath: String { (root == "/" ? "" : root) + "/etc/hotsync" }
  var mainPath: String { "\(folderPath)/\(ConfigurationFiles.mainName)" }
  var localPath: String { "\(folderPath)/\(ConfigurationFiles.folderName)/\(ConfigurationFiles.localName)" }

  /// What is said where there is no file at all.
  var missing: ConfigError {
    ConfigError(
      .configuration, "cannot read", mainPath, cause: "no such file",
      next: "mount its disk, if that is missing; on a new master: "
        + NextCommand(root: root).setting("role", "master connections.standby.slave_host ADDRESS")
        + " connections.standby.data.include '[/home, /srv]'; on a new slave: "
        + NextCommand(root: root, program: "hotsync-slave").setting(
          "role", "slave connections.standby.master_host ADDRESS"))
  }

  struct Content {
    /// In the order in which they merge.
    var files: [(path: String, value: Value)] = []
    /// Files that are no YAML: everything else is used without them, so that `set` can still mend what it can.
    var problems: [ConfigurationProblem] = []

    var merged: Value {
      files.reduce(Value.emptyMap(.commandLine)) { $0.merged(with: $1.value) }
    }
  }

  /// Reads all files. Throws what forbids to look at any of them: a file or folder that others can write.
  func read() throws(ConfigError) -> Content {
    var content = Content()
    guard let folder = try configurationFolder() else { return content }
    try read(ConfigurationFiles.mainName, in: folder, mainPath, into: &content)
    guard let below = try open(ConfigurationFiles.folderName, in: folder, "\(folderPath)/conf.d") else {
      return content
    }
    let names: [FileName]
    do throws(SystemError) { names = try below.names() } catch { throw ConfigError(error) }
    let wanted = names.filter { $0.bytes.first != UInt8(ascii: ".") && $0.bytes.suffix(5) == Array(".yaml".utf8)[...] }
    guard wanted.count <= ConfigurationFiles.maximumFiles else {
      throw ConfigError(
        .configuration, "cannot read", "\(folderPath)/conf.d", cause: "it holds more than 1,000 files",
        next: "ls \(quotedForShell(folderPath))/conf.d")
    }
    for name in wanted { try read(name, in: below, "\(folderPath)/conf.d/\(name)", into: &content) }
    return content
  }

  private func read(
    _ name: String, in folder: borrowing Folder, _ path: String, into content: inout Content
  ) throws(ConfigError) {
    guard let name = FileName(name) else { return }
    try read(name, in: folder, path, into: &content)
  }

  private func read(
    _ name: FileName, in folder: borrowing Folder, _ path: String, into content: inout Content
  ) throws(ConfigError) {
    let file: Descriptor?
    do throws(TrustError) { file = try Trust.openIfPresent(name, in: folder, shownAs: path) } catch {
      throw ConfigError(error)
    }
    guard let file else { return }
    let bytes: [UInt8]?
    // One byte more than allowed, so that the parser says what is wrong.
    do throws(SystemError) { bytes = try file.readAll(limit: YAMLReading.maximumBytes) } catch {
      throw ConfigError(error.kind, "cannot read", path, cause: error.cause, next: error.nextStep)
    }
    do throws(ConfigError) {
      guard let bytes else { throw YAMLReading.unreadable(path, 1, "it is larger than 1 MiB") }
      content.files.append((path, try YAMLReading.value(of: bytes, file: path)))
    } catch {
      content.problems.append(ConfigurationProblem(gravity: .wrong, key: "", error: error))
    }
  }

  /// `<root>/etc/hotsync`, trusted; nil where there is none.
  func configurationFolder() throws(ConfigError) -> Folder? {
    let top = try rootFolder()
    guard let path = RelativePath("etc/hotsync") else { return nil }
    let folder: Folder
    do throws(SystemError) { folder = try top.folder(at: path) } catch {
      if error.number == ENOENT { return nil }
      throw refusedLink(error, folderPath)
    }
    return try trusted(folder, folderPath)
  }

  func rootFolder() throws(ConfigError) -> Folder {
    do throws(SystemError) { return try Folder.open(root) } catch { throw ConfigError(error) }
  }

  /// A folder below another, trusted; nil where there is none.
  func open(_ name: String, in folder: borrowing Folder, _ path: String) throws(ConfigError) -> Folder? {
    guard let name = FileName(name) else { return nil }
    let below: Folder
    do throws(SystemError) { below = try folder.folder(name) } catch {
      if error.number == ENOENT { return nil }
      throw refusedLink(error, path)
    }
    return try trusted(below, path)
  }

  private func trusted(_ folder: consuming Folder, _ path: String) throws(ConfigError) -> Folder {
    let status: FileStatus
    do throws(SystemError) { status = try folder.descriptor.status() } catch { throw ConfigError(error) }
    do throws(TrustError) { try Trust.require(status, shownAs: path) } catch { throw ConfigError(error) }
    return folder
  }

  private func refusedLink(_ error: SystemError, _ path: String) -> ConfigError {
    guard error.number == ELOOP || error.number == ENOTDIR else {
      return ConfigError(error.kind, "cannot open", path, cause: error.cause, next: error.nextStep)
    }
    return ConfigError(
      .refused, "cannot trust", path, cause: "it is reached through a symbolic link, or is no folder",
      next: "put the folder itself in its place: ls -ld \(quotedForShell(path))")
  }
}

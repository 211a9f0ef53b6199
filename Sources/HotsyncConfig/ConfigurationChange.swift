import Glibc
import HotsyncSystem

/// One key to set, or to take away where there is no value.
struct Edit {
  let path: [String]
  let value: Value?

  var key: String { path.joined(separator: ".") }
}

/// A change that was found good and waits to be written.
private struct PreparedChange {
  let local: [UInt8]
  let missing: [ConfigurationProblem]
}

extension ConfigurationEditor {
  private static let head = """
    # Written by `hotsync config set`, which keeps no comments here.
    # Your own settings: ../hotsync.yaml, or another file beside this one.

    """

  /// Checks, writes, and tells what is missing yet.
  func apply(_ edits: [Edit]) throws(ConfigError) -> [ConfigurationProblem] {
    // First without a lock, so that a change that is refused makes no folder.
    _ = try prepare(edits)
    let folder = try localFolder()
    let lock = try ConfigError.telling { () throws(SystemError) in try HeldLock(folder.descriptor.duplicate()) }
    guard let lock else {
      throw ConfigError(
        .busy, "cannot change", files.localPath, cause: "another hotsync config is changing it",
        next: "run the command again")
    }
    let change = try prepare(edits)
    try write(change.local, into: folder)
    withExtendedLifetime(lock) {}
    return change.missing
  }

  // MARK: Checking

  private func prepare(_ edits: [Edit]) throws(ConfigError) -> PreparedChange {
    let before = try files.read()
    if let problem = before.problems.first(where: { $0.error.subject.hasPrefix(files.localPath) }) {
      throw problem.error
    }
    let old = before.files.first { $0.path == files.localPath }?.value ?? .emptyMap(.commandLine)
    let new = try changed(old, by: edits, merged: before.merged)
    var after = before
    after.replaceLocal(new, at: files)
    try refuseNewProblems(edits, checked(before).problems, checked(after).problems)
    try refuseOverridden(edits, after.merged)
    let text = ConfigurationEditor.head + (new.entries?.isEmpty == true ? "" : YAMLWriting().text(new))
    try requireSame(new, Array(text.utf8))
    return PreparedChange(local: Array(text.utf8), missing: checked(after).problems.filter { $0.gravity == .missing })
  }

  private func changed(_ old: Value, by edits: [Edit], merged: Value) throws(ConfigError) -> Value {
    var new = old
    for edit in edits {
      guard !edit.path.contains(""), edit.path.count <= YAMLReading.maximumLevels else {
        throw unknown(edit.key, edit.value == nil ? "cannot unset" : "cannot set")
      }
      if let value = edit.value {
        new = new.setting(value, at: edit.path)
      } else {
        guard old.value(at: edit.path) != nil else { throw notThere(edit, merged) }
        new = new.removing(edit.path)
      }
    }
    return new
  }

  private func notThere(_ edit: Edit, _ merged: Value) -> ConfigError {
    guard let value = merged.value(at: edit.path), let file = value.origin.file else {
      if Schema.row(at: edit.path) == nil && Schema.names(below: edit.path).isEmpty {
        return unknown(edit.key, "cannot unset")
      }
      return ConfigError(
        .usage, "cannot unset", "key \(printable(edit.key))", cause: "it is not set", next: command.showing)
    }
    return ConfigError(
      .usage, "cannot unset", "key \(printable(edit.key))",
      cause: "it is set in \(file) line \(value.origin.line), which only you edit",
      next: YAMLReading.editing(file, value.origin.line))
  }

  /// New is what was not wrong before, or is wrong at a key that is being changed.
  private func refuseNewProblems(
    _ edits: [Edit], _ before: [ConfigurationProblem], _ after: [ConfigurationProblem]
  ) throws(ConfigError) {
    for problem in after where problem.gravity == .wrong {
      let isTouched = edits.contains { edit in
        edit.value != nil && (problem.key == edit.key || problem.key.hasPrefix(edit.key + "."))
      }
      if isTouched || !before.contains(where: { $0.isSame(as: problem) }) { throw problem.error }
    }
  }

  /// A value that a later file replaces would have no effect.
  private func refuseOverridden(_ edits: [Edit], _ merged: Value) throws(ConfigError) {
    for edit in edits where edit.value != nil {
      guard let value = merged.value(at: edit.path), value.entries == nil, let file = value.origin.file else {
        continue
      }
      throw ConfigError(
        .configuration, "cannot set", "key \(printable(edit.key))",
        cause: "\(file) line \(value.origin.line) is read later and replaces it",
        next: YAMLReading.editing(file, value.origin.line))
    }
  }

  /// What was written must be read as what was meant.
  private func requireSame(_ value: Value, _ text: [UInt8]) throws(ConfigError) {
    guard try YAMLReading.value(of: text, file: files.localPath).isSame(as: value) else {
      throw ConfigError(
        .bug, "cannot write", files.localPath, cause: "the text made for it is read as something else",
        next: YAMLReading.editing(files.localPath, 1))
    }
  }

  // MARK: Writing

  /// `<root>/etc/hotsync/conf.d`, made where it is missing.
  private func localFolder() throws(ConfigError) -> Folder {
    if let folder = try files.configurationFolder(),
      let below = try files.open(ConfigurationFiles.folderName, in: folder, "\(files.folderPath)/conf.d")
    {
      return below
    }
    var here = try files.rootFolder()
    do throws(SystemError) {
      for name in ["etc", "hotsync", ConfigurationFiles.folderName] { here = try makeOrOpen(name, in: here) }
    } catch {
      throw ConfigError(
        error.kind, "cannot make", "\(files.folderPath)/conf.d", cause: error.cause, next: error.nextStep)
    }
    return here
  }

  private func makeOrOpen(_ name: String, in folder: borrowing Folder) throws(SystemError) -> Folder {
    guard let name = FileName(name) else { throw SystemError(number: EINVAL, operation: "cannot make", subject: name) }
    if try folder.statusIfPresent(name) != nil { return try folder.folder(name) }
    let made = try folder.makeOrOpenFolder(name, permissions: 0o755)
    // Whatever the umask is: everybody may look, as conventions have it.
    try made.descriptor.setPermissions(0o755)
    return made
  }

  private func write(_ content: [UInt8], into folder: borrowing Folder) throws(ConfigError) {
    do throws(SystemError) {
      guard let name = FileName(ConfigurationFiles.localName) else { return }
      // Who closed the file keeps it closed.
      let isClosed = try folder.statusIfPresent(name).map { $0.permissions & 0o044 == 0 } ?? false
      try folder.replace(name, with: content, permissions: isClosed ? 0o600 : 0o644)
    } catch {
      throw ConfigError(error.kind, "cannot write", files.localPath, cause: error.cause, next: error.nextStep)
    }
  }
}

extension ConfigurationFiles.Content {
  /// Puts another value for `conf.d/90-local.yaml` at its place in the order of names.
  mutating func replaceLocal(_ value: Value, at places: ConfigurationFiles) {
    if let index = files.firstIndex(where: { $0.path == places.localPath }) {
      files[index].value = value
      return
    }
    let index = files.firstIndex {
      $0.path != places.mainPath && places.localPath.utf8.lexicographicallyPrecedes($0.path.utf8)
    }
    files.insert((places.localPath, value), at: index ?? files.count)
  }
}

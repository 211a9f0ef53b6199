import HotsyncSystem

/// The files below a root that facts come from. What is missing is no error: not every machine has everything. No link is
/// followed, and what a user who is not root may not read is left out.
final class Source {
  let isMachine: Bool
  private let root: Folder
  private let accounts: HotsyncSystem.Accounts

  /// Of a package list: 100,000 packages would have it.
  static let longest = 256 << 20

  init(_ root: borrowing Folder, isMachine: Bool) throws(FactsError) {
    do throws(SystemError) {
      self.root = try root.duplicate()
      accounts = try isMachine ? HotsyncSystem.Accounts() : HotsyncSystem.Accounts(root: root)
    } catch { throw FactsError(error) }
    self.isMachine = isMachine
  }

  private static func isPassedOver(_ error: SystemError) -> Bool {
    // EACCES and EPERM: those who run HotSync as nobody in particular get what they may see.
    error.isMissing || error.isLoop || (!Environment.isRoot && (error.number == 13 || error.number == 1))
  }

  /// Nil where what is asked for is not there.
  private func looking<Result>(
    at text: String, _ body: (RelativePath) throws(SystemError) -> Result?
  ) throws(FactsError) -> Result? {
    guard let path = RelativePath(text) else { return nil }
    do throws(SystemError) { return try body(path) } catch {
      guard Source.isPassedOver(error) else { throw FactsError(error) }
      return nil
    }
  }

  // MARK: Reading

  /// What a regular file holds.
  func content(_ path: String, limit: Int = Source.longest) throws(FactsError) -> [UInt8]? {
    try looking(at: path) { (path) throws(SystemError) in try root.openRegular(at: path).readAll(limit: limit) }
  }

  func text(_ path: String) throws(FactsError) -> String? {
    try content(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The lines of a file that are neither empty nor comments.
  func lines(_ path: String) throws(FactsError) -> [Substring] {
    (try text(path) ?? "").split(separator: "\n").filter { !$0.hasPrefix("#") }
  }

  /// The names in a folder, in their order; those that are no text are left out.
  func names(in path: String) throws(FactsError) -> [String] {
    let names = try looking(at: path) { (path) throws(SystemError) in try root.folder(at: path).names() }
    return (names ?? []).compactMap { String(validating: $0.bytes, as: UTF8.self) }
  }

  func status(_ path: String) throws(FactsError) -> FileStatus? {
    try looking(at: path) { (path) throws(SystemError) in
      try root.parentFolder(of: path).statusIfPresent(path.name)
    }
  }

  /// Where a symbolic link leads; nil for all else.
  func link(_ path: String) throws(FactsError) -> String? {
    guard try status(path)?.kind == .symbolicLink else { return nil }
    let target = try looking(at: path) { (path) throws(SystemError) in
      try root.parentFolder(of: path).readLink(path.name)
    }
    return target.flatMap { String(validating: $0, as: UTF8.self) }
  }

  // MARK: Files that are facts

  /// A file with its mode and owner; nil where it is none, or too long to be a fact.
  func file(_ path: String) throws(FactsError) -> FactFile? {
    let found = try looking(at: path) { (path) throws(SystemError) -> (FileStatus, [UInt8])? in
      let file = try root.openRegular(at: path)
      guard let content = try file.readAll(limit: FactFile.limit) else { return nil }
      return (try file.status(), content)
    }
    guard let (status, content) = found else { return nil }
    return FactFile(
      path: "/" + path, permissions: status.permissions,
      owner: accounts.name(of: status.owner, .user) ?? String(status.owner),
      group: accounts.name(of: status.group, .group) ?? String(status.group), content: content)
  }

  /// The files at some places, each a file or a folder of files, in the order of the places. Left out is what hides, and what
  /// package managers and editors leave behind.
  func files(at places: [String]) throws(FactsError) -> [FactFile] {
    var files: [FactFile] = []
    for place in places {
      guard try status(place)?.kind == .folder else {
        if let file = try file(place) { files.append(file) }
        continue
      }
      for name in try names(in: place) where !Source.isLeftover(name) {
        if let file = try file("\(place)/\(name)") { files.append(file) }
      }
    }
    return files
  }

  static func isLeftover(_ name: String) -> Bool {
    name.hasPrefix(".") || name.hasSuffix("~") || name.contains(".dpkg-") || name.contains(".ucf-")
  }

  // MARK: Stamps

  /// What changes whenever one of the sources does, as far as the kernel knows.
  ///
  /// - Returns: the stamp, and when the youngest of the sources was changed.
  func stamp(of sources: [String]) throws(FactsError) -> (text: String, youngest: Timestamp) {
    var stamp = (text: "", youngest: Timestamp.zero)
    for source in sources { try add(source, levels: 2, to: &stamp) }
    return stamp
  }

  private func add(
    _ path: String, levels: Int, to stamp: inout (text: String, youngest: Timestamp)
  ) throws(FactsError) {
    guard let status = try status(path) else {
      stamp.text += "\(path) -\n"
      return
    }
    let (modified, changed) = (status.modified, status.changed)
    stamp.text +=
      "\(path) \(status.device) \(status.inode) \(status.size) \(modified.seconds).\(modified.nanoseconds)"
      + " \(changed.seconds).\(changed.nanoseconds)\n"
    stamp.youngest = max(stamp.youngest, status.changed)
    guard status.kind == .folder, levels > 0 else { return }
    for name in try names(in: path) { try add("\(path)/\(name)", levels: levels - 1, to: &stamp) }
  }
}

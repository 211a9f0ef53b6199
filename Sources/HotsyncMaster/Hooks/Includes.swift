import HotsyncConfig
import HotsyncPlan
import HotsyncSystem

/// What a cycle includes and excludes: the configuration's lists, those of `/etc/backup-data.d`, and what the executables of
/// `/etc/hotsync.d` add; and what of `config` a promotion lays over the slave's own, by lists of its own.
struct Includes {
  /// All that is walked.
  let roots: [RelativePath]
  /// What a promotion replaces as whole trees.
  let dataRoots: [RelativePath]
  /// What it overlays file by file.
  let configRoots: [RelativePath]
  let rules: Rules

  private init(
    data: [RelativePath], excludes: [ExcludePattern], config: [RelativePath], configExcludes: [ExcludePattern]
  ) {
    dataRoots = Includes.outermost(data)
    configRoots = Includes.outermost(config)
    roots = Includes.outermost(data + config)
    let own = Rules(roots: dataRoots, excludes: excludes)
    rules = config.isEmpty ? own : own.adding(Rules(roots: configRoots, excludes: configExcludes))
  }

  /// HotSync's own configuration and keys never leave the machine.
  private static let neverSent = ["/etc/hotsync/", "/etc/hotsync.d/"]

  static func gather(
    _ connection: ConnectionConfiguration, live: borrowing Folder, variables: [String: String]
  ) throws -> Includes {
    var roots = connection.data.include
    var excludes = try connection.data.exclude.map { (line) throws in try ExcludePattern(Array(line.utf8)) }
    for list in try backupLists(live) + hookLists(live, variables) {
      if list.isInclude { roots += try allowed(list.paths) } else { excludes += try list.paths.patterns() }
    }
    let config = try (connection.config.exclude + neverSent).map { (line) throws in
      try ExcludePattern(Array(line.utf8))
    }
    return Includes(
      data: roots, excludes: excludes, config: connection.config.include, configExcludes: config)
  }

  private static func allowed(_ list: PathList) throws -> [RelativePath] {
    try list.roots().map { root in
      let folder = "/" + String(decoding: root.bytes, as: UTF8.self)
      guard let objection = ForbiddenFolders.objection(to: folder, shownAs: "\(root)") else { return root }
      throw MasterError(
        .configuration, "cannot include", "\(root)", cause: "\(list.source): \(objection)",
        next: "mend what names it there")
    }
  }

  /// In order, each once; what lies below another root comes with that.
  private static func outermost(_ roots: [RelativePath]) -> [RelativePath] {
    var result: [RelativePath] = []
    for root in roots.sorted() where result.last.map({ root != $0 && !root.isBelow($0) }) ?? true {
      result.append(root)
    }
    return result
  }

  private struct List {
    let isInclude: Bool
    let paths: PathList
  }

  /// NethServer's `/etc/backup-data.d/*.include` and `*.exclude`, where they exist.
  private static func backupLists(_ live: borrowing Folder) throws -> [List] {
    guard let path = RelativePath("etc/backup-data.d") else { return [] }
    guard let folder = try live.folderIfPresent(at: path) else { return [] }
    var lists: [List] = []
    for name in try folder.names() {
      let isInclude = name.bytes.suffix(8) == Array(".include".utf8)[...]
      guard isInclude || name.bytes.suffix(8) == Array(".exclude".utf8)[...] else { continue }
      let shownPath = "/etc/backup-data.d/\(name)"
      guard let file = try Trust.openIfPresent(name, in: folder, shownAs: shownPath) else { continue }
      lists.append(List(isInclude: isInclude, paths: try read(file, shownPath)))
    }
    return lists
  }

  private static func hookLists(_ live: borrowing Folder, _ variables: [String: String]) throws -> [List] {
    guard let path = RelativePath("etc/hotsync.d") else { return [] }
    // Files in memory: a dry run leaves no trace, and nobody else can write to them.
    let included = try Descriptor.memoryFile()
    let excluded = try Descriptor.memoryFile()
    let arguments = [included.number, excluded.number].map { "/proc/\(Environment.processID)/fd/\($0)" }
    let hooks = HookRunner(shownFolder: "/etc/hotsync.d", variables: variables)
    for outcome in try hooks.run(path, live: live, arguments: arguments, stopsAtFailure: true) where !outcome.succeeded
    {
      throw MasterError(
        .failed, "cannot run", "/etc/hotsync.d/\(outcome.name)", cause: outcome.cause,
        next: "mend it, or take it out of /etc/hotsync.d; it decides what is included")
    }
    return [
      List(isInclude: true, paths: try read(included, "what /etc/hotsync.d included")),
      List(isInclude: false, paths: try read(excluded, "what /etc/hotsync.d excluded")),
    ]
  }

  private static func read(_ file: borrowing Descriptor, _ source: String) throws -> PathList {
    // Most are empty or short: room for the longest would cost each cycle some milliseconds.
    let room = Int(min(try file.status().size, UInt64(PathList.maximumBytes))) + 1
    var bytes = [UInt8](repeating: 0, count: room)
    var count = try file.read(into: &bytes, count: room, at: 0)
    if count == room, room <= PathList.maximumBytes {
      // It grew meanwhile.
      bytes = [UInt8](repeating: 0, count: PathList.maximumBytes + 1)
      count = try file.read(into: &bytes, count: bytes.count, at: 0)
    }
    return try PathList.parse(bytes[..<count], source: source)
  }
}

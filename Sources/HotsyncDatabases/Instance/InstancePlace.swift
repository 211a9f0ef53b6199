import Glibc
import HotsyncSystem

/// The folder of a private instance: who may use it, where its socket is, and what a killed run left in it.
///
/// Its files: `lock`, `data/`, `socket/`, `server.log`, and what the engine adds. It belongs to the server's user, so
/// that nothing in it is trusted: links are not followed, and a process id counts only where the process is that
/// server.
final class InstancePlace {
  let path: String
  /// Whose rights the server has; nil for our own.
  let user: UserAccount?
  private var lock: HeldLock?

  init(_ path: String, user: UserAccount?) {
    self.path = path
    self.user = user
  }

  var data: String { "\(path)/data" }
  var log: String { "\(path)/server.log" }

  /// A socket's path has room for 107 bytes (unix(7)); this much is left for its name.
  private static let longestSocketFolder = 85

  /// The folder of the socket as servers and clients are told it: by a short link where the real path is too long.
  var socketFolder: String {
    let own = "\(path)/socket"
    return own.utf8.count <= InstancePlace.longestSocketFolder ? own : "\(InstancePlace.shortFolder)/\(shortName)"
  }

  private static var shortFolder: String {
    Environment.isRoot ? "/run/hotsync-instances" : "/tmp/hotsync-instances-\(Environment.userID)"
  }

  /// Of the path alone, so that every run finds the same (FNV-1a, 64 bits; two instances that meet in one name would
  /// only not start).
  private var shortName: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }

  // MARK: Taking it

  /// Makes the folder, closed to all but the server's user, and takes its lock.
  ///
  /// - Throws: `.busy` where another run has it.
  func take() throws(DatabaseError) {
    guard lock == nil else { return }
    guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"),
      let name = FileName(String(path[path.index(after: slash)...]))
    else {
      throw DatabaseError(
        .bug, "cannot use", shown(Array(path.utf8)), cause: "it is not an absolute path", next: "report this")
    }
    let above = String(path[..<slash])
    try DatabaseError.telling { () throws(SystemError) in
      let folder = try Folder.open(above.isEmpty ? "/" : above).makeOrOpenFolder(name)
      try prepare(folder.descriptor)
      let sockets = try folder.makeOrOpenFolder(.ours("socket"))
      try prepare(sockets.descriptor)
      let file = try folder.open(.ours("lock"), [.writing, .creating], permissions: 0o600)
      guard let held = try HeldLock(file) else { return }
      lock = held
      try linkSocketFolder()
    }
    guard lock != nil else {
      throw DatabaseError(
        .busy, "cannot use", path, cause: "another run of HotSync has this private server",
        next: "wait until it has ended")
    }
    if let user { try Passage.open(above, to: user.number) }
  }

  private func prepare(_ folder: borrowing Descriptor) throws(SystemError) {
    if let user {
      let status = try folder.status()
      if status.owner != user.number || status.group != user.group {
        try folder.setOwner(user.number, group: user.group)
      }
    }
    try folder.setOwnPermissions(0o700)
  }

  private func linkSocketFolder() throws(SystemError) {
    let own = "\(path)/socket"
    guard socketFolder != own, let slash = InstancePlace.shortFolder.lastIndex(of: "/") else { return }
    let short = InstancePlace.shortFolder
    let above = try Folder.open(slash == short.startIndex ? "/" : String(short[..<slash]))
    let folder = try above.makeOrOpenFolder(.ours(String(short[short.index(after: slash)...])), permissions: 0o755)
    // In /tmp somebody else may have made it first.
    guard try folder.descriptor.status().owner == Environment.userID else {
      throw SystemError(number: EACCES, operation: "cannot use", subject: short)
    }
    try folder.descriptor.setOwnPermissions(0o755)
    try folder.unlinkIfPresent(.ours(shortName))
    try folder.makeSymbolicLink(.ours(shortName), to: Array(own.utf8))
  }

  func giveUp() { lock = nil }

  func open() throws(DatabaseError) -> Folder {
    try DatabaseError.telling { () throws(SystemError) in try Folder.open(path) }
  }

  // MARK: Its server

  /// Ends a server that a killed run left: first in order, then at once.
  ///
  /// - Parameters:
  ///   - pidFile: relative to the folder.
  ///   - mark: an argument that only this instance's server has.
  func endLeftover(pidFile: String, mark: String, signal: Int32) throws(DatabaseError) {
    guard let process = leftover(pidFile, mark) else { return }
    kill(process, signal)
    let clocks = Clocks.system
    let start = clocks.elapsed()
    while leftover(pidFile, mark) == process {
      if clocks.elapsed() - start > .seconds(60) { kill(process, SIGKILL) }
      guard clocks.elapsed() - start < .seconds(90) else {
        throw DatabaseError(
          .busy, "cannot end", "the server that a former run left",
          cause: "process \(process) does not end", next: "look at it: ps -fp \(process)")
      }
      Worker.pause(.milliseconds(50))
    }
  }

  /// The server's user can write anything into that file: the process must be one that runs on this very folder, too.
  private func leftover(_ pidFile: String, _ mark: String) -> Int32? {
    guard let relative = RelativePath(pidFile),
      let bytes = try? Folder.open(path).openRegular(at: relative).readAll(limit: 4_096),
      let line = bytes.split(separator: UInt8(ascii: "\n")).first,
      let process = Int32(String(decoding: line, as: UTF8.self)), process > 1,
      let arguments = try? Descriptor.open("/proc/\(process)/cmdline").readAll(limit: 1 << 20),
      arguments.split(separator: 0).contains(where: { $0.elementsEqual(mark.utf8) })
    else { return nil }
    return process
  }

  /// Starts the server with its output in the log, which begins anew.
  func start(_ server: Client, _ arguments: [String]) throws(DatabaseError) -> ChildProcess {
    let (program, vector) = server.call(arguments)
    return try DatabaseError.telling { () throws(SystemError) in
      let folder = try Folder.open(path)
      try folder.unlinkIfPresent(.ours("server.log"))
      let log = try folder.open(.ours("server.log"), [.writing, .exclusively, .appending], permissions: 0o600)
      return try ChildProcess.start(
        program, vector, environment: server.environment, input: try Descriptor.open("/dev/null"), output: log,
        errors: log)
    }
  }

  /// The last of what the server logged that tells of an error.
  func lastWords() -> String {
    guard let log = try? Folder.open(path).openRegular(.ours("server.log")), let size = try? log.status().size else {
      return ""
    }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let count = (try? log.read(into: &buffer, count: buffer.count, at: size - min(size, UInt64(buffer.count)))) ?? 0
    let lines = shownLines(buffer.prefix(count))
    let errors = lines.filter { $0.contains("[ERROR]") || $0.contains("FATAL:") || $0.contains("PANIC:") }
    return String((errors.isEmpty ? lines : errors).suffix(2).joined(separator: "; ").prefix(500))
  }

  // MARK: A load under way

  /// Whether a load is half done, and what it was about: written before the first change, removed after the last.
  func loading() throws(DatabaseError) -> [UInt8]? {
    try DatabaseError.telling { () throws(SystemError) in
      try Folder.open(path).content(of: .ours("loading"), limit: 4_096)
    }
  }

  func noteLoading(_ text: String) throws(DatabaseError) {
    try DatabaseError.telling { () throws(SystemError) in
      try Folder.open(path).replace(.ours("loading"), with: Array(text.utf8))
    }
  }

  func endLoading() throws(DatabaseError) {
    try DatabaseError.telling { () throws(SystemError) in
      let folder = try Folder.open(path)
      try folder.unlinkIfPresent(.ours("loading"))
      try folder.synchronize()
    }
  }
}

extension FileName {
  /// A name of our own.
  static func ours(_ name: String) -> FileName {
    guard let name = FileName(name) else { preconditionFailure("\(name) is no name") }
    return name
  }
}

/// Runs the executables of a hook folder in name order, like run-parts(8): argument vectors and a clean environment, never a
/// shell, each within a time limit after which its whole process group is ended.
public struct HookRunner: Sendable {
  /// As the operator knows it: `/etc/hotsync/pre-sync.d`.
  public let shownFolder: String
  private let variables: [String: String]
  private let limit: Duration

  public init(shownFolder: String, variables: [String: String], limit: Duration = .seconds(600)) {
    self.shownFolder = shownFolder
    self.variables = variables
    self.limit = limit
  }

  /// How one of them ended.
  public struct Outcome: Sendable {
    public let name: FileName
    /// Nil where it did not end in time.
    public let ending: ChildProcess.Ending?
    /// The last of what it printed.
    public let output: String

    public var succeeded: Bool { ending?.succeeded == true }
    /// Why it counts as failed.
    public var cause: String {
      let words = output.isEmpty ? "" : ": \(output)"
      switch ending {
      case .exited(let code): return "it ended with code \(code)\(words)"
      case .killed(let signal): return "signal \(signal) ended it\(words)"
      case nil: return "it did not end in time\(words)"
      }
    }
  }

  /// - Parameter live: the root that the folder lies below.
  /// - Returns: nothing where there is no such folder.
  public func run(
    _ path: RelativePath, live: borrowing Folder, arguments: [String] = [], stopsAtFailure: Bool
  ) throws -> [Outcome] {
    var outcomes: [Outcome] = []
    guard let folder = try HookRunner.folder(path, live, shownFolder) else { return [] }
    for name in try list(in: folder) {
      let outcome = try start(name, folder, arguments)
      outcomes.append(outcome)
      if stopsAtFailure, !outcome.succeeded { break }
    }
    return outcomes
  }

  /// The executables that would run; one that others can write to is refused.
  public func list(_ path: RelativePath, live: borrowing Folder) throws -> [FileName] {
    guard let folder = try HookRunner.folder(path, live, shownFolder) else { return [] }
    return try list(in: folder)
  }

  /// One of them alone; nil where it is not there any more.
  public func run(_ name: FileName, of path: RelativePath, live: borrowing Folder) throws -> Outcome? {
    guard let folder = try HookRunner.folder(path, live, shownFolder), try list(in: folder).contains(name) else {
      return nil
    }
    return try start(name, folder, [])
  }

  private func list(in folder: borrowing Folder) throws -> [FileName] {
    var names: [FileName] = []
    for name in try folder.names() where HookRunner.isHookName(name) {
      guard let status = try folder.statusIfPresent(name) else { continue }
      let isExecutable = status.kind == .regular && status.permissions & 0o111 != 0
      // A link would run what it leads to: it is refused by name rather than passed over.
      guard isExecutable || status.kind == .symbolicLink else { continue }
      if try Trust.openIfPresent(name, in: folder, shownAs: "\(shownFolder)/\(name)") != nil { names.append(name) }
    }
    return names
  }

  private static func folder(
    _ path: RelativePath, _ live: borrowing Folder, _ shownFolder: String
  ) throws -> Folder? {
    guard let folder = try live.folderIfPresent(at: path) else { return nil }
    try Trust.require(try folder.descriptor.status(), shownAs: shownFolder, use: .configuration)
    return folder
  }

  /// The names that run-parts takes: letters, digits, `_`, `-`, and here `.` inside, but no editor's leftovers.
  private static func isHookName(_ name: FileName) -> Bool {
    guard name.bytes.first != UInt8(ascii: "."), name.bytes.last != UInt8(ascii: "~") else { return false }
    return name.bytes.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || Array("_-.".utf8).contains(byte)
    }
  }

  private func start(_ name: FileName, _ folder: borrowing Folder, _ arguments: [String]) throws -> Outcome {
    let nothing = try Descriptor.open("/dev/null")
    let output = try Descriptor.memoryFile()
    var environment = variables
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment["LC_ALL"] = "C.UTF-8"
    // By way of the descriptor that was checked: nobody can put another file there in between.
    let program = "/proc/\(Environment.processID)/fd/\(folder.descriptor.number)/\(name)"
    let child = try ChildProcess.start(
      program, arguments, environment: environment, input: nothing, output: output, errors: output)
    var ending = child.wait(atMost: limit)
    if ending == nil {
      child.signalGroup(ChildProcess.killNow)
      _ = child.wait()
      ending = nil
    }
    // What it left running in the background goes with it.
    child.signalGroup(ChildProcess.killNow)
    var tail = [UInt8](repeating: 0, count: 400)
    let size = try output.status().size
    let count = try output.read(into: &tail, count: tail.count, at: size - min(size, 400))
    let words = tail.prefix(count).split(separator: UInt8(ascii: "\n")).map { shown($0) }.joined(separator: "; ")
    return Outcome(name: name, ending: ending, output: words)
  }
}

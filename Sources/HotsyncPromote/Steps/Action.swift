import HotsyncSystem

/// One thing that a promotion does to the machine, as a value: `--check` prints it, the promotion writes it down and carries
/// it out, the rollback takes it back. Each can be carried out again after it was interrupted.
public enum Action: Codable, Hashable, Sendable {
  /// Makes a folder where there is none. Taken back: removed where it is empty and was made here.
  case makeFolder(LivePath, FileOwner)
  /// Makes a folder that holds what the promotion displaces: `--commit` removes it with all in it.
  case makeUndoFolder(LivePath)
  /// Gives a file this content whole; what stood there is kept, links included, and put back by the rollback.
  case write(LivePath, StoredBytes, FileOwner)
  /// Makes a symbolic link; what stood there is kept.
  case link(LivePath, target: StoredBytes)
  /// Removes a file or a link; it is kept.
  case remove(LivePath)
  /// Moves an entry to a name that is free.
  case move(LivePath, to: LivePath)
  /// Two entries of one file system change places.
  case exchange(LivePath, with: LivePath)
  /// Runs a program. In a root that is not the machine's own it is only told.
  case run(ProgramRun)
  /// What only the step itself knows how to do: `PromotionStep.carryOut` and `undo`.
  case own(OwnWork)
}

/// Mode and owner of what is written.
public struct FileOwner: Codable, Hashable, Sendable {
  public let mode: UInt16
  public let user: UInt32
  public let group: UInt32

  public init(mode: UInt16, user: UInt32 = 0, group: UInt32 = 0) {
    self.mode = mode
    self.user = user
    self.group = group
  }
}

/// A program with its arguments, and the one that takes back what it does.
public struct ProgramRun: Codable, Hashable, Sendable {
  /// Absolute, or a name that is looked for where the system's programs are.
  public let program: String
  public let arguments: [String]
  /// Program and arguments; empty where there is nothing to take back.
  public let undo: [String]
  /// After so many seconds its process group is ended.
  public let seconds: Int
  /// Its failure is told, and the promotion goes on.
  public let mayFail: Bool

  public init(
    _ program: String, _ arguments: [String], undo: [String] = [], seconds: Int = 120, mayFail: Bool = false
  ) {
    self.program = program
    self.arguments = arguments
    self.undo = undo
    self.seconds = seconds
    self.mayFail = mayFail
  }
}

/// Work that its step carries out in code of its own.
public struct OwnWork: Codable, Hashable, Sendable {
  /// Which work, for the step to tell.
  public let name: String
  /// All that it needs: after an interruption nothing else is there.
  public let values: [String: String]
  /// As it is shown: "announce 192.0.2.10 on eth0 (gratuitous ARP)".
  public let shown: String
  /// In a root that is not the machine's own it is only told.
  public let needsMachine: Bool
  /// Its failure is told, and the promotion goes on.
  public let mayFail: Bool

  public init(
    _ name: String, _ values: [String: String] = [:], shown: String, needsMachine: Bool, mayFail: Bool = false
  ) {
    self.name = name
    self.values = values
    self.shown = shown
    self.needsMachine = needsMachine
    self.mayFail = mayFail
  }
}

extension Action: CustomStringConvertible {
  /// The command that does the same, or words where there is none.
  public var description: String {
    switch self {
    case .makeFolder(let path, let owner): "mkdir -m \(String(owner.mode, radix: 8)) \(path)"
    case .makeUndoFolder(let path): "mkdir -m 700 \(path)"
    case .write(let path, let content, let owner):
      "write \(path) (\(content.bytes.count) bytes, mode \(String(owner.mode, radix: 8)))"
    case .link(let path, let target): "ln -sfn \(quotedForShell(shown(target.bytes))) \(path)"
    case .remove(let path): "rm \(path)"
    case .move(let path, let other): "mv -n \(path) \(other)"
    case .exchange(let path, let other): "exchange \(path) with \(other)"
    case .run(let run): ([run.program] + run.arguments).map(quotedForShell).joined(separator: " ")
    case .own(let work): work.shown
    }
  }

  /// Whether it is only told in a root that is not the machine's own.
  public var needsMachine: Bool {
    switch self {
    case .run: true
    case .own(let work): work.needsMachine
    default: false
    }
  }

  /// Its failure is told, and the promotion goes on.
  public var mayFail: Bool {
    switch self {
    case .run(let run): run.mayFail
    case .own(let work): work.mayFail
    default: false
    }
  }
}

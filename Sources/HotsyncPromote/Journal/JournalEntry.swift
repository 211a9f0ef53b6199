public import HotsyncSystem

/// What a promotion is, from its beginning on.
public struct PromotionStart: Codable, Hashable, Sendable {
  /// Of the connection's promotions, from 1.
  public let number: Int
  public let connection: String
  public let generation: UInt64
  /// As its facts name it; what the operator types.
  public let masterHost: String
  /// The epoch that the fence raises to.
  public let epoch: UInt64
  /// 16 bytes, in hexadecimal: who promoted.
  public let promoter: String
  public let options: PromotionOptions

  public init(
    number: Int, connection: String, generation: UInt64, masterHost: String, epoch: UInt64, promoter: String,
    options: PromotionOptions
  ) {
    self.number = number
    self.connection = connection
    self.generation = generation
    self.masterHost = masterHost
    self.epoch = epoch
    self.promoter = promoter
    self.options = options
  }
}

/// What an action's rollback needs to know of the moment before it.
public struct Before: Codable, Hashable, Sendable {
  /// Something stood at the path.
  public var wasThere = false
  /// Which inode stood at the path, and at the other one of two that change places or move: by them a half that was done is
  /// told from one that was not. Devices have other numbers after a boot, so these are left out.
  public var inode: UInt64?
  public var otherInode: UInt64?
  /// What stood there is kept under this name in the promotion's folder.
  public var kept: String?
  /// Of the folder that holds the path: its time of modification, in nanoseconds since 1970.
  public var folderTime: Int64?
  /// The same of the other path's folder, where there are two.
  public var otherFolderTime: Int64?

  public init() {}
}

/// A line of the journal.
public enum JournalEntry: Codable, Hashable, Sendable {
  case begun(PromotionStart)
  case decided(StepName, answers: [String: String])
  case planned(StepName, plan: StepPlan)
  case about(StepName, index: Int, before: Before)
  case done(StepName, index: Int, outcome: Outcome)
  case ended(StepName)
  /// All steps are done: this machine is the production machine.
  case opened
  /// The step that it is in is taken back, to be decided and planned anew.
  case reconsider(StepName)
  case forgotten(StepName)
  case rollback
  /// The action of that number was taken back.
  case undone(StepName, index: Int, outcome: Outcome)
  case rolledBack
  /// The undo area was given back: there is no way back any more.
  case committed
}

/// How an action went.
public struct Outcome: Codable, Hashable, Sendable {
  public enum Result: String, Codable, Sendable {
    case done
    /// It failed, and may.
    case failed
    /// This root is not the machine's own.
    case told
  }

  public let result: Result
  /// For the report: what it printed, or why it failed.
  public let words: String

  public init(_ result: Result, _ words: String = "") {
    self.result = result
    self.words = words
  }
}

/// An entry with its time.
public struct JournalLine: Codable, Hashable, Sendable {
  /// Milliseconds since 1970, UTC.
  public let time: Int64
  public let entry: JournalEntry

  public init(time: Timestamp, entry: JournalEntry) {
    self.time = time.seconds * 1_000 + Int64(time.nanoseconds / 1_000_000)
    self.entry = entry
  }

  public var moment: Timestamp {
    Timestamp(seconds: time / 1_000, nanoseconds: UInt32(max(0, time % 1_000)) * 1_000_000) ?? .zero
  }
}

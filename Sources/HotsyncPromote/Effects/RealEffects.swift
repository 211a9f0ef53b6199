import HotsyncSystem

/// The gate of a promotion: carries actions out below its root.
final class RealEffects: Effects {
  private let world: PromotionWorld
  private let person: any Operator
  private let promotion: Folder
  private let kept: KeptEntries
  /// Where programs lie that are named without a folder.
  private static let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

  var isReal: Bool { true }

  /// - Parameter promotion: its folder.
  init(_ world: PromotionWorld, person: any Operator, promotion: borrowing Folder) throws(PromoteError) {
    self.world = world
    self.person = person
    self.promotion = try PromoteError.telling { () throws(SystemError) in try promotion.duplicate() }
    kept = try PromoteError.telling { () throws(SystemError) in try KeptEntries(in: promotion) }
  }

  // MARK: Before

  func prepare(_ action: Action, _ name: String) throws(PromoteError) -> Before {
    try told(action) { () throws(SystemError) in
      switch action {
      case .makeFolder(let path, _), .makeUndoFolder(let path): return try look(at: path)
      case .write(let path, _, _), .link(let path, _), .remove(let path):
        var before = try look(at: path)
        guard before.wasThere else { return before }
        let parent = try self.parent(of: path)
        guard try parent.status(path.path.name).kind != .folder else {
          // EISDIR
          throw SystemError(number: 21, operation: "cannot write", subject: path.description)
        }
        try kept.keep(path.path.name, of: parent, as: FileName(checked: name))
        before.kept = name
        return before
      case .move(let path, let other):
        var before = try look(at: path)
        before.otherFolderTime = try look(at: other).folderTime
        return before
      case .exchange(let path, let other):
        var before = try look(at: path)
        let there = try look(at: other)
        before.otherInode = there.inode
        before.otherFolderTime = there.folderTime
        return before
      case .run, .own: return Before()
      }
    }
  }

  private func look(at path: LivePath) throws(SystemError) -> Before {
    var before = Before()
    let parent = try self.parent(of: path)
    before.folderTime = try parent.descriptor.status().modified.nanosecondsSince1970
    if let status = try parent.statusIfPresent(path.path.name) {
      before.wasThere = true
      before.inode = status.inode
    }
    return before
  }

  private func parent(of path: LivePath) throws(SystemError) -> Folder {
    try world.root.folder.parentFolder(of: path.path)
  }

  // MARK: Doing

  func carryOut(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome {
    if action.needsMachine, !world.isMachine { return Outcome(.told, action.description) }
    switch action {
    case .run(let run): return try carryOut(run.program, run.arguments, run)
    case .own(let work):
      do throws(PromoteError) { return Outcome(.done, try step.carryOut(work, world, person)) } catch {
        guard work.mayFail else { throw error }
        return Outcome(.failed, "\(error.operation) \(error.subject): \(error.cause)")
      }
    default:
      try told(action) { () throws(SystemError) in try change(action, before) }
      return Outcome(.done)
    }
  }

  private func change(_ action: Action, _ before: Before) throws(SystemError) {
    switch action {
    case .makeFolder(let path, let owner):
      let parent = try self.parent(of: path)
      guard !before.wasThere else { return }
      let folder = try parent.makeOrOpenFolder(path.path.name, permissions: 0o700)
      if Environment.isRoot { try folder.descriptor.setOwner(owner.user, group: owner.group) }
      try folder.descriptor.setPermissions(owner.mode)
      try parent.synchronize()
    case .makeUndoFolder(let path):
      let parent = try self.parent(of: path)
      _ = try parent.makeOrOpenFolder(path.path.name, permissions: 0o700)
      try parent.synchronize()
    case .write(let path, let content, let owner):
      try parent(of: path).put(content.bytes, owner, as: path.path.name)
    case .link(let path, let target):
      let parent = try self.parent(of: path)
      try parent.removeTree(Folder.aside)
      try parent.makeSymbolicLink(Folder.aside, to: target.bytes)
      try parent.rename(Folder.aside, into: parent, as: path.path.name)
      try parent.synchronize()
    case .remove(let path):
      let parent = try self.parent(of: path)
      try parent.unlinkIfPresent(path.path.name)
      try parent.synchronize()
    case .move(let path, let other): try move(path, to: other, before.inode)
    case .exchange(let path, let other): try exchange(path, with: other, before.inode, before.otherInode)
    case .run, .own: break
    }
  }

  private func move(_ path: LivePath, to other: LivePath, _ inode: UInt64?) throws(SystemError) {
    let from = try parent(of: path)
    let to = try parent(of: other)
    if try from.statusIfPresent(path.path.name) == nil, let there = try to.statusIfPresent(other.path.name),
      there.inode == inode
    {
      return
    }
    try from.renameWithoutReplacing(path.path.name, into: to, as: other.path.name)
    try from.synchronize()
    try to.synchronize()
  }

  /// - Parameter inode: of what stands at the first path, where they have not changed places yet.
  private func exchange(
    _ path: LivePath, with other: LivePath, _ inode: UInt64?, _ otherInode: UInt64?
  ) throws(SystemError) {
    let from = try parent(of: path)
    let to = try parent(of: other)
    let here = try from.status(path.path.name).inode
    if here == otherInode, try to.status(other.path.name).inode == inode { return }
    guard here == inode else {
      // ESTALE: neither of the two that are to change places.
      throw SystemError(number: 116, operation: "cannot exchange", subject: path.description)
    }
    try from.exchange(path.path.name, with: other.path.name, in: to)
    try from.synchronize()
    try to.synchronize()
  }

  // MARK: Taking back

  func undo(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome {
    if action.needsMachine, !world.isMachine { return Outcome(.told) }
    switch action {
    case .run(let run):
      guard let program = run.undo.first else { return Outcome(.done) }
      return try carryOut(program, Array(run.undo.dropFirst()), run)
    case .own(let work):
      try step.undo(work, world)
      return Outcome(.done)
    default: return try told(action) { () throws(SystemError) in try undo(action, before) }
    }
  }

  private func undo(_ action: Action, _ before: Before) throws(SystemError) -> Outcome {
    switch action {
    case .makeFolder(let path, _):
      guard !before.wasThere else { return Outcome(.done) }
      let parent = try self.parent(of: path)
      do throws(SystemError) { try parent.removeFolder(path.path.name) } catch {
        // ENOTEMPTY: somebody put something in it meanwhile.
        if error.number == 39 { return Outcome(.failed, "\(path) stays: it is not empty any more") }
        guard error.isMissing else { throw error }
      }
      try giveBackTime(of: path, before)
    case .makeUndoFolder(let path):
      try parent(of: path).removeTree(path.path.name)
      try giveBackTime(of: path, before)
    case .write(let path, _, _), .link(let path, _), .remove(let path):
      let parent = try self.parent(of: path)
      if let name = before.kept {
        try kept.putBack(FileName(checked: name), as: path.path.name, in: parent)
      } else {
        try parent.unlinkIfPresent(path.path.name)
        try parent.synchronize()
      }
      try giveBackTime(of: path, before)
    case .move(let path, let other):
      // Where it was about to be moved and was not, it stands there still.
      if try parent(of: path).statusIfPresent(path.path.name)?.inode != before.inode {
        try move(other, to: path, before.inode)
      }
      try giveBackTimes(of: path, other, before)
    case .exchange(let path, let other):
      try exchange(path, with: other, before.otherInode, before.inode)
      try giveBackTimes(of: path, other, before)
    case .run, .own: break
    }
    return Outcome(.done)
  }

  /// The mirror's folders have their times as the catalog tells them: another one would count as damage.
  private func giveBackTimes(of path: LivePath, _ other: LivePath, _ before: Before) throws(SystemError) {
    if let time = before.otherFolderTime.map(Timestamp.init(nanosecondsSince1970:)) {
      try parent(of: other).descriptor.setModified(time)
    }
    try giveBackTime(of: path, before)
  }

  private func giveBackTime(of path: LivePath, _ before: Before) throws(SystemError) {
    guard let time = before.folderTime.map(Timestamp.init(nanosecondsSince1970:)) else { return }
    try parent(of: path).descriptor.setModified(time)
  }

  // MARK: Programs

  private func carryOut(_ program: String, _ arguments: [String], _ run: ProgramRun) throws(PromoteError) -> Outcome {
    let slash = program.lastIndex(of: "/")
    let folders = slash.map { [String(program[..<$0])] } ?? RealEffects.folders
    let name = slash.map { String(program[program.index(after: $0)...]) } ?? program
    let tool = Tool(name, in: folders, limit: .seconds(run.seconds))
    let command = ([program] + arguments).map(quotedForShell).joined(separator: " ")
    let failure: String
    do throws(SystemError) {
      let result = try tool.run(arguments, outputLimit: 256 << 10)
      if result.succeeded { return Outcome(.done, RealEffects.tail(shownLines(result.output))) }
      failure = RealEffects.tail(shownLines(result.output) + [result.failure])
    } catch { failure = error.cause }
    if run.mayFail { return Outcome(.failed, failure) }
    throw PromoteError(
      .failed, "cannot run", command, cause: failure,
      next: "mend that, then go on with hotsync-promote; or take all back: hotsync-promote --rollback")
  }

  private static func tail(_ lines: [String]) -> String { lines.suffix(10).joined(separator: "\n") }

  private func told<Result>(
    _ action: Action, _ body: () throws(SystemError) -> Result
  ) throws(PromoteError) -> Result {
    do throws(SystemError) { return try body() } catch {
      throw PromoteError(
        error.kind, "cannot carry out", "\"\(action)\"", cause: "\(error.operation) \(error.subject): \(error.cause)",
        next: "mend that, then go on with hotsync-promote; or take all back: hotsync-promote --rollback")
    }
  }
}

extension Timestamp {
  /// Within the years 1678 to 2262, which files of a living system have.
  var nanosecondsSince1970: Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow2) = product.addingReportingOverflow(Int64(nanoseconds))
    return overflow || overflow2 ? 0 : sum
  }

  init(nanosecondsSince1970 value: Int64) {
    var (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
    if rest < 0 {
      seconds -= 1
      rest += 1_000_000_000
    }
    self = Timestamp(seconds: seconds, nanoseconds: UInt32(rest)) ?? .zero
  }
}

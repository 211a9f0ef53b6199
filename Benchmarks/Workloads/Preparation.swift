import TestSupport

/// Makes what the workloads work on, and gives both sides what they have before.
final class Preparation {
  let ground: Ground
  /// What stands until all is over: removing a tree would slow what is timed next.
  private var trees: [AnyObject] = []
  /// Whether rsync copies, too.
  private let hasRsync: Bool

  init(_ ground: Ground, hasRsync: Bool = true) { (self.ground, self.hasRsync) = (ground, hasRsync) }

  /// A tree as a server has it, new. What W1 leaves both sides is what W2 and W3 begin with.
  func tree() throws -> (files: ManyFiles, exercise: InitialCopy) {
    let subject = "\(ground.sizes.files) files"
    let arena = try Arena(ground)
    var files = ManyFiles(arena.source, .served, ground.generator("tree"))
    ground.tell("making \(subject)")
    try files.make(count: ground.sizes.files)
    let exercise = InitialCopy(arena, "\(subject), new", .tree, keepsCopies: true)
    trees.append(exercise)
    return (files, exercise)
  }

  /// Tiny files of which none changes.
  func unchanged(files count: Int) throws -> Update {
    let arena = try Arena(ground)
    trees.append(arena)
    ground.tell("making \(count) tiny files")
    var files = ManyFiles(arena.source, .tiny, ground.generator("tiny"))
    try files.make(count: count)
    try copyBefore(arena)
    return Update(arena, "\(count) files, nothing changed", .tree, isVerifiedEachTime: false)
  }

  /// A file of which 1% is written over in pages.
  func patched(bytes: Int) throws -> Update {
    var random = ground.generator("image")
    return try largeFile("image", "\(gibibytes(bytes)) file, 1% in scattered pages of 4 KiB") {
      try LargeFile.makeRandom($0, bytes: bytes, random.split())
    } change: {
      try LargeFile.writePages($0, percent: 1, random.split())
    }
  }

  /// A dump of a table of which 0.5% of the rows change.
  func dumped(bytes: Int) throws -> Update {
    var dump = DatabaseDump(ground.generator("dump"))
    return try largeFile("dump.sql", "\(gibibytes(bytes)) SQL dump, 0.5% of its rows") {
      try dump.make($0, bytes: bytes)
    } change: {
      try dump.change($0)
    }
  }

  /// A disk image, mostly holes, of which 1 MiB changes. rsync would read all of its zeros, and is not asked.
  func sparse(bytes: Int) throws -> Update {
    let arena = try Arena(ground)
    let path = arena.source.path + "/image"
    var random = ground.generator("sparse")
    ground.tell("making \(gibibytes(bytes)), mostly holes")
    try LargeFile.makeSparse(path, bytes: bytes, random.split())
    try catchUp(arena)
    return Update(arena, "\(gibibytes(bytes)) sparse image, 1 MiB changed", .sparseFile("image")) {
      try LargeFile.writePieces(path, bytes: 1 << 20, random.split())
    }
  }

  /// A large file that was not there.
  func new(_ subject: String, make: (String) throws -> Void) throws -> InitialCopy {
    let arena = try Arena(ground)
    ground.tell("making \(subject)")
    try make(arena.source.path + "/file")
    return InitialCopy(arena, "\(subject), new", .largeFile("file"), keepsCopies: false)
  }

  /// Both sides get what there is. HotSync then has a cycle in which nothing changed: it doubts no time stamp any more.
  func copyBefore(_ arena: Arena) throws {
    ground.tell("the first copies")
    if hasRsync { _ = try arena.run(.rsync(RsyncWay(isWhole: true, cipher: .aes))) }
    try catchUp(arena)
  }

  private func catchUp(_ arena: Arena) throws {
    for _ in 0..<2 { _ = try arena.run(.hotsync(.ssh)) }
  }

  private func largeFile(
    _ name: String, _ subject: String, make: (String) throws -> Void, change: @escaping (String) throws -> Void
  ) throws -> Update {
    let arena = try Arena(ground)
    let path = arena.source.path + "/" + name
    ground.tell("making \(subject)")
    try make(path)
    try copyBefore(arena)
    return Update(arena, subject, .largeFile(name)) { try change(path) }
  }
}

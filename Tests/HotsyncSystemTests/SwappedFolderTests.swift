import HotsyncSystem
import TestSupport
import Testing

/// A call that is made in a folder which somebody swaps for a link between its being opened and the call.
struct FolderCall: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let needsRoot: Bool
  let run: @Sendable (borrowing Folder) throws -> Void

  init(_ name: String, needsRoot: Bool = false, _ run: @escaping @Sendable (borrowing Folder) throws -> Void) {
    testDescription = name
    self.needsRoot = needsRoot
    self.run = run
  }

  private static let attribute = ExtendedAttribute(name: Array("user.hotsync".utf8), value: [1])

  static let all: [FolderCall] = [
    FolderCall("mkdirat") { try $0.makeFolder(.of("new")) },
    FolderCall("mkdirat, or open what is there") { _ = try $0.makeOrOpenFolder(.of("folder")) },
    FolderCall("openat, to read") { _ = try $0.open(.of("file")).readAll(limit: 100) },
    FolderCall("openat, to write") { try $0.open(.of("file"), .writing).write([1]) },
    FolderCall("openat, to cut") { _ = try $0.open(.of("file"), [.writing, .creating, .truncating]) },
    FolderCall("openat, to make") { try $0.open(.of("new"), [.writing, .exclusively]).write([1]) },
    FolderCall("openat2") { try $0.open(at: .of("folder/file"), .readingAndWriting).write([1]) },
    FolderCall("getdents64") { _ = try $0.folder(.of("folder")).names() },
    FolderCall("statx") { _ = try $0.status(.of("file")) },
    FolderCall("chmod") { try $0.open(.of("file"), .nameOnly).setPermissions(0o4777) },
    FolderCall("chmod of a folder") { try $0.open(.of("folder"), [.nameOnly, .folder]).setPermissions(0o777) },
    FolderCall("fchownat", needsRoot: true) { try $0.open(.of("file"), .nameOnly).setOwner(65_534, group: 65_534) },
    FolderCall("utimensat") { try $0.open(.of("file"), .nameOnly).setModified(.zero) },
    FolderCall("setxattr") { try $0.open(.of("file"), .nameOnly).setExtendedAttribute(attribute) },
    FolderCall("listxattr, getxattr") { _ = try $0.open(.of("file"), .nameOnly).extendedAttributes() },
    FolderCall("removexattr") { try $0.open(.of("file"), .nameOnly).removeExtendedAttribute(named: attribute.name) },
    FolderCall("renameat") { try $0.rename(.of("file"), into: $0, as: .of("moved")) },
    FolderCall("renameat, over another") { try $0.rename(.of("other"), into: $0, as: .of("file")) },
    FolderCall("renameat2, without replacing") { try $0.renameWithoutReplacing(.of("file"), into: $0, as: .of("new")) },
    FolderCall("renameat2, exchanging") { try $0.exchange(.of("file"), with: .of("other"), in: $0) },
    FolderCall("unlinkat") { try $0.unlink(.of("file")) },
    FolderCall("unlinkat of a folder") { try $0.removeFolder(.of("empty")) },
    FolderCall("unlinkat of a whole tree") { try $0.removeTree(.of("folder")) },
    FolderCall("linkat") { try $0.link(.of("file"), into: $0, as: .of("new")) },
    FolderCall("symlinkat") { try $0.makeSymbolicLink(.of("new"), to: Array("file".utf8)) },
    FolderCall("a file replaced at once") { try $0.replace(.of("file"), with: [1]) },
  ]
}

/// Descriptors, not paths: who may rename folders or put links in their place moves nothing of what we do (one test for each
/// system call).
@Suite struct SwappedFolderTests {
  private struct Setting {
    let scratch: ScratchFolder
    let canary: Canary
    var home: String { scratch.path("home") }

    init() throws {
      scratch = try ScratchFolder("swapped")
      canary = try Canary(at: scratch.path("outside"))
      _ = try scratch.makeFolder("home/empty")
      for name in Canary.names { try Place(path: scratch.path("home")).write("mine", to: name) }
      try Place(path: scratch.path).makeSymbolicLink("lure", to: scratch.path("outside"))
    }
  }

  @Test(
    "a folder that is swapped for a link once it is open stays the one that is worked in", arguments: FolderCall.all)
  func swappedBelowUs(_ call: FolderCall) throws {
    guard Environment.isRoot || !call.needsRoot else { return }
    let setting = try Setting()
    let held = try Folder.open(setting.home)
    #expect(SwappedNames("home", "lure", in: setting.scratch.path).swap())
    try call.run(held)
    #expect(try setting.canary.touches() == [])
  }

  @Test(
    "a name that is swapped for a link leads nowhere: the call fails, or is done to the link", arguments: FolderCall.all
  )
  func swappedEntry(_ call: FolderCall) throws {
    guard Environment.isRoot || !call.needsRoot else { return }
    let setting = try Setting()
    let home = Place(path: setting.home)
    for name in ["file", "other", "folder", "empty", "new"] {
      try home.remove(name)
      try home.makeSymbolicLink(name, to: "../outside/\(name)")
    }
    try? call.run(try Folder.open(setting.home))
    #expect(try setting.canary.touches() == [])
  }

  @Test("while names change places all the time, each call is done to ours or not at all", arguments: FolderCall.all)
  func swappedMeanwhile(_ call: FolderCall) throws {
    guard Environment.isRoot || !call.needsRoot else { return }
    let setting = try Setting()
    let home = Place(path: setting.home)
    var pairs = [SwappedNames("home", "lure", in: setting.scratch.path)]
    for name in ["file", "folder", "empty"] {
      try home.makeSymbolicLink("\(name).lure", to: setting.scratch.path("outside/\(name)"))
      pairs.append(SwappedNames(name, "\(name).lure", in: setting.scratch.path, below: "home"))
    }
    let held = try Folder.open(setting.home)
    _ = try whileSwapping(pairs) { for _ in 0..<60 { try? call.run(held) } }
    let touches = try setting.canary.touches()
    #expect(touches == [])
  }
}

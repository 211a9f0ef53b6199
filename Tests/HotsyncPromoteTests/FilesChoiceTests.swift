import HotsyncSystem
import Testing

@testable import HotsyncPromote

@Suite struct FilesChoiceTests {
  private func root(
    _ name: String = "srv", files: UInt64 = 10, bytes: UInt64 = 1_000, canExchange: Bool = true, free: UInt64 = 1 << 40
  ) throws -> RootPlan {
    RootPlan(
      path: try #require(RelativePath(name)), files: files, bytes: bytes, isThere: true, isMountPoint: false,
      canExchange: canExchange, free: free, mountedBelow: nil)
  }

  private let large: UInt64 = 1 << 40

  @Test("without an older generation nothing is lost by an exchange")
  func noHistory() throws {
    let choice = FilesChoice.decide([try root(bytes: large)], wanted: nil, older: [], snapshots: [])
    #expect(choice.way == .exchange && choice.givenUp == [])
  }

  @Test("what is copied quickly is copied, and what is not is exchanged by name")
  func quick() throws {
    let small = FilesChoice.decide([try root()], wanted: nil, older: [1, 2], snapshots: [])
    #expect(small.way == .copy && small.givenUp == [])
    let slow = FilesChoice.decide([try root(bytes: large)], wanted: nil, older: [1, 2], snapshots: [])
    #expect(slow.way == .exchange && slow.givenUp == [1, 2] && !slow.mustBeAccepted)
  }

  @Test("snapshots are never given up without a word: copied where there is room, else refused")
  func snapshots() throws {
    let kept = FilesChoice.decide([try root(bytes: large, free: large * 2)], wanted: nil, older: [1], snapshots: ["a"])
    #expect(kept.way == .copy)
    let tight = FilesChoice.decide([try root(bytes: large, free: 1)], wanted: nil, older: [1], snapshots: ["a"])
    #expect(tight.way == .exchange && tight.mustBeAccepted)
    let said = FilesChoice.decide([try root(bytes: large, free: 1)], wanted: .exchange, older: [1], snapshots: ["a"])
    #expect(said.way == .exchange && !said.mustBeAccepted)
  }

  @Test("roots on another file system than the store are copied, whatever was said")
  func otherFileSystem() throws {
    let roots = [try root("srv", canExchange: false), try root("home")]
    let choice = FilesChoice.decide(roots, wanted: .exchange, older: [1], snapshots: [])
    #expect(choice.applied(to: roots).map(\.way) == [.copy, .exchange])
    let none = FilesChoice.decide([roots[0]], wanted: .exchange, older: [1], snapshots: [])
    #expect(none.way == .copy && none.givenUp == [])
  }
}

import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import Testing

@testable import HotsyncMaster

@Suite struct ProvidedStepsTests {
  private let key: HashKey

  init() throws { key = try #require(HashKey(bytes: [UInt8](repeating: 3, count: HashKey.byteCount))) }

  private func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

  private func record(_ text: String, _ content: String? = nil) throws -> Record {
    let owner = try #require(Owner(id: 0, name: []))
    let metadata = Metadata(
      permissions: content == nil ? 0o700 : 0o600, owner: owner, group: owner, modified: .zero, attributes: [])
    let kind: HotsyncCatalog.Content =
      content.map { .regular(size: UInt64($0.utf8.count), digest: ContentDigest.of(Array($0.utf8), key: key)) }
      ?? .folder
    return Record(path: try path(text), content: kind, metadata: metadata)
  }

  /// `+` what is brought, `-` what goes.
  private func plan(_ provided: Provided, _ old: [Record], damaged: Set<RelativePath> = []) -> [String] {
    ProvidedSteps(provided, against: old, key: key, damaged: damaged).steps.map { step in
      if case .nothing = step.wanted { "-\(step.path)" } else { "+\(step.path)" }
    }
  }

  private func full() throws -> [Record] {
    [
      try record(".hotsync"), try record(".hotsync/dumps"), try record(".hotsync/dumps/x"),
      try record(".hotsync/dumps/x/a.sql", "rows"), try record(".hotsync/facts"),
      try record(".hotsync/facts/machine.json", "{}"),
    ]
  }

  @Test("folders come before what they hold, and bytes that are as they were make no step")
  func bytes() throws {
    var provided = Provided()
    provided.files[try path(".hotsync/facts/machine.json")] = .bytes(Array("{}".utf8))
    #expect(
      plan(provided, []).map { $0.filter { $0 != "/" } } == [
        "+.hotsync", "+.hotsyncfacts", "+.hotsyncfactsmachine.json",
      ])
    let old = [try record(".hotsync"), try record(".hotsync/facts"), try record(".hotsync/facts/machine.json", "{}")]
    #expect(plan(provided, old) == [])
    #expect(plan(provided, old, damaged: [try path(".hotsync/facts/machine.json")]).count == 1)
    provided.files[try path(".hotsync/facts/machine.json")] = .bytes(Array("{ }".utf8))
    #expect(plan(provided, old).count == 1)
  }

  @Test("what nobody wants any more goes, with its folders")
  func gone() throws {
    let steps = plan(Provided(), try full())
    #expect(steps.count == 6 && steps.allSatisfy { $0.hasPrefix("-") })
  }

  @Test("what cannot be known now stays with the folders above it, and the rest is as ever")
  func unknown() throws {
    var provided = Provided()
    provided.unknown = [try path(".hotsync/dumps/x")]
    let steps = plan(provided, try full()).map { $0.filter { $0 != "/" } }
    #expect(steps == ["-.hotsyncfacts", "-.hotsyncfactsmachine.json"])
  }

  @Test("an engine without a sign of it is told where the catalog has dumps of it, and nowhere else")
  func absent() throws {
    var provided = Provided()
    let problem = Problem(code: "x", message: "", nextStep: "", leftOut: true)
    provided.absent = [(try path(".hotsync/dumps/x"), problem)]
    #expect(ProvidedSteps(provided, against: try full(), key: key, damaged: []).problems.count == 1)
    #expect(ProvidedSteps(provided, against: [], key: key, damaged: []).problems.isEmpty)
    let folders = Array(try full().prefix(3))
    let steps = ProvidedSteps(provided, against: folders, key: key, damaged: [])
    #expect(steps.problems.isEmpty && steps.steps.count == 3)
  }

  @Test("a search stays within the base and the largest window, wherever it was lost")
  func search() {
    for size in [1, 1 << 20, 200 << 20, 1 << 40] as [UInt64] {
      var search = StreamSearch(baseSize: size)
      var offset: UInt64 = 0
      for round in 0..<200 {
        let base = search.base(of: offset)
        #expect(base.end <= size && base.length <= Limits.deltaWindow)
        if round % 7 == 0, base.length > 0 { search.note(found: base.offset, length: 1, at: offset) }
        search.adapt(found: round % 7 == 0 ? 32 << 20 : 0, of: 32 << 20)
        offset += 32 << 20
      }
    }
  }
}

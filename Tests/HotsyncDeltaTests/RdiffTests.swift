import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

/// Debian's own tool over the same library must understand what we write, and we what it writes.
@Suite("interoperation with rdiff", .enabled(if: (try? RunningProgram.run("rdiff", ["--version"]))?.exitCode == 0))
struct RdiffTests {
  private func rdiff(_ options: [String], _ files: [String], in folder: ScratchFolder) throws {
    let result = try RunningProgram.run("rdiff", options + files.map { folder.path($0) })
    #expect(result.exitCode == 0, "rdiff \(options) \(files): \(result)")
  }

  private func content(_ name: String, in folder: ScratchFolder) throws -> [UInt8] {
    try #require(try folder.folder.content(of: .of(name), limit: 1 << 20))
  }

  private func versions() -> (old: [UInt8], new: [UInt8]) {
    var random = SeededGenerator(seed: 11)
    let old = random.bytes(100_000)
    var new = old
    new.insert(contentsOf: random.bytes(100), at: 30_000)
    new[80_000] ^= 1
    return (old, new)
  }

  @Test("rdiff makes a delta from our signature, and we patch with it")
  func ourSignature() throws {
    let (old, new) = versions()
    let folder = try ScratchFolder("rdiff")
    let signature = try signature(of: [old], SignatureParameters(size: 100_000))
    try folder.write(signature, to: "signature")
    try folder.write(new, to: "new")
    try rdiff(["delta"], ["signature", "new", "delta"], in: folder)
    let delta = try content("delta", in: folder)
    #expect(delta.count < 10_000)
    #expect(try patch(old, [delta], size: new.count) == new)
  }

  @Test("we make a delta from rdiff's signature, and rdiff patches with it", arguments: ["rollsum", "rabinkarp"])
  func theirSignature(rollingSum: String) throws {
    let (old, new) = versions()
    let folder = try ScratchFolder("rdiff")
    try folder.write(old, to: "old")
    try rdiff(["-H", "blake2", "-R", rollingSum, "signature"], ["old", "signature"], in: folder)
    let signature = try content("signature", in: folder)
    let delta = try delta(signature, to: [new])
    #expect(delta.count < 10_000)
    try folder.write(delta, to: "delta")
    try rdiff(["patch"], ["old", "delta", "new"], in: folder)
    #expect(try content("new", in: folder) == new)
  }

  @Test("rdiff's MD4 signature is refused")
  func md4() throws {
    let folder = try ScratchFolder("rdiff")
    try folder.write([1, 2, 3], to: "old")
    try rdiff(["-H", "md4", "signature"], ["old", "signature"], in: folder)
    let signature = try content("signature", in: folder)
    #expect(throws: DeltaError.self) { _ = try load(signature) }
  }
}

import Foundation
import HotsyncDelta
import HotsyncSystem
import Testing

/// Debian's own tool over the same library must understand what we write, and we what it writes.
@Suite("interoperation with rdiff", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/rdiff")))
struct RdiffTests {
  /// Runs in a folder of its own, which is gone afterwards.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hotsync-rdiff-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func rdiff(_ arguments: [String], in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/rdiff")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "rdiff \(arguments)")
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
    try withFolder { folder in
      let signature = try signature(of: [old], SignatureParameters(size: 100_000))
      try Data(signature).write(to: folder.appending(path: "signature"))
      try Data(new).write(to: folder.appending(path: "new"))
      try rdiff(["delta", "signature", "new", "delta"], in: folder)
      let delta = Array(try Data(contentsOf: folder.appending(path: "delta")))
      #expect(delta.count < 10_000)
      #expect(try patch(old, [delta], size: new.count) == new)
    }
  }

  @Test("we make a delta from rdiff's signature, and rdiff patches with it", arguments: ["rollsum", "rabinkarp"])
  func theirSignature(rollingSum: String) throws {
    let (old, new) = versions()
    try withFolder { folder in
      try Data(old).write(to: folder.appending(path: "old"))
      try rdiff(["-H", "blake2", "-R", rollingSum, "signature", "old", "signature"], in: folder)
      let signature = Array(try Data(contentsOf: folder.appending(path: "signature")))
      let delta = try delta(signature, to: [new])
      #expect(delta.count < 10_000)
      try Data(delta).write(to: folder.appending(path: "delta"))
      try rdiff(["patch", "old", "delta", "new"], in: folder)
      #expect(Array(try Data(contentsOf: folder.appending(path: "new"))) == new)
    }
  }

  @Test("rdiff's MD4 signature is refused")
  func md4() throws {
    try withFolder { folder in
      try Data([1, 2, 3]).write(to: folder.appending(path: "old"))
      try rdiff(["-H", "md4", "signature", "old", "signature"], in: folder)
      let signature = Array(try Data(contentsOf: folder.appending(path: "signature")))
      #expect(throws: DeltaError.self) { _ = try load(signature) }
    }
  }
}

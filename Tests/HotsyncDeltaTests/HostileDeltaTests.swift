import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("hostile deltas")
struct HostileDeltaTests {
  private let magic: [UInt8] = [0x72, 0x73, 0x02, 0x36]
  private let old = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  /// Why the delta is refused, and how much came out before; nil kind where it is not.
  private func apply(_ delta: [UInt8], size: UInt64, step: Int = .max) throws(DeltaError) -> (FailureKind?, [UInt8]) {
    var job = try PatchJob(baseSize: UInt64(old.count), outputSize: size)
    var output: [UInt8] = []
    var outside = false
    let read: PatchJob.BaseReader = { (offset, length) throws(DeltaError) in
      outside = outside || offset > 1000 || UInt64(length) > 1000 - offset
      return Array(old[Int(offset)..<Int(offset) + length])
    }
    do throws(DeltaError) {
      var rest = delta[...]
      while !rest.isEmpty {
        try job.update(Array(rest.prefix(step)), base: read) { output += $0 }
        rest = rest.dropFirst(step)
      }
      try job.finish(base: read) { output += $0 }
    } catch {
      #expect(UInt64(output.count) <= size)
      return (error.kind, output)
    }
    #expect(!outside)
    return (nil, output)
  }

  @Test("every form of command is understood")
  func commands() throws {
    let literals: [UInt8] = [2, 8, 9, 65, 1, 7, 66, 0, 1, 7, 67, 0, 0, 0, 1, 7, 68, 0, 0, 0, 0, 0, 0, 0, 1, 7]
    #expect(try apply(magic + literals + [0], size: 6) == (nil, [8, 9, 7, 7, 7, 7]))
    for code in 69...84 as ClosedRange<UInt8> {
      let position = [UInt8](repeating: 0, count: (1 << Int((code - 69) / 4)) - 1) + [3]
      let length = [UInt8](repeating: 0, count: (1 << Int((code - 69) % 4)) - 1) + [2]
      let delta = magic + [code] + position + length + [0]
      #expect(try apply(delta, size: 2, step: 1) == (nil, Array(old[3..<5])), "command \(code)")
    }
  }

  @Test("an output bomb is refused before a byte comes out")
  func bomb() throws {
    let huge: [UInt8] = [0x7F, 255, 255, 255, 255, 255, 255, 255]
    for length in [huge, [0x80, 0, 0, 0, 0, 0, 0, 0], [UInt8](repeating: 255, count: 8)] {
      #expect(try apply(magic + [72, 0] + length + [0], size: 100) == (.damaged, []))
      #expect(try apply(magic + [68] + length + [1, 2, 3, 0], size: 100) == (.damaged, []))
    }
    let copies = [[UInt8]](repeating: [70, 0, 3, 232], count: 1000).flatMap { $0 }
    var job = try PatchJob(baseSize: 1000, outputSize: 2500)
    var reads = 0
    #expect(throws: DeltaError.self) {
      try job.update(
        magic + copies,
        base: { (_, length) throws(DeltaError) in
          reads += 1
          return [UInt8](repeating: 0, count: length)
        }, into: { _ in })
    }
    #expect(reads == 0)
    let (kind, output) = try apply(magic + copies + [0], size: 2500, step: 4)
    #expect(kind == .damaged)
    #expect(output.count == 2000)
  }

  @Test("COPY beyond the base is refused, also where position and length overflow together")
  func beyondBase() throws {
    let most = [UInt8](repeating: 255, count: 8)
    #expect(try apply(magic + [70, 0, 3, 232, 0], size: 1000) == (nil, old))
    let commands: [[UInt8]] = [
      [70, 1, 3, 232], [74, 3, 233, 0, 1], [73, 3, 232, 1], [84] + most + most, [81] + most + [2],
    ]
    for command in commands {
      #expect(try apply(magic + command + [0], size: 1000).0 == .damaged, "\(command)")
    }
  }

  @Test("less or more than was announced, empty and reserved commands, and bytes after the end are refused")
  func wrong() throws {
    let wrong: [[UInt8]] = [
      [0], [2, 1, 2, 0], [4, 1, 2, 3, 4, 0], [65, 0, 3, 1, 2, 3, 0], [69, 0, 0, 3, 1, 2, 3, 0], [3, 1, 2, 3, 0, 0],
      [85], [255], [3, 1, 2, 3, 85], [1, 9, 65, 0, 2, 1, 2, 0], [1, 9, 69, 0, 0, 2, 1, 2, 0],
    ]
    #expect(try apply(magic + [3, 1, 2, 3, 0], size: 3) == (nil, [1, 2, 3]))
    for commands in wrong {
      #expect(try apply(magic + commands, size: 3) == (.damaged, []), "\(commands)")
      #expect(try apply(magic + commands, size: 3, step: 1).0 == .damaged, "\(commands)")
    }
    for unfinished in [[3, 1, 2, 3], [3, 1, 2]] as [[UInt8]] {
      #expect(try apply(magic + unfinished, size: 3).0 == .damaged)
    }
    #expect(try apply([0x72, 0x73, 0x01, 0x47, 3, 1, 2, 3, 0], size: 3).0 == .damaged)
    #expect(throws: DeltaError.self) { _ = try PatchJob(baseSize: 1 << 63, outputSize: 0) }
    #expect(throws: DeltaError.self) { _ = try PatchJob(baseSize: 0, outputSize: .max) }
  }

  @Test("cut at every byte it is refused")
  func cut() throws {
    var new = old
    new.insert(contentsOf: [1, 2, 3], at: 500)
    let whole = try delta(try signature(of: [old], SignatureParameters(blockLength: 64, strongLength: 8)!), to: [new])
    #expect(try apply(whole, size: 1003) == (nil, new))
    for count in 0..<whole.count {
      #expect(try apply(Array(whole[..<count]), size: 1003).0 == .damaged, "\(count) bytes")
    }
  }

  @Test("random and mutated bytes never trap and never make more than announced", arguments: 0..<60 as Range<UInt64>)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var new = old
    new[100] ^= 1
    let whole = try delta(try signature(of: [old], SignatureParameters(blockLength: 64, strongLength: 8)!), to: [new])
    for _ in 0..<50 {
      var mutated = Bool.random(using: &random) ? whole : magic + random.bytes(60)
      for _ in 0..<2 { mutated[Int.random(in: 0..<mutated.count, using: &random)] = random.bytes(1)[0] }
      let (kind, output) = try apply(mutated, size: 1000, step: Int.random(in: 1...100, using: &random))
      #expect(kind == .damaged || (kind == nil && output.count == 1000), "seed \(seed)")
    }
  }
}

import Glibc
import HotsyncSystem
import TestSupport

/// A restore that was stopped in its middle.
struct SimulatedReader {
  let generation: UInt64
  let program: RunningProgram
  let target: String
  let copy: TreeSnapshot
}

/// Restores: whole, of single paths, and such that are stopped and go on later.
extension Simulation {
  private static let mostReaders = 3

  private func words(_ generation: UInt64, to target: String) -> [String] {
    ["restore", "--root", pair.slave, "--generation", "\(generation)", "--to", target, "--json"]
  }

  private func copy(_ generation: UInt64) throws -> TreeSnapshot {
    guard let copy = past.copies[generation] else { throw SupportError("no copy of generation \(generation)") }
    return copy
  }

  private func compare(_ copy: TreeSnapshot, in target: String, _ what: String) throws {
    let differences = copy.differences(to: try TreeSnapshot(of: "\(target)/srv/data"))
    guard differences.isEmpty else { throw SupportError("\(what) is another tree: \(differences)") }
  }

  // MARK: Readers

  func startReader() throws {
    guard readers.count < Simulation.mostReaders, let generation = random.element(past.kept) else { return }
    let point = random.chance(500) ? "read" : "look"
    let variables = ["HOTSYNC_STOP_AT": "\(point):\(1 + random.logarithmicSize(maximum: 120))"]
    note("  of \(generation) \(variables)")
    let target = pair.scratch.path("reader-\(random.next())")
    let program = try RunningProgram(
      "hotsync-slave", words(generation, to: target), environment: variables)
    let reader = SimulatedReader(
      generation: generation, program: program, target: target, copy: try copy(generation))
    guard try program.wait(until: { isStopped(program.processID) }, limit: .seconds(60)) else {
      // It did not come as far.
      return try finish(reader)
    }
    readers.append(reader)
    past.read.append(generation)
  }

  func endReader() throws {
    guard !readers.isEmpty else { return }
    let reader = readers.remove(at: random.below(readers.count))
    note("  of \(reader.generation)")
    if let place = past.read.firstIndex(of: reader.generation) { past.read.remove(at: place) }
    if random.chance(150) {
      reader.program.kill()
      _ = try reader.program.wait()
      return try remove(reader)
    }
    reader.program.kill(SIGCONT)
    try finish(reader)
  }

  private func finish(_ reader: SimulatedReader) throws {
    let result = try reader.program.wait(limit: .seconds(120))
    guard result.exitCode == 0 else { throw SupportError("a restore of generation \(reader.generation): \(result)") }
    try compare(reader.copy, in: reader.target, "what a stopped restore brought of generation \(reader.generation)")
    try remove(reader)
  }

  private func remove(_ reader: SimulatedReader) throws {
    guard let name = reader.target.split(separator: "/").last else { return }
    try? pair.scratch.folder.removeTree(FileName.of(String(name)))
  }

  // MARK: Restores at one go

  func restore(_ generation: UInt64) throws {
    try withOutput { target in
      let result = try RunningProgram.run("hotsync-slave", words(generation, to: target), limit: .seconds(120))
      guard result.exitCode == 0 else { throw SupportError("a restore of generation \(generation): \(result)") }
      try compare(try copy(generation), in: target, "generation \(generation)")
    }
  }

  /// Now and then with a fault: then it fails, and says so, or brings what it should.
  func restoreRandom() throws {
    guard let generation = random.element(past.kept) else { return }
    guard random.chance(250) else { return try restore(generation) }
    let fault = ["HOTSYNC_FAULT": randomFault(maximum: 2_000)]
    note("  of \(generation) \(fault)")
    try withOutput { target in
      let result = try RunningProgram.run(
        "hotsync-slave", words(generation, to: target), environment: fault, limit: .seconds(120))
      try expect(result, [0], isFaulted: true)
      if result.exitCode == 0 { try compare(try copy(generation), in: target, "generation \(generation)") }
    }
  }

  func restorePath() throws {
    guard let generation = random.element(past.kept) else { return }
    let copy = try copy(generation)
    guard let path = random.element(copy.entries.keys.sorted()) else { return }
    note("  \(path) of \(generation)")
    try withOutput { target in
      let result = try RunningProgram.run(
        "hotsync-slave", words(generation, to: target) + ["/srv/data/\(Simulation.escaped(path.bytes))"],
        limit: .seconds(120))
      guard result.exitCode == 0 else { throw SupportError("a restore of \(path) of \(generation): \(result)") }
      try compare(copy.restricted(to: path), in: target, "\(path) of generation \(generation)")
    }
  }

  /// As paths are given on a command line, with every byte escaped that is not plain.
  private static func escaped(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || "0123456789._-/".unicodeScalars.contains(scalar))
      let digits = String(byte, radix: 16)
      return isPlain ? String(Character(scalar)) : "\\x" + (digits.count < 2 ? "0" : "") + digits
    }.joined()
  }

  // MARK: Everything

  /// Exactly what must be kept is listed, and all of it comes back as it was.
  func checkAll() throws {
    let isPending = try journaled() > (listed().last?.number ?? 0)
    let result = try slave(["generations", "--json"])
    guard result.exitCode == 0 else { throw SupportError("generations: \(result)") }
    let found = try Document(result.outputText)["generations"].items.compactMap { $0["generation"].integer }.reversed()
    let wanted = past.kept.filter { !isPending || $0 != past.newest }.map(Int.init)
    guard Array(found) == wanted else { throw SupportError("listed are \(Array(found)), and kept \(wanted)") }
    for generation in past.kept { try restore(generation) }
    let snapshots = try pinnedSnapshots()
    guard snapshots == past.snapshots else { throw SupportError("snapshots: \(snapshots), not \(past.snapshots)") }
  }
}

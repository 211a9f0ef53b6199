import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// A small file system in a file, for the slave alone.
final class SmallDisk {
  let scratch: ScratchFolder
  let place: String
  private let image: String

  /// Nil where this machine or user cannot mount one.
  ///
  /// - Parameter above: the folder that the image is made in; an ordinary scratch folder where nothing is said.
  init?(megabytes: Int, in above: String? = nil) throws {
    scratch = try ScratchFolder("disk", in: above)
    place = try scratch.makeFolder("mounted")
    image = scratch.path("image")
    try Descriptor.open(image, [.writing, .creating], permissions: 0o600).truncate(to: UInt64(megabytes) << 20)
    guard (try? RunningProgram.run("mkfs.ext4", ["-q", "-b", "4096", "-m", "0", "-F", image]).exitCode) == 0,
      (try? RunningProgram.run("mount", ["-o", "loop", image, place]).exitCode) == 0
    else { return nil }
  }

  deinit { _ = try? RunningProgram.run("umount", ["--lazy", place]) }

  /// What a power cut does to a disk: from this moment on nothing reaches it.
  ///
  /// - Parameter keepsLog: what the file system's own log holds still reaches it.
  func cutPower(keepsLog: Bool) throws {
    let command = keepsLog ? "shutdown -f" : "shutdown"
    let result = try RunningProgram.run("xfs_io", ["-x", "-c", command, place])
    guard result.exitCode == 0 else { throw SupportError("xfs_io: \(result)") }
  }

  /// The machine comes up again: the disk as it is, mounted anew. Nobody may have anything open on it.
  func comeBack() throws {
    var result = try RunningProgram.run("umount", [place])
    for _ in 0..<200 where result.exitCode != 0 {
      usleep(10_000)
      result = try RunningProgram.run("umount", [place])
    }
    guard result.exitCode == 0 else { throw SupportError("umount: \(result)") }
    let mounted = try RunningProgram.run("mount", ["-o", "loop", image, place])
    guard mounted.exitCode == 0 else { throw SupportError("mount: \(mounted)") }
  }

  /// Writes until there is no room at all.
  func fill() throws {
    let file = try Descriptor.open("\(place)/filler", [.writing, .creating, .appending], permissions: 0o600)
    for length in [1 << 20, 4_096, 1] {
      let bytes = [UInt8](repeating: 7, count: length)
      while true {
        do throws(SystemError) { try file.write(bytes) } catch {
          guard error.number == ENOSPC else { throw error }
          break
        }
      }
      try file.synchronizeFileSystem()
    }
  }

  func empty() throws { try Folder.open(place).unlink(FileName("filler")!) }
}

@Suite struct FullDiskTests {
  @Test("a disk that fills up after the commit point costs time and never the generation", arguments: [false, true])
  func fillsUp(isKilled: Bool) throws {
    guard Environment.isRoot, let disk = try SmallDisk(megabytes: 96) else { return }
    let seed = SeededGenerator.testSeed()
    let ordeal = try Ordeal(seed: seed, pair: try Pair("full", slaveRoot: disk.place))
    for number in 0..<3 {
      try ordeal.round("full disk, round \(number), seed \(seed)") { pair in
        let program = try pair.start(["HOTSYNC_AGENT_STOP_AT": "committed:1"])
        guard let agent = try stoppedAgent(of: program, pair) else {
          throw ordeal.failure("full disk", "nothing stopped")
        }
        try disk.fill()
        kill(agent, isKilled ? SIGKILL : SIGCONT)
        let cycle = Cycle(try program.wait())
        guard [0, 69, 73].contains(cycle.exitCode) else { throw ordeal.failure("full disk", "\(cycle.run)") }
        try pair.waitForAgent()
        let again = try pair.sync()
        print("full disk, killed \(isKilled): \(cycle.exitCode ?? -1), then \(again.exitCode ?? -1)")
        guard [0, 73].contains(again.exitCode) else { throw ordeal.failure("full disk, again", "\(again.run)") }
        try disk.empty()
        return .new
      }
    }
  }

  @Test("what verify finds is told on a full disk, too: 65 for damage, 73 where it could only not be noted")
  func verifies() throws {
    guard Environment.isRoot, let disk = try SmallDisk(megabytes: 64) else { return }
    let pair = try Pair("full", slaveRoot: disk.place)
    try pair.scratch.write(Array("content".utf8), to: "master/srv/data/file")
    #expect(try pair.sync().exitCode == 0)
    try disk.fill()
    func verify() throws -> RunningProgram.Result {
      try RunningProgram.run("hotsync-slave", ["verify", "--full", "--root", pair.slave])
    }
    let sound = try verify()
    #expect(sound.exitCode == 73 && sound.errorText.contains("cannot note"), "\(sound)")
    try Descriptor.open("\(pair.slave)/\(Pair.mirrorPath)/file", .writing).write([0x5A], at: 0)
    let damaged = try verify()
    #expect(damaged.exitCode == 65 && damaged.errorText.contains("cannot note"), "\(damaged)")
    try disk.empty()
    #expect(try verify().exitCode == 65)
  }
}

/// The agent of a cycle once it has stopped itself; nil where it did not.
func stoppedAgent(of program: RunningProgram, _ pair: Pair) throws -> Int32? {
  var agent: Int32?
  let hasStopped = try program.wait {
    agent = pair.agent()
    return agent.map { isStopped($0) } ?? false
  }
  return hasStopped ? agent : nil
}

/// Whether a process was stopped by a signal (proc(5)).
func isStopped(_ process: Int32) -> Bool {
  guard let bytes = try? Descriptor.open("/proc/\(process)/stat", .reading).readAll(limit: 4_096) else { return false }
  let text = String(decoding: bytes, as: UTF8.self)
  return text[(text.lastIndex(of: ")") ?? text.startIndex)...].hasPrefix(") T")
}

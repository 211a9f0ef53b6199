import HotsyncSystem
import TestSupport

/// What all contests share: the executables, a place on the disk, a key for rsync.
final class Ground {
  let scratch: ScratchFolder
  let programs: String
  let seed: UInt64
  let sizes: Sizes
  let runs: Int
  private let started = Clocks.system.elapsed()

  init(programs: String, seed: UInt64, sizes: Sizes, runs: Int) throws {
    (self.programs, self.seed, self.sizes, self.runs) = (programs, seed, sizes, runs)
    scratch = try ScratchFolder("bench")
    try Pair.shell("ssh-keygen -q -t ed25519 -N '' -C rsync -f \"$0\"", keyPath)
  }

  /// Of the login that rsync uses.
  var keyPath: String { scratch.path("rsync-key") }

  /// Random numbers for one purpose, so that what one workload takes does not change another.
  func generator(_ purpose: String) -> SeededGenerator {
    SeededGenerator(seed: purpose.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }

  /// Tells on standard error what is being done.
  func tell(_ text: String) {
    let now = (Clocks.system.elapsed() - started) / .seconds(1)
    try? StandardStream.errors.write(Array("\(padded(fixed(now, 0), 5)) s  \(text)\n".utf8))
  }

  /// What was written or removed is on the disk, and the disk has had time to tidy up behind it.
  func settle() throws {
    try scratch.folder.descriptor.synchronizeFileSystem()
    Worker.pause(sizes.pause)
  }
}

/// Who runs.
enum Contestant: Hashable, CustomStringConvertible {
  case rsync(RsyncWay)
  /// By its transport.
  case hotsync(TestedTransport)

  var description: String {
    switch self {
    case .rsync(let way): "rsync \(way)"
    case .hotsync(let transport): "hotsync over \(transport.rawValue)"
    }
  }
}

/// One source, rsync's target and a pair of HotSync's, on one file system.
final class Arena {
  let ground: Ground
  let pair: Pair
  let port: UInt16
  private var targets = 0
  /// rsync's target, beside the slave's root.
  private(set) var target: Place

  init(_ ground: Ground, transport: TestedTransport = .ssh) throws {
    self.ground = ground
    pair = try Pair(programs: ground.programs, transport: transport)
    guard let line = pair.line else { throw SupportError("\(transport) needs no sshd, and cannot be measured") }
    port = line.port
    target = Place(path: pair.scratch.path("rsync-0"))
    // Each run brings its own.
    _ = try line.server.finish()
    try Pair.shell("cat \"$0.pub\" >>\"$1/root/.ssh/authorized_keys\"", ground.keyPath, pair.slave.path)
    try pair.data.remove("first.txt")
    try freshTarget()
  }

  /// What is copied.
  var source: Place { pair.data }
  /// HotSync's copy of it.
  var mirror: Place { pair.mirror.below("srv/data") }

  /// From now on rsync copies into a folder that was never there.
  func freshTarget() throws {
    targets += 1
    target = Place(path: try pair.scratch.makeFolder("rsync-\(targets)"))
  }

  /// Only the target of now is left.
  func removeOldTargets() throws {
    for number in 1..<targets { try? pair.scratch.folder.removeTree(.of("rsync-\(number)")) }
  }

  /// Takes the source of another arena; nothing is copied.
  func takeSource(of other: Arena) throws {
    try Pair.shell("rm -rf \"$1\" && mv -T \"$0\" \"$1\"", other.source.path, source.path)
  }

  func run(_ contestant: Contestant, delayedBy relay: UInt16? = nil) throws -> Measurement {
    let server = try SSHServer(root: pair.slave.path, port: port)
    let command: [String]
    let side: (client: String, server: String)
    switch contestant {
    case .rsync(let way):
      side = ("rsync", "rsync")
      command =
        ["/usr/bin/rsync"] + way.arguments
        + [
          "-e", remoteShell(way.cipher, relay ?? port), source.path + "/",
          "\(SSHServer.user)@127.0.0.1:\(target.path)/",
        ]
    case .hotsync:
      side = ("hotsync", "hotsync-slave")
      command = [ground.programs + "/hotsync", "sync", "--json", "--root", pair.master.path]
    }
    let run = try TimedRun.run(command, side: side, server: server, files: ground.scratch, target: pair.scratch.path)
    let cost = run.measurement
    ground.tell(
      "\(contestant): \(fixed(cost.seconds, 2)) s, of them \(fixed(cost.flushSeconds, 2)) s to flush, "
        + "\(megabytes(cost.wire)) MB on the wire, CPU \(fixed(cost.processorSeconds, 2)) s")
    return cost
  }

  /// rsync reads quotes in it, as its manual says of `-e`.
  private func remoteShell(_ cipher: RsyncWay.Cipher, _ port: UInt16) -> String {
    "ssh -F none -i '\(ground.keyPath)' -p \(port) -c \(cipher.rawValue) -o Compression=no -o BatchMode=yes "
      + "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -T -x"
  }
}

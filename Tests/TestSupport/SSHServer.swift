import HotsyncSystem

/// A private sshd on loopback for a slave whose root is a folder (`scripts/loopback-sshd`). It ends with the last
/// reference to it.
public final class SSHServer {
  /// Below the slave's root lie its host key (`etc/ssh/ssh_host_ed25519_key`), its configuration, and the keys that it
  /// accepts (`root/.ssh/authorized_keys`).
  public let root: String
  public let port: UInt16
  private let program: RunningProgram

  /// The login that it accepts: sshd that is not root's serves its own user only.
  public static let user = Accounts().name(of: Environment.userID, .user) ?? "root"

  /// - Parameters:
  ///   - lines: of sshd_config, beside those that the script writes.
  ///   - port: a certain one; any that is free where nothing is said.
  public init(root: String, _ lines: String..., port: UInt16? = nil) throws {
    self.root = root
    program = try SSHServer.start(root, lines, port)
    let text = try Descriptor.open(root + "/etc/ssh/port", .reading).readAll(limit: 16) ?? []
    guard let port = UInt16(String(decoding: text, as: UTF8.self).split(separator: "\n").first ?? "") else {
      throw SupportError("sshd's port is not told")
    }
    self.port = port
  }

  private static func start(_ root: String, _ lines: [String], _ port: UInt16?) throws -> RunningProgram {
    let arguments = [repository + "/scripts/loopback-sshd", root, "AcceptEnv HOTSYNC_*"] + lines
    for attempt in 1... {
      let program = try RunningProgram(
        "/bin/bash", arguments, environment: port.map { ["PORT": "\($0)"] } ?? [:])
      if try program.wait(until: { program.errorsSoFar().contains("Server listening on") }), try program.isRunning {
        return program
      }
      // Somebody may have taken the port in between.
      guard attempt < 5 else { throw SupportError("sshd does not start: \(try program.wait(limit: .zero))") }
    }
    preconditionFailure("the loop has no other end")
  }

  /// What it said up to now.
  public var log: String { program.errorsSoFar() }

  /// Ends it, and those of its sessions that do not end by themselves.
  public func stop() { program.kill(ChildProcess.terminate) }

  /// Its process; those of its sessions are children of it.
  public var processID: Int32 { program.processID }

  /// Ends it, and tells what it used, its sessions that have ended included.
  public func finish() throws -> RunningProgram.Result {
    stop()
    return try program.wait()
  }

  deinit { stop() }

  /// The folder of Package.swift.
  private static let repository = String(#filePath.dropLast("/Tests/TestSupport/SSHServer.swift".count))
}

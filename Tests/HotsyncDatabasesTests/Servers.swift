import HotsyncDatabases
import HotsyncSystem
import TestSupport

/// Reads a dump to its end.
func wholeDump(_ engine: any DatabaseEngine, _ subject: DumpSubject) throws -> (
  bytes: [UInt8], rows: Fingerprint, notices: [String]
) {
  let stream = try engine.dump(subject, formerSize: nil)
  var buffer = [UInt8](repeating: 0, count: 65_536)
  var bytes: [UInt8] = []
  while true {
    let count = try stream.read(into: &buffer)
    if count == 0 { return (bytes, stream.fingerprint, stream.notices) }
    bytes += buffer[..<count]
  }
}

extension PrivateInstance {
  func load(_ subject: DumpSubject, _ dump: [UInt8]) throws {
    let file = try Descriptor.memoryFile()
    try file.write(dump, at: 0)
    try load(subject, from: file)
  }
}

/// Where a process says what it does: nobody else's secrets may stand there.
func processesShow(_ secret: String) throws -> Bool {
  for name in try Folder.open("/proc").names() where Int32(String(decoding: name.bytes, as: UTF8.self)) != nil {
    guard Int32(String(decoding: name.bytes, as: UTF8.self)) != Environment.processID else { continue }
    for file in ["cmdline", "environ"] {
      let bytes = (try? Descriptor.open("/proc/\(name)/\(file)").readAll(limit: 1 << 20)) ?? []
      if String(decoding: bytes, as: UTF8.self).contains(secret) { return true }
    }
  }
  return false
}

/// A MariaDB server in a scratch folder, as a master's own would be.
final class MariaDBServer {
  let folder: ScratchFolder
  let instance: any PrivateInstance
  let engine: MariaDBEngine

  init(include: [String] = [], exclude: [String] = [], defaultsFile: String = "") throws {
    folder = try ScratchFolder("mariadb")
    engine = MariaDBEngine(
      MariaDBSettings(
        status: .enabled, socket: folder.path("server/socket/mariadb.sock"), defaultsFile: defaultsFile,
        include: include,
        exclude: exclude))
    instance = try engine.privateInstance(at: folder.path("server"))
    try instance.start()
  }

  deinit { try? instance.stop() }

  @discardableResult
  func run(_ statements: String, in database: String? = nil) throws -> String {
    let result = try RunningProgram.run(
      "mariadb",
      [
        "--no-defaults", "--socket=\(engine.settings.socket)", "--default-character-set=utf8mb4", "--batch",
        "--skip-column-names",
      ]
        + (database.map { ["--database=\($0)"] } ?? []), input: Array(statements.utf8))
    guard result.exitCode == 0 else { throw SupportError(result.errorText) }
    return result.outputText
  }
}

/// A PostgreSQL server in a scratch folder, as a master's own would be.
final class PostgreSQLServer {
  let folder: ScratchFolder
  let instance: any PrivateInstance
  let engine: PostgreSQLEngine

  init(include: [String] = [], exclude: [String] = []) throws {
    folder = try ScratchFolder("postgresql")
    engine = PostgreSQLEngine(
      PostgreSQLSettings(
        status: .enabled, host: folder.path("server/socket"), include: include, exclude: exclude,
        restrictKey: "0123456789abcdefghij",
        loadsWithOlderClients: true))
    instance = try engine.privateInstance(at: folder.path("server"))
    try instance.start()
  }

  deinit { try? instance.stop() }

  @discardableResult
  func run(_ statements: String, in database: String = "postgres") throws -> String {
    let result = try RunningProgram.run(
      "psql",
      [
        "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", engine.settings.host, "-U", "postgres", "-d", database,
        "-f", "-",
      ], input: Array(statements.utf8))
    guard result.exitCode == 0 else { throw SupportError(result.errorText) }
    return result.outputText
  }
}

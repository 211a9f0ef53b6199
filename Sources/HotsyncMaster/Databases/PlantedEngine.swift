#if DEBUG
  import HotsyncDatabases
  import HotsyncSystem

  /// A server made of files, for tests: `HOTSYNC_PLANTED_DUMPS` names a folder. Each `NAME.sql` in it is the dump of a database,
  /// `accounts.sql` that of the accounts. A dump beside which `NAME.fails` stands fails half-way; with `server.fails` the server does
  /// not answer; without the folder there is none. Builds for release hold none of this.
  struct PlantedEngine: DatabaseEngine {
    let name = "mariadb"
    private let folder: String

    init?() {
      guard let folder = Environment.value("HOTSYNC_PLANTED_DUMPS") else { return nil }
      self.folder = folder
    }

    private func isThere(_ name: String) -> Bool { (try? Descriptor.open("\(folder)/\(name)")) != nil }

    private static func failure(_ subject: String, _ cause: String) -> DatabaseError {
      DatabaseError(.failed, "cannot dump", subject, cause: cause, next: "start it: systemctl start mariadb")
    }

    func server() throws(DatabaseError) -> DatabaseServer? {
      guard (try? Folder.open(folder)) != nil else { return nil }
      guard !isThere("server.fails") else { throw PlantedEngine.failure(name, "it does not answer") }
      return DatabaseServer(version: "10.11.14", clientVersion: "10.11.14")
    }

    func subjects() throws(DatabaseError) -> [DumpSubject] {
      guard let names = try? Folder.open(folder).names() else { return [] }
      let databases = names.map(\.description).filter { $0.hasSuffix(".sql") }.map { String($0.dropLast(4)) }.sorted()
      return databases.map { $0 == "accounts" ? .accounts : .database($0) }
    }

    func dump(_ subject: DumpSubject, formerSize: UInt64?) throws(DatabaseError) -> any DumpStream {
      let file = if case .database(let database) = subject { database } else { "accounts" }
      do throws(SystemError) {
        return PlantedDump(try Descriptor.open("\(folder)/\(file).sql"), fails: isThere("\(file).fails"))
      } catch { throw PlantedEngine.failure(file, error.cause) }
    }

    func privateInstance(at folder: String) throws(DatabaseError) -> any PrivateInstance {
      throw PlantedEngine.failure(name, "it is none that could be started")
    }

    private final class PlantedDump: DumpStream {
      private let file: Descriptor
      private let fails: Bool
      private var position: UInt64 = 0
      private(set) var fingerprint = Fingerprint()
      let notices: [String] = []

      init(_ file: consuming Descriptor, fails: Bool) {
        self.file = file
        self.fails = fails
      }

      func read(into buffer: inout [UInt8]) throws(DatabaseError) -> Int {
        crashPoint("dump")
        do throws(SystemError) {
          let isHalfDone = try position >= file.status().size / 2
          let got = try file.read(into: &buffer, count: buffer.count, at: position)
          position += UInt64(got)
          if got == 0 { fingerprint.rows["all"] = position }
          if !fails || !isHalfDone { return got }
        } catch { throw PlantedEngine.failure("a database", error.cause) }
        throw PlantedEngine.failure("a database", "the server went away")
      }

      func cancel() {}
    }
  }
#endif

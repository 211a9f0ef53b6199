public import HotsyncSystem

public enum DatabaseDomain {}
public typealias DatabaseError = Failure<DatabaseDomain>

/// One kind of database server, spoken to by its own clients. Everything here blocks and runs on the caller's thread.
public protocol DatabaseEngine: Sendable {
  /// As in the configuration and in the paths of its dumps: `mariadb`, `postgresql`.
  var name: String { get }

  /// The server that runs here and can be asked; nil where the engine is not in use (no client, or no socket).
  ///
  /// - Throws: where it is in use and does not answer, or does not let us in.
  func server() throws(DatabaseError) -> DatabaseServer?

  /// What is to be dumped, accounts first, then the databases in the order of their names: by `include` and `exclude`, and
  /// never the engine's own schemas.
  func subjects() throws(DatabaseError) -> [DumpSubject]

  /// Begins a dump. The same data gives the same bytes.
  func dump(_ subject: DumpSubject) throws(DatabaseError) -> any DumpStream

  /// A server of this engine's that nobody else uses: own data folder, socket only.
  ///
  /// - Parameter folder: absolute; what is in it belongs to the instance, and stays when it is stopped.
  func privateInstance(at folder: String) throws(DatabaseError) -> any PrivateInstance
}

public struct DatabaseServer: Sendable, Equatable {
  /// Of the server: `10.11.14`, `15.18`.
  public let version: String
  /// Of the client that writes its dumps.
  public let clientVersion: String

  public init(version: String, clientVersion: String) {
    self.version = version
    self.clientVersion = clientVersion
  }
}

/// What one dump holds.
public enum DumpSubject: Hashable, Sendable {
  /// Users, roles and grants.
  case accounts
  case database(String)
}

/// A dump as it is written: its reader sets the pace.
public protocol DumpStream: AnyObject {
  /// - Returns: how many bytes came; 0 at the end of a dump that is good: every process ended with 0, its trailer was there.
  /// - Throws: where it is cut short or its program failed; what came until then is worth nothing.
  func read(into buffer: inout [UInt8]) throws(DatabaseError) -> Int

  /// What the dump holds; after its end only.
  var fingerprint: Fingerprint { get }

  /// Ends its programs. Without effect after the end.
  func cancel()
}

/// A server with its own data folder, of which only HotSync knows.
public protocol PrivateInstance: AnyObject {
  /// Makes the data folder if there is none, and starts the server on it, as a user without rights.
  func start() throws(DatabaseError)

  /// Loads a dump; a database of that name is replaced once the dump is loaded whole.
  ///
  /// - Parameter dump: read from where it stands to its end.
  func load(_ subject: DumpSubject, from dump: borrowing Descriptor) throws(DatabaseError)

  /// Drops databases that are not among these.
  func keepOnly(_ subjects: [DumpSubject]) throws(DatabaseError)

  /// Tables and rows of a loaded database, to be compared with the dump's.
  func fingerprint(of subject: DumpSubject) throws(DatabaseError) -> Fingerprint

  /// Stops the server in order, so that its data folder can be moved. Without effect where it does not run.
  func stop() throws(DatabaseError)

  /// What a promotion puts in the place of the server's own data folder.
  var dataFolder: String { get }
}

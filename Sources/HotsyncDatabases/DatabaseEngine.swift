public import HotsyncSystem

public enum DatabaseDomain {}
/// What went wrong between HotSync and a database server, or between HotSync and the engine's own clients.
public typealias DatabaseError = Failure<DatabaseDomain>

/// One kind of database server, spoken to by its own clients. Everything here blocks and runs on the caller's thread.
public protocol DatabaseEngine: Sendable {
  /// As in the configuration and in the paths of its dumps: `mariadb`, `postgresql`.
  var name: String { get }

  /// The server that runs here and can be asked; nil where the engine is not in use (no client, or no socket).
  ///
  /// - Throws: where it is in use and does not answer, or does not let us in.
  func server() throws(DatabaseError) -> DatabaseServer?

  /// What is to be dumped, accounts first, then the databases in the order of their names: by `include` and `exclude`,
  /// and never the engine's own schemas.
  func subjects() throws(DatabaseError) -> [DumpSubject]

  /// Begins a dump. The same data gives the same bytes.
  ///
  /// - Parameter formerSize: of the last good dump, in bytes: one of which only a small part is left is not taken for
  ///   news but for a server that lost its data. Nil where there is none, or where the operator said that the data may go.
  func dump(_ subject: DumpSubject, formerSize: UInt64?) throws(DatabaseError) -> any DumpStream

  /// A server of this engine's that nobody else uses: own data folder, socket only.
  ///
  /// - Parameter folder: absolute, the folder above it is there; what is in it belongs to the instance, and stays when
  ///   it is stopped.
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

  /// As messages name it, after the engine's name; fit for a terminal.
  public var description: String {
    switch self {
    case .accounts: "accounts"
    case .database(let name): "database " + shown(Array(name.utf8))
    }
  }
}

/// Whether an engine is dumped (`status` in the configuration).
public enum EngineStatus: String, Sendable, CaseIterable {
  /// Where its client and its socket are there.
  case auto
  /// A server that is not there is an error.
  case enabled
  case disabled
}

/// A dump as it is written: its reader sets the pace.
public protocol DumpStream: AnyObject {
  /// - Returns: how many bytes came; 0 at the end of a dump that is good: every process ended with 0, its trailer was
  ///   there.
  /// - Throws: where it is cut short or its program failed; what came until then is worth nothing.
  func read(into buffer: inout [UInt8]) throws(DatabaseError) -> Int

  /// What the dump holds; after its end only.
  var fingerprint: Fingerprint { get }

  /// What the operator should know of a dump that is good: tables that are not of one moment with the others.
  var notices: [String] { get }

  /// Ends its programs. Without effect after the end.
  func cancel()
}

/// A server with its own data folder, of which only HotSync knows.
public protocol PrivateInstance: AnyObject {
  /// Makes the data folder if there is none, and starts the server on it, as a user without rights. What a killed run
  /// left, a server or half a load, is ended and undone first.
  func start() throws(DatabaseError)

  /// Loads a dump; a database of that name is replaced once the dump is loaded whole, and stays where it cannot be
  /// loaded. Accounts come first: databases name their owners. One that needs another database can be tried again after
  /// that.
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

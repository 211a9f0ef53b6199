/// How many rows each table of a database has: taken from the dump as it is written, compared with what was loaded of it.
public struct Fingerprint: Sendable, Equatable {
  /// By table; PostgreSQL's with their schema: `public.orders`.
  public var rows: [String: UInt64]

  public init(rows: [String: UInt64] = [:]) { self.rows = rows }
}

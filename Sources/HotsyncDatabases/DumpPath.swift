
/// Where dumps lie below `.hotsync/dumps`: `mariadb/accounts.sql`, `postgresql/databases/shop.sql`, and beside each dump of a
/// database its fingerprint, `shop.tables`.
public enum DumpPath {
  public static let dumpSuffix = ".sql"
  public static let fingerprintSuffix = ".tables"
}

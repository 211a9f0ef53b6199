/// The one table of all keys: what may stand there, what stands there by default, and whether it has an effect yet.
/// A key's type, its message, its line in the sample and in `show` all come from here.
enum Schema {
  /// What this version makes of a value. This is the one place to change when a part gets built.
  enum Effect: Sendable {
    case effective
    /// Not built yet: the default may stand there, anything else would have no effect and is refused.
    case onlyDefault
  }

  enum Default: Sendable {
    case none
    case scalar(String)
    case list([String])
  }

  struct Row: Sendable {
    /// The key's parts; `NAME` stands for the name of a connection.
    let path: [String]
    let type: ValueType
    let standard: Default
    let effect: Effect
    /// For the sample: what the key says, without a full stop.
    let sentence: String

    var key: String { path.joined(separator: ".") }
  }

  static func matches(_ pattern: some Collection<String>, _ path: some Collection<String>) -> Bool {
    pattern.count == path.count && zip(pattern, path).allSatisfy { $0 == "NAME" || $0 == $1 }
  }

  /// The row of a key, `connections.standby.port` as well as `connections.NAME.port`.
  static func row(at path: [String]) -> Row? { rows.first { matches($0.path, path) } }

  /// The names that may follow in a section, in the table's order; empty where there is no such section.
  static func names(below path: [String]) -> [String] {
    var names: [String] = []
    for row in rows where row.path.count > path.count && matches(row.path.prefix(path.count), path) {
      if !names.contains(row.path[path.count]) { names.append(row.path[path.count]) }
    }
    return names
  }

  private static let minute = Duration.seconds(60)
  private static let hour = Duration.seconds(3_600)
  private static let day = Duration.seconds(86_400)

  private static func row(
    _ key: String, _ type: ValueType, _ standard: Default, _ effect: Effect, _ sentence: String
  ) -> Row {
    Row(
      path: key.split(separator: ".").map(String.init), type: type, standard: standard, effect: effect,
      sentence: sentence)
  }

  private static let status = ValueType.choice(["enabled", "disabled"])
  private static let engineStatus = ValueType.choice(["auto", "enabled", "disabled"])

  static let rows: [Row] = top + connection + databases + slave + promotion

  private static let top = [
    row("role", .choice(["master", "slave"]), .none, .effective, "What this machine is in its connections"),
    row("status", status, .scalar("enabled"), .effective, "Switches all connections on or off"),
    row("mail_to", .text, .scalar("root"), .effective, "Who gets mail; \"\" for no mail"),
  ]

  private static let connection = [
    row("connections.NAME.role", .choice(["master", "slave"]), .none, .effective, "Overrides the role above"),
    row("connections.NAME.status", status, .scalar("enabled"), .effective, "Switches this connection on or off"),
    row("connections.NAME.slave_host", .host, .none, .effective, "Where the slave is"),
    row("connections.NAME.master_host", .host, .none, .effective, "Where the master is; what a promotion asks"),
    row(
      "connections.NAME.transport", .choice(["ssh", "openssh", "local"]), .scalar("ssh"), .effective,
      "How the slave is reached: ssh (libssh2), openssh (the system's ssh), local (a folder)"),
    row("connections.NAME.port", .integer(1...65_535), .scalar("22"), .effective, "Where the slave's sshd listens"),
    row("connections.NAME.user", .user, .scalar("root"), .effective, "Whose authorized keys hold ours on the slave"),
    row(
      "connections.NAME.identity", .path(), .scalar("/etc/hotsync/keys/NAME"), .effective,
      "The private key, made by: hotsync key generate NAME"),
    row(
      "connections.NAME.known_hosts", .path(), .scalar("/etc/hotsync/known_hosts"), .effective,
      "The slave's host key, recorded by: hotsync trust NAME"),
    row("connections.NAME.local_root", .path(), .none, .effective, "transport local: the slave's root folder"),
    row(
      "connections.NAME.schedule", .schedule, .scalar("*/15 * * * *"), .effective,
      "When a cycle runs: five cron fields, or an OnCalendar expression"),
    row(
      "connections.NAME.streams", .integer(1...16, orWord: "auto"), .scalar("auto"), .onlyDefault,
      "SSH connections side by side"),
    row(
      "connections.NAME.bandwidth_limit", .size(atLeast: 64 << 10, orWord: "none"), .scalar("none"), .effective,
      "Bytes a second that the master sends at most, e.g. 10MiB; 64KiB or more"),
    row(
      "connections.NAME.timeouts.connect", .duration(.seconds(1)...hour), .scalar("30s"), .effective,
      "How long the other side may take to answer at first"),
    row(
      "connections.NAME.timeouts.silence", .duration(.seconds(5)...day), .scalar("2m"), .effective,
      "How long the other side may be silent before the cycle is given up"),
    row(
      "connections.NAME.compression", .choice(["auto", "none", "zstd"]), .scalar("auto"), .effective,
      "How the stream is compressed: auto (over ssh and openssh, what gets smaller), zstd (local too), none"),
    row(
      "connections.NAME.data.include", .list(.path()), .list([]), .effective,
      "Folders that a promotion replaces whole; not /, /usr, /var, /etc, /boot, nor what holds a store"),
    row(
      "connections.NAME.data.exclude", .list(.pattern), .list([]), .effective, "What is left out of them, as in rsync"),
    row(
      "connections.NAME.data.one_file_system", .boolean, .scalar("true"), .effective,
      "Whether other file systems mounted below are left out"),
    row(
      "connections.NAME.data.devices", .boolean, .scalar("false"), .effective,
      "Whether device nodes are sent, and on the slave: taken"),
    row(
      "connections.NAME.data.trusted_xattrs", .boolean, .scalar("false"), .effective,
      "Whether trusted.* and security.* attributes are sent, and on the slave: taken"),
    row(
      "connections.NAME.config.include", .list(.path()), .list([]), .effective,
      "Folders that a promotion overlays file by file, without what makes the machine itself"),
    row("connections.NAME.config.exclude", .list(.pattern), .list([]), .effective, "What is left out of them"),
    row(
      "connections.NAME.network.status", status, .scalar("enabled"), .effective,
      "Whether a promotion may bring the master's addresses back"),
    row(
      "connections.NAME.packages.status", status, .scalar("enabled"), .effective,
      "Whether the slave follows the master's list of packages"),
    row(
      "connections.NAME.unknown_owner", .choice(["numeric", "nobody"]), .scalar("numeric"), .effective,
      "Who owns a file whose owner has no name on the slave"),
    row(
      "connections.NAME.max_delete", .limit, .scalar("50%"), .effective,
      "A cycle that would delete more stops and asks: a share, or a number of files"),
  ]

  private static let databases = [
    row("connections.NAME.databases.status", status, .scalar("enabled"), .effective, "Whether databases are dumped"),
    row("connections.NAME.databases.mariadb.status", engineStatus, .scalar("auto"), .effective, "MariaDB, MySQL"),
    row(
      "connections.NAME.databases.mariadb.socket", .path(), .scalar("/run/mysqld/mysqld.sock"), .effective,
      "Its socket"),
    row(
      "connections.NAME.databases.mariadb.defaults_file", .path(mayBeEmpty: true), .scalar(""), .effective,
      "A file with its user and password"),
    row("connections.NAME.databases.mariadb.include", .list(.text), .list([]), .effective, "Only these databases"),
    row("connections.NAME.databases.mariadb.exclude", .list(.text), .list([]), .effective, "Not these databases"),
    row("connections.NAME.databases.postgresql.status", engineStatus, .scalar("auto"), .effective, "PostgreSQL"),
    row(
      "connections.NAME.databases.postgresql.host", .text, .scalar("/var/run/postgresql"), .effective,
      "The folder of its socket, or a host"),
    row(
      "connections.NAME.databases.postgresql.port", .integer(1...65_535), .scalar("5432"), .effective, "Its port"),
    row("connections.NAME.databases.postgresql.user", .user, .scalar("postgres"), .effective, "Its user"),
    row(
      "connections.NAME.databases.postgresql.run_as", .user, .scalar("postgres"), .effective,
      "The system's user who runs its clients"),
    row(
      "connections.NAME.databases.postgresql.passfile", .path(mayBeEmpty: true), .scalar(""), .effective,
      "A file with its password"),
    row("connections.NAME.databases.postgresql.include", .list(.text), .list([]), .effective, "Only these databases"),
    row("connections.NAME.databases.postgresql.exclude", .list(.text), .list([]), .effective, "Not these databases"),
    row("connections.NAME.databases.sqlite.files", .list(.path()), .list([]), .onlyDefault, "SQLite's files"),
    row(
      "connections.NAME.databases.exec", .list(.command), .list([]), .onlyDefault,
      "Others: {name: ldap, dump: [slapcat], load: [...], fingerprint: [...]}"),
  ]

  private static let slave = [
    row(
      "store", .path(), .scalar("/var/lib/hotsync"), .effective,
      "Where the slave keeps its copies; best on the file system of the largest data folder"),
    row("history.name", .text, .scalar("default"), .effective, "The name of the plan for the past"),
    row("history.description", .text, .scalar(""), .effective, "What it is for"),
    row(
      "history.schedule", .retention, .scalar("15m,1h,1d/7d"), .effective,
      "One generation is kept for each of these intervals, up to the total"),
    row(
      "history.keep_within", .duration(.zero...(day * 3_650)), .scalar("1d"), .effective,
      "What is younger stays, whatever max_size or the master asks"),
    row(
      "history.max_size", .size(orWord: "none"), .scalar("none"), .effective,
      "The oldest generations go where the history is larger than this"),
    row(
      "history.disabled", .boolean, .scalar("false"), .effective,
      "Switches the plan off: nothing is pruned then"),
    row("maintenance.schedule", .schedule, .scalar("hourly"), .effective, "When the slave's maintenance runs"),
    row("maintenance.packages", status, .scalar("enabled"), .effective, "Whether it follows the list of packages"),
    row("maintenance.preload", .boolean, .scalar("true"), .effective, "Whether it loads changed dumps beforehand"),
    row(
      "maintenance.rehearse", .choice(["hourly", "daily", "weekly", "never"]), .scalar("daily"), .effective,
      "How often a promotion is rehearsed in full"),
    row(
      "maintenance.verify_share", .percentage, .scalar("2%"), .effective,
      "How much of the store each maintenance reads against its digests"),
  ]

  private static let promotion = [
    row(
      "promote.probe", .list(.choice(["arp", "ping", "ssh"])), .list(["arp", "ping", "ssh"]), .effective,
      "How a promotion asks whether the master is really off"),
    row(
      "promote.max_age", .duration(minute...(day * 3_650)), .scalar("1h"), .effective,
      "Older data is promoted only if the operator accepts it"),
    row(
      "promote.internet_check", .list(.probeTarget), .list(["https://www.debian.org", "1.1.1.1"]), .effective,
      "One answer is enough: URLs or addresses"),
    row(
      "guard.alone", .choice(["start", "hold"]), .scalar("start"), .effective,
      "What this machine does at boot when the other does not answer"),
    row(
      "metrics_file", .path(), .scalar("/var/lib/prometheus/node-exporter/hotsync.prom"), .onlyDefault,
      "Where the numbers for Prometheus are written"),
  ]
}

import HotsyncSystem

// From checked settings to the typed configuration. The table guarantees each key's presence and type, so what does not
// fit here is a contradiction between the table and these lines; a test passes through all of them.

extension Configuration {
  init(root: String, _ settings: Settings) {
    self.root = root
    let all = settings.reader("")
    role = all.choice("role")
    isEnabled = all.isEnabled("status")
    mailTo = all.text("mail_to")
    store = all.text("store")
    metricsFile = all.text("metrics_file")
    guardPolicy = all.choice("guard.alone")
    history = HistoryConfiguration(settings.reader("history."))
    maintenance = MaintenanceConfiguration(settings.reader("maintenance."))
    promote = PromoteConfiguration(settings.reader("promote."))
    let (role, isEnabled) = (role, isEnabled)
    connections = settings.connections.sorted().map { name in
      ConnectionConfiguration(name, settings.reader("connections.\(name)."), role: role, isEnabled: isEnabled)
    }
  }
}

extension ConnectionConfiguration {
  fileprivate init(_ name: String, _ own: Reader, role: Role, isEnabled: Bool) {
    self.name = name
    self.role = own.optionalText("role").flatMap(Role.init) ?? role
    self.isEnabled = isEnabled && own.isEnabled("status")
    slaveHost = own.optionalText("slave_host")
    masterHost = own.optionalText("master_host")
    transport = own.choice("transport")
    port = own.integer("port")
    user = own.text("user")
    identity = own.text("identity")
    knownHosts = own.text("known_hosts")
    localRoot = own.optionalText("local_root")
    schedule = own.schedule("schedule")
    streams = own.integerUnlessWord("streams")
    bandwidthLimit = own.sizeUnlessWord("bandwidth_limit")
    connectTimeout = own.duration("timeouts.connect")
    silenceTimeout = own.duration("timeouts.silence")
    compression = own.choice("compression")
    data = DataConfiguration(
      include: own.paths("data.include"), exclude: own.texts("data.exclude"),
      oneFileSystem: own.boolean("data.one_file_system"), devices: own.boolean("data.devices"),
      trustedAttributes: own.boolean("data.trusted_xattrs"))
    config = OverlayConfiguration(include: own.paths("config.include"), exclude: own.texts("config.exclude"))
    network = own.isEnabled("network.status")
    packages = own.isEnabled("packages.status")
    unknownOwner = own.choice("unknown_owner")
    databases = DatabasesConfiguration(own.below("databases."))
    maxDelete = own.limit("max_delete")
  }
}

extension DatabasesConfiguration {
  fileprivate init(_ own: Reader) {
    isEnabled = own.isEnabled("status")
    mariadb = MariaDB(
      status: own.choice("mariadb.status"), socket: own.text("mariadb.socket"),
      defaultsFile: own.text("mariadb.defaults_file"), include: own.texts("mariadb.include"),
      exclude: own.texts("mariadb.exclude"))
    postgresql = PostgreSQL(
      status: own.choice("postgresql.status"), host: own.text("postgresql.host"), port: own.integer("postgresql.port"),
      user: own.text("postgresql.user"), runAs: own.text("postgresql.run_as"),
      passfile: own.text("postgresql.passfile"), include: own.texts("postgresql.include"),
      exclude: own.texts("postgresql.exclude"))
    sqliteFiles = own.paths("sqlite.files")
    commands = own.commands("exec")
  }
}

extension HistoryConfiguration {
  fileprivate init(_ own: Reader) {
    name = own.text("name")
    description = own.text("description")
    schedule = own.retention("schedule")
    keepWithin = own.duration("keep_within")
    maxSize = own.sizeUnlessWord("max_size")
    isDisabled = own.boolean("disabled")
  }
}

extension MaintenanceConfiguration {
  fileprivate init(_ own: Reader) {
    schedule = own.schedule("schedule")
    packages = own.isEnabled("packages")
    preload = own.boolean("preload")
    rehearse = own.text("rehearse")
    verifyShare = own.percentage("verify_share")
  }
}

extension PromoteConfiguration {
  fileprivate init(_ own: Reader) {
    probe = own.texts("probe").compactMap(Probe.init)
    maxAge = own.duration("max_age")
    internetCheck = own.texts("internet_check")
  }
}

extension Settings {
  fileprivate func reader(_ prefix: String) -> Reader { Reader(settings: self, prefix: prefix) }
}

private struct Reader {
  let settings: Settings
  let prefix: String

  func below(_ section: String) -> Reader { Reader(settings: settings, prefix: prefix + section) }

  private func value<Result>(_ key: String, _ pick: (CheckedValue) -> Result?) -> Result {
    guard let value = settings[prefix + key], let result = pick(value) else {
      preconditionFailure("the key \(prefix)\(key) is not what the schema says")
    }
    return result
  }

  func text(_ key: String) -> String { value(key) { if case .text(let text) = $0 { text } else { nil } } }

  func optionalText(_ key: String) -> String? { settings[prefix + key] == nil ? nil : text(key) }

  func isEnabled(_ key: String) -> Bool { text(key) == "enabled" }

  func choice<Choice: RawRepresentable<String>>(_ key: String) -> Choice {
    value(key) { if case .text(let text) = $0 { Choice(rawValue: text) } else { nil } }
  }

  func integer(_ key: String) -> Int { value(key) { if case .integer(let number) = $0 { number } else { nil } } }

  func integerUnlessWord(_ key: String) -> Int? {
    value(key) { value -> Int?? in
      switch value {
      case .integer(let number): .some(number)
      case .text: .some(nil)
      default: nil
      }
    }
  }

  func sizeUnlessWord(_ key: String) -> UInt64? {
    value(key) { value -> UInt64?? in
      switch value {
      case .size(let bytes): .some(bytes)
      case .text: .some(nil)
      default: nil
      }
    }
  }

  func boolean(_ key: String) -> Bool { value(key) { if case .boolean(let flag) = $0 { flag } else { nil } } }

  func duration(_ key: String) -> Duration {
    value(key) { if case .duration(let duration) = $0 { duration } else { nil } }
  }

  func percentage(_ key: String) -> Double {
    value(key) { if case .percentage(let percent) = $0 { percent } else { nil } }
  }

  func limit(_ key: String) -> DeletionLimit { value(key) { if case .limit(let limit) = $0 { limit } else { nil } } }

  func schedule(_ key: String) -> Schedule {
    value(key) { if case .schedule(let schedule) = $0 { schedule } else { nil } }
  }

  func retention(_ key: String) -> RetentionSchedule {
    value(key) { if case .retention(let schedule) = $0 { schedule } else { nil } }
  }

  private func list(_ key: String) -> [CheckedValue] {
    value(key) { if case .list(let values) = $0 { values } else { nil } }
  }

  func texts(_ key: String) -> [String] {
    list(key).compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  func paths(_ key: String) -> [RelativePath] { texts(key).compactMap { RelativePath(String($0.dropFirst())) } }

  func commands(_ key: String) -> [DumpCommand] {
    list(key).compactMap { if case .command(let command) = $0 { command } else { nil } }
  }
}

extension Facts {
  /// What cron starts.
  public struct Schedules: FactsDocument {
    public static let name = "schedules"

    /// crontabs, and the scripts of `cron.hourly` and its like, in the order of their paths.
    public let files: [FactFile]

    public init(files: [FactFile]) { self.files = files }

    /// Where such files may stand.
    static let places = [
      "etc/crontab", "etc/anacrontab", "etc/cron.allow", "etc/cron.deny", "etc/cron.d", "etc/cron.hourly",
      "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly", "etc/cron.yearly", "var/spool/cron/crontabs",
    ]

    public var objection: String? {
      HotsyncFacts.objection(files, "files") { $0.objection(in: Schedules.places) }
    }
  }
}

extension Schedule {
  /// The lines of a timer's `OnCalendar=` (systemd.time(7)), any of which makes it due. Five fields of crontab(5) become one, or two
  /// where either of two kinds of days is enough; an expression of systemd's stays what it is.
  public var calendarExpressions: [String] {
    switch self {
    case .calendar(let text): [text]
    case .cron: CronSchedule(self)?.calendarExpressions ?? []
    }
  }
}

extension CronSchedule {
  var calendarExpressions: [String] {
    if isEitherDayEnough {
      return [expression(ofMonth: true, ofWeek: false), expression(ofMonth: false, ofWeek: true)]
    }
    return [expression(ofMonth: true, ofWeek: true)]
  }

  /// `Mon,Fri *-1,7-* 0,12:30:00`.
  private func expression(ofMonth: Bool, ofWeek: Bool) -> String {
    let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let week = names.indices.filter { daysOfWeek.contains($0) }.map { names[$0] }
    let days = ofWeek && week.count < 7 ? week.joined(separator: ",") + " " : ""
    let date = "*-\(CronSchedule.list(months, 1...12))-\(ofMonth ? CronSchedule.list(daysOfMonth, 1...31) : "*")"
    return "\(days)\(date) \(CronSchedule.list(hours, 0...23)):\(CronSchedule.list(minutes, 0...59)):00"
  }

  private static func list(_ values: CronField.Values, _ range: ClosedRange<Int>) -> String {
    let listed = range.filter { values.contains($0) }
    return listed.count == range.count ? "*" : listed.map(String.init).joined(separator: ",")
  }
}

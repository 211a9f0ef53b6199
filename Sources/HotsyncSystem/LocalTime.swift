import Glibc

extension Timestamp {
  /// A moment from its date and time of day in local time, or in UTC (mktime(3), timegm(3)); nil for a date that the
  /// calendar does not have.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, isUTC: Bool) {
    guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    // SAFETY: the structure is our own and lives through the call; its pointer to a zone's name is not looked at.
    var parts = unsafe tm()
    unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
    unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
    // Whether daylight saving is in force is for the zone to say.
    unsafe parts.tm_isdst = -1
    let seconds = unsafe isUTC ? timegm(&parts) : mktime(&parts)
    guard unsafe parts.tm_mday == Int32(day), unsafe parts.tm_mon == Int32(month - 1) else { return nil }
    self.init(seconds: Int64(seconds))
  }
}

import HotsyncConfig
import HotsyncSystem

/// When a connection's next cycle is due.
enum NextRun {
  /// What is said of an expression that systemd-analyze cannot tell anything of.
  static let unknown = Duration.seconds(15 * 60)
  private static let analyzer = Tool("systemd-analyze", in: ["/usr/bin"], limit: .seconds(2))
  private static let answerLimit = 4_096

  /// - Returns: nil where the schedule never comes again, or cannot be told.
  static func moment(of schedule: Schedule, after now: Timestamp) -> Timestamp? {
    if let cron = CronSchedule(schedule) { return cron.next(after: now) }
    return calendar(schedule.text, after: now)
  }

  /// An expression of systemd.time(7) is systemd's to understand. Its own time zone counts, so ours is not handed on.
  private static func calendar(_ text: String, after now: Timestamp) -> Timestamp? {
    let arguments = ["calendar", "--iterations=1", "--base-time=@\(now.seconds)", "--", text]
    guard let result = try? analyzer.run(arguments, outputLimit: answerLimit), result.succeeded else { return nil }
    return parse(String(decoding: result.output, as: UTF8.self)).flatMap { $0 > now ? $0 : nil }
  }

  /// Of `(in UTC): Sat 2026-11-21 17:00:00 UTC`, or, on a machine that keeps UTC, of `Next elapse: …`.
  static func parse(_ answer: String) -> Timestamp? {
    let lines = answer.split(separator: "\n").map { $0.drop { $0 == " " } }
    for label in ["(in UTC): ", "Next elapse: "] {
      guard let line = lines.first(where: { $0.hasPrefix(label) }) else { continue }
      let words = line.dropFirst(label.count).split(separator: " ")
      guard words.count == 4, words[3] == "UTC" else { return nil }
      let date = words[1].split(separator: "-", omittingEmptySubsequences: false).map { number($0) }
      let time = words[2].split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
      guard date.count == 3, time.count == 3, let year = date[0], let month = date[1], let day = date[2],
        let hour = time[0], let minute = time[1], let second = time[2]
      else { return nil }
      return LocalTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)?
        .moment(offset: 0)
    }
    return nil
  }

  private static func number(_ text: Substring) -> Int? {
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
    else { return nil }
    return Int(text)
  }
}

import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncConfig

@Suite("Five fields of cron as lines of a timer")
struct CronCalendarTests {
  static let samples: [(cron: String, calendar: [String])] = [
    ("*/15 * * * *", ["*-*-* *:0,15,30,45:00"]),
    ("* * * * *", ["*-*-* *:*:00"]),
    ("0 3 * * *", ["*-*-* 3:0:00"]),
    ("30 22 * * mon-fri", ["Mon,Tue,Wed,Thu,Fri *-*-* 22:30:00"]),
    ("0 0 1 1 *", ["*-1-1 0:0:00"]),
    ("0 0 * * 7", ["Sun *-*-* 0:0:00"]),
    ("5 4 1,15 * mon", ["*-*-1,15 4:5:00", "Mon *-*-* 4:5:00"]),
    ("5 4 */10 * mon", ["Mon *-*-1,11,21,31 4:5:00"]),
    ("0 8-10/2 * feb *", ["*-2-* 8,10:0:00"]),
  ]

  @Test("each field becomes its list; where either day is enough there are two lines", arguments: samples)
  func lines(sample: (cron: String, calendar: [String])) throws {
    #expect(try #require(Schedule(sample.cron)).calendarExpressions == sample.calendar)
  }

  @Test("an expression of systemd's stays what it is")
  func calendar() throws {
    #expect(try #require(Schedule("Mon..Fri 08:00")).calendarExpressions == ["Mon..Fri 08:00"])
  }

  @Test("systemd understands every line, and is due when cron would be", arguments: samples)
  func systemd(sample: (cron: String, calendar: [String])) throws {
    let analyzer = Tool("systemd-analyze", in: ["/usr/bin"], variables: ["TZ": "UTC"], limit: .seconds(20))
    let now = Timestamp(seconds: 1_795_312_800)
    let schedule = try #require(Schedule(sample.cron).flatMap { CronSchedule($0) })
    let cron = try #require(schedule.next(after: now) { _ in 0 })
    var due: [String] = []
    for line in sample.calendar {
      guard
        let result = try? analyzer.run(
          ["calendar", "--iterations=1", "--base-time=@\(now.seconds)", "--", line], outputLimit: 4_096)
      else { return }
      #expect(result.succeeded, "\(line): \(result.failure)")
      for row in shownLines(result.output) where row.contains("Next elapse: ") || row.contains("(in UTC): ") {
        let words = row.split(separator: " ")
        if let day = words.firstIndex(where: { $0.hasPrefix("20") }), day + 1 < words.count {
          due.append("\(words[day])T\(words[day + 1])Z")
        }
      }
    }
    #expect(due.min() == cron.rfc3339)
  }
}

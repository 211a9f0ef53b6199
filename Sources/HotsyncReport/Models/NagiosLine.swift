/// The one line and the exit code of `status --nagios` ([plugin guidelines](https://nagios-plugins.org/doc/guidelines.html)):
/// people want to hear that the copy is old, not that a job failed.
public struct NagiosLine: Sendable, Equatable {
  /// Warning and critical ages in seconds: two and four times the default interval.
  public static let warning = 1_800
  public static let critical = 3_600

  public let text: String
  /// 0 good, 1 warning, 2 critical, 3 unknown.
  public let code: Int32

  /// What the master knows of the age of its copies.
  public init(_ report: MasterStatusReport) {
    self.init(
      report.connections.filter { $0.status == "enabled" }.map { ($0.name, $0.age, $0.fenced == true) })
  }

  /// What the slave knows of the age of what it holds.
  public init(_ report: SlaveStatusReport) {
    self.init(report.connections.map { ($0.name, $0.lastSync?.age, $0.fenced == true) })
  }

  private init(_ connections: [(name: String, age: Duration?, isFenced: Bool)]) {
    let ages = connections.map { name, age, isFenced in
      (harmless(name), age.map { Int($0.components.seconds) }, isFenced)
    }
    let worst = ages.map { NagiosLine.code(age: $0.1, isFenced: $0.2) }.max() ?? 3
    let words = ages.map { name, age, isFenced in
      isFenced ? "\(name) is fenced" : age.map { "\(name) is \($0) s old" } ?? "\(name) was never in step"
    }
    let data = ages.compactMap { name, age, _ in
      age.map { ages.count == 1 ? "'age'=\($0)s" : "'age_\(name)'=\($0)s" }
    }.map { "\($0);\(NagiosLine.warning);\(NagiosLine.critical);0;" }
    let state = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][Int(worst)]
    let said = words.isEmpty ? "no connection is enabled" : words.joined(separator: ", ")
    text = "HOTSYNC \(state): \(said)" + (data.isEmpty ? "" : " | \(data.joined(separator: " "))")
    code = worst
  }

  private static func code(age: Int?, isFenced: Bool) -> Int32 {
    guard let age, !isFenced else { return 2 }
    return age > critical ? 2 : age > warning ? 1 : 0
  }
}

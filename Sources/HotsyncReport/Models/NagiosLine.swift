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
      report.connections.filter { $0.status == "enabled" }.map {
        Known(name: harmless($0.name), age: $0.age, trouble: $0.fenced == true ? "is fenced" : nil)
      })
  }

  /// What the slave knows of the age of what it holds.
  public init(_ report: SlaveStatusReport) {
    self.init(
      report.connections.map { connection in
        let blocker = connection.ready == false ? connection.blockers.first : nil
        return Known(
          name: harmless(connection.name), age: connection.lastSync?.age,
          trouble: connection.fenced == true ? "is fenced" : blocker.map { "is not ready: \(harmless($0.message))" })
      })
  }

  private struct Known {
    let name: String
    let age: Duration?
    /// What makes it of no use whatever its age.
    let trouble: String?

    var seconds: Int? { age.map { Int($0.components.seconds) } }

    var code: Int32 {
      guard let seconds, trouble == nil else { return 2 }
      return seconds > critical ? 2 : seconds > warning ? 1 : 0
    }

    var words: String { "\(name) " + (trouble ?? seconds.map { "is \($0) s old" } ?? "was never in step") }
  }

  private init(_ connections: [Known]) {
    let worst = connections.map(\.code).max() ?? 3
    let data = connections.compactMap { known in
      known.seconds.map { connections.count == 1 ? "'age'=\($0)s" : "'age_\(known.name)'=\($0)s" }
    }.map { "\($0);\(NagiosLine.warning);\(NagiosLine.critical);0;" }
    let state = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][Int(worst)]
    // A bar begins the numbers.
    let words = connections.map { $0.words.replacing("|", with: "/") }
    let said = words.isEmpty ? "no connection is enabled" : words.joined(separator: ", ")
    text = "HOTSYNC \(state): \(said)" + (data.isEmpty ? "" : " | \(data.joined(separator: " "))")
    code = worst
  }
}

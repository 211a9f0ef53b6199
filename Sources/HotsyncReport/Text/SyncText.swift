public import HotsyncSystem

/// How the result of `hotsync sync` reads.
extension SyncReport {
  /// One connection in a few lines; several in a table, with their problems below.
  public func text(now: Timestamp) -> String {
    if connections.count == 1 || connections.contains(where: { $0.changes != nil }) {
      return connections.map(\.text).joined(separator: "\n\n")
    }
    guard !connections.isEmpty else { return "no connection is configured" }
    var table = TextTable([
      ("connection", .left), ("result", .left), ("generation", .right), ("new", .right), ("changed", .right),
      ("deleted", .right), ("on the wire", .right), ("time", .right),
    ])
    for report in connections {
      table.add([
        report.connection, report.result.rawValue, report.generation.map { String($0) } ?? "-",
        Units.count(report.files.created), Units.count(report.files.changed), Units.count(report.files.deleted),
        Units.size(report.wire), Units.duration(report.duration),
      ])
    }
    let problems = connections.filter { !$0.problems.isEmpty }.map {
      "\n\(harmless($0.connection)): \(Units.count(UInt64($0.problems.count), "problem"))\n" + Problem.text($0.problems)
    }
    let snapshots = connections.compactMap { report in
      report.snapshot.map { "\(harmless(report.connection)): \($0.text(isDryRun: false))" }
    }
    return ([table.text] + snapshots + problems).joined(separator: "\n")
  }
}

extension ConnectionReport {
  var wire: UInt64 {
    let (sum, overflow) = bytes.wireSent.addingReportingOverflow(bytes.wireReceived)
    return overflow ? .max : sum
  }

  var text: String {
    if let changes, failure == nil { return dryRunText(changes) }
    var lines = ["\(harmless(connection)): \(headline)"]
    if let snapshot { lines.append("  " + snapshot.text(isDryRun: false)) }
    if result != .disabled {
      lines.append("  files  \(filesText)")
      if result != .unchanged || wire > 0 { lines.append("  bytes  \(bytesText)") }
      lines += databasesText
      if !phases.isEmpty {
        lines.append(
          "  time   " + phases.map { "\(harmless($0.name)) \(Units.duration($0.duration))" }.joined(separator: ", "))
      }
    }
    if !problems.isEmpty { lines.append(problemsText) }
    return lines.joined(separator: "\n")
  }

  private var headline: String {
    let number = generation.map { "generation \($0)" } ?? "a generation"
    let time = "in \(Units.duration(duration))"
    let left = Units.count(UInt64(problems.count { $0.leftOut }), "file")
    switch result {
    case .committed: return "committed \(number) \(time)"
    case .unchanged: return "nothing to send, in step with \(number), \(time)"
    case .incomplete where isUnchanged: return "nothing to send, \(number), \(time), with \(left) left out"
    case .incomplete: return "committed \(number) \(time), with \(left) left out"
    case .failed where isCommitAsked:
      return
        "failed after \(Units.duration(duration)); the commit was asked for: the next cycle tells whether it came to be"
    case .failed: return "failed after \(Units.duration(duration)); the last generation is untouched"
    case .refused: return "refused after \(Units.duration(duration)); the last generation is untouched"
    case .disabled: return "disabled; to switch it on: hotsync activate \(harmless(connection))"
    }
  }

  private var isUnchanged: Bool {
    files.created + files.changed + files.deleted + files.renamed + files.metadata == 0
  }

  private var filesText: String {
    let counts = [
      (files.created, "created"), (files.changed, "changed"), (files.deleted, "deleted"), (files.renamed, "renamed"),
      (files.metadata, "with new metadata"), (files.skipped, "skipped"),
    ]
    let done = counts.filter { $0.0 > 0 }.map { "\(Units.count($0.0)) \($0.1)" }.joined(separator: ", ")
    let total = "\(Units.count(files.total)) in all"
    return done.isEmpty ? total : "\(done); \(total)"
  }

  private var bytesText: String {
    let saving = Units.saving(bytes.changed, wire).map { " (\($0))" } ?? ""
    return "\(Units.size(bytes.changed)) changed, \(Units.size(wire)) on the wire\(saving); "
      + "\(Units.size(bytes.total)) in all"
  }

  /// As many as a terminal shows at once.
  private static let databaseLimit = 20

  private var databasesText: [String] {
    var lines = databases.prefix(ConnectionReport.databaseLimit).map { database in
      let what = database.bytes > 0 ? ", \(Units.size(database.bytes)) in \(Units.duration(database.duration))" : ""
      return "  dump   \(harmless(database.engine)) \(harmless(database.name)): \(harmless(database.result))\(what)"
    }
    let more = databases.count - lines.count
    if more > 0 { lines.append("  and \(Units.count(UInt64(more))) more: --json lists them all") }
    return lines
  }

  private var problemsText: String {
    "  \(Units.count(UInt64(problems.count), "problem")):\n"
      + Problem.text(problems).split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
  }

  private func dryRunText(_ changes: [Change]) -> String {
    var lines = ["\(harmless(connection)): a dry run, nothing is written on either side"]
    lines += changes.map(\.text) + databasesText
    lines.append(changes.isEmpty ? "nothing to send" : "\(filesText); \(Units.size(bytes.changed)) of content are new")
    if let snapshot { lines.append(snapshot.text(isDryRun: true)) }
    if !problems.isEmpty { lines.append(problemsText) }
    return lines.joined(separator: "\n")
  }
}

import HotsyncReport

/// The results as a program reads them: every run, with its numbers as they were measured.
enum ResultDocument {
  static func document(_ outcome: Outcome) -> JSONValue {
    .object([
      ("seed", .size(outcome.seed)), ("pairs", .integer(Int64(outcome.runs))), ("scale", .string(outcome.scale)),
      ("workloads", .array(outcome.results.map(document))), ("figures", .array(outcome.figures.map(document))),
    ])
  }

  private static func document(_ verdict: Verdict) -> JSONValue {
    .object([("goal", .string(verdict.text)), ("found", .string(verdict.found)), ("met", .bool(verdict.isMet))])
  }

  private static func document(_ result: ContestResult) -> JSONValue {
    let series =
      result.screened.map { ("rsync \($0.key)", "screened", $0.value) }
      + result.paired.map { ("rsync \($0.key)", "paired", $0.value) }
      + result.own.map { ("hotsync \($0.key)", "paired", $0.value) }
    return .object([
      ("workload", .string(result.workload.rawValue)), ("subject", .string(result.subject)),
      ("verified", .bool(result.isVerified)), ("differences", .strings(result.differences)),
      ("goals", .array(result.verdicts.map(document))),
      (
        "runs",
        .array(
          series.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.flatMap { name, kind, series in
            series.measurements.map { document($0, name, kind) }
          })
      ),
    ])
  }

  private static func document(_ cost: Measurement, _ name: String, _ kind: String) -> JSONValue {
    .object([
      ("contestant", .string(name)), ("kind", .string(kind)), ("seconds", .seconds(.seconds(cost.seconds))),
      ("flush_seconds", .seconds(.seconds(cost.flushSeconds))), ("wire_bytes", .integer(Int64(cost.wire))),
      ("cpu_seconds", .seconds(.seconds(cost.processorSeconds))),
      ("peak_bytes", .object(cost.peaks.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) })),
    ])
  }
}

import HotsyncReport

/// The results as a program reads them: every run, with its numbers as they were measured.
enum ResultDocument {
  static func document(_ results: [ContestResult], seed: UInt64, runs: Int, scale: String) -> JSONValue {
    .object([
      ("seed", .size(seed)), ("runs", .integer(Int64(runs))), ("scale", .string(scale)),
      ("workloads", .array(results.map(document))),
    ])
  }

  private static func document(_ result: ContestResult) -> JSONValue {
    let series =
      result.screened.map { ("rsync \($0.key)", "screened", $0.value) }
      + result.paired.map { ("rsync \($0.key)", "paired", $0.value) }
      + result.own.map { ("hotsync \($0.key)", "paired", $0.value) }
    return .object([
      ("workload", .string(result.workload.rawValue)), ("subject", .string(result.subject)),
      ("verified", .bool(result.isVerified)), ("differences", .strings(result.differences)),
      (
        "goals",
        .array(
          result.verdicts.map {
            .object([("goal", .string($0.text)), ("found", .string($0.found)), ("met", .bool($0.isMet))])
          })
      ),
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

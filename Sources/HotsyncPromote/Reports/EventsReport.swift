public import HotsyncReport
public import HotsyncSystem

/// What came of the post-restore hooks.
public struct EventsReport: Report {
  struct Hook: Sendable {
    let name: String
    let output: String
    let failure: ErrorReport?
  }

  var hooks: [Hook] = []

  public var failures: [ErrorReport] { hooks.compactMap(\.failure) }
  public var exitCode: ExitCode { failures.isEmpty ? .done : .failed }
  public var isRoutine: Bool { failures.isEmpty }

  public var json: JSONValue {
    .object([
      (
        "hooks",
        .array(
          hooks.map { hook in
            .object([
              ("name", .string(hook.name)), ("result", .string(hook.failure == nil ? "done" : "failed")),
              ("output", .string(hook.failure?.cause ?? hook.output)),
            ])
          })
      )
    ])
  }

  public func text(now: Timestamp) -> String {
    guard !hooks.isEmpty else { return "there is no post-restore hook" }
    return hooks.map { hook in
      let words = hook.output.isEmpty ? "" : ": \(harmless(hook.output))"
      return hook.failure == nil ? "done: \(harmless(hook.name))\(words)" : "FAILED: \(harmless(hook.name))"
    }.joined(separator: "\n")
  }
}

extension Promotion {
  /// Runs the post-restore hooks; a failing one does not keep the others from running.
  public func runEvents() throws(PromoteError) -> EventsReport {
    let last = try lastReport()
    let world = try world(number: last?.number ?? 0, generation: last?.generation ?? 0, options, isTrial: false)
    var report = EventsReport()
    for name in try EventsStep.hooks(world) {
      do throws(PromoteError) {
        report.hooks.append(EventsReport.Hook(name: "\(name)", output: try EventsStep.run(name, world), failure: nil))
      } catch {
        report.hooks.append(EventsReport.Hook(name: "\(name)", output: "", failure: ErrorReport(error)))
      }
    }
    return report
  }
}

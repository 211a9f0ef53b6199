#if DEBUG
  import Glibc
  import Synchronization

  /// Faults that tests plant in a child process, by its environment; builds for release hold none of this.
  ///
  /// - `HOTSYNC_FAULT=CALL:N:ERRNO`: the Nth (from 1) system call of that name fails with that number; `*` is any call.
  /// - `HOTSYNC_KILL_AT=POINT:N`: the process kills itself with SIGKILL when it passes that point the Nth time.
  /// - `HOTSYNC_STOP_AT=POINT:N`: it stops there (SIGSTOP), so that a test can do something meanwhile.
  ///
  /// `HOTSYNC_AGENT_FAULT`, `HOTSYNC_AGENT_KILL_AT` and `HOTSYNC_AGENT_STOP_AT` do the same to the embedded agent, which
  /// gets an environment of its own. Within a process, `FaultPlan` does such things to one thread.
  public enum Faults {
    private static let fault = plan("HOTSYNC_FAULT")
    private static let kill = plan("HOTSYNC_KILL_AT")
    private static let stop = plan("HOTSYNC_STOP_AT")
    private static let calls = Atomic<Int>(0)
    private static let passes = Atomic<Int>(0)
    private static let stops = Atomic<Int>(0)

    /// What a process gives to the embedded agent that it starts.
    public static var agentVariables: [String: String] {
      var variables: [String: String] = [:]
      for name in ["FAULT", "KILL_AT", "STOP_AT"] {
        variables["HOTSYNC_\(name)"] = Environment.value("HOTSYNC_AGENT_\(name)")
      }
      return variables
    }

    private struct Plan {
      let name: String
      let count: Int
      let number: Int32
    }

    private static func plan(_ variable: String) -> Plan? {
      guard let text = Environment.value(variable) else { return nil }
      let parts = text.split(separator: ":")
      guard parts.count >= 2, let count = Int(parts[1]) else { return nil }
      return Plan(
        name: String(parts[0]), count: count, number: parts.count > 2 ? Int32(parts[2]) ?? EIO : EIO)
    }

    static func next(_ name: StaticString) -> Int32? {
      if let plan = FaultPlan.ofThread { return plan.next(name) }
      guard let fault, fault.name == "*" || fault.name == name.description else { return nil }
      return calls.wrappingAdd(1, ordering: .relaxed).newValue == fault.count ? fault.number : nil
    }

    static func pass(_ point: StaticString) {
      FaultPlan.ofThread?.pass(point)
      if let kill, kill.name == point.description,
        passes.wrappingAdd(1, ordering: .relaxed).newValue == kill.count
      {
        Glibc.kill(getpid(), SIGKILL)
      }
      if let stop, stop.name == point.description,
        stops.wrappingAdd(1, ordering: .relaxed).newValue == stop.count
      {
        Glibc.kill(getpid(), SIGSTOP)
      }
    }
  }
#endif

/// A named moment at which tests may kill or stop the process. Nothing in builds for release.
@inline(__always)
public func crashPoint(_ name: StaticString) {
  #if DEBUG
    Faults.pass(name)
  #endif
}

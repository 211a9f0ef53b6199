import HotsyncSystem

/// A private server that runs: started, waited for, and ended in order.
final class ServerProcess {
  private let child: ChildProcess
  private var isReaped = false

  init(_ child: consuming ChildProcess) { self.child = child }

  deinit { end(ChildProcess.terminate, within: .seconds(60)) }

  /// Waits until the server answers.
  ///
  /// - Parameter answers: asks it; false while it cannot answer yet.
  /// - Returns: false where it ended, or did not answer in time, and was ended.
  func waits(until answers: () -> Bool, limit: Duration) -> Bool {
    let clocks = Clocks.system
    let start = clocks.elapsed()
    while clocks.elapsed() - start < limit {
      if child.wait(atMost: .zero) != nil {
        isReaped = true
        return false
      }
      if answers() { return true }
      Worker.pause(.milliseconds(100))
    }
    end(ChildProcess.killNow, within: .seconds(10))
    return false
  }

  /// Whether it has ended by itself.
  var hasEnded: Bool {
    if !isReaped, child.wait(atMost: .zero) != nil { isReaped = true }
    return isReaped
  }

  /// Asks it to end, and ends it where it does not.
  ///
  /// - Returns: whether it ended by itself, and well.
  @discardableResult
  func end(_ signal: Int32, within limit: Duration) -> Bool {
    guard !isReaped else { return false }
    isReaped = true
    child.signalGroup(signal)
    if let ending = child.wait(atMost: limit) { return ending.succeeded }
    child.signalGroup(ChildProcess.killNow)
    _ = child.wait()
    return false
  }
}

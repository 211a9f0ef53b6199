import HotsyncConfig
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport

/// Asks the slave of one connection whether this machine is its master still.
extension Cycle {
  /// How long a peer may take: what serves waits for it at boot.
  static let questionLimit = Duration.seconds(10)

  /// Greets and leaves. Neither side writes anything.
  func askForEpoch() -> PeerAnswer {
    do {
      let record = try ObservedState(connection: connection.name, root: root).record()
      let (line, _, _) = try connect(.look, record)
      line.close(inStep: false)
      return .accepted
    } catch {
      guard let error = error as? any HotsyncError else { return .silent(cause: "\(error)") }
      switch error.kind {
      case .fenced: return .fenced(cause: error.cause, epoch: higherEpoch)
      // It says so after it has compared epochs.
      case .busy: return .accepted
      default: return .silent(cause: error.cause)
      }
    }
  }
}

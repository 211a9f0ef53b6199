import HotsyncConfig
import HotsyncProtocol
import HotsyncSystem

/// What a peer said when it was asked for its epoch.
enum PeerAnswer: Equatable, Sendable {
  /// It would take a cycle from this machine.
  case accepted
  /// It was promoted, or knows who was. Its host key was checked before.
  case fenced(cause: String, epoch: UInt64?)
  /// It was not reached, or said something else.
  case silent(cause: String)
}

/// When the guard asks.
enum GuardMoment: Sendable {
  /// Before addresses come up: only the wire can be asked.
  case link
  /// After the network is up, and before what serves is started.
  case boot
  /// Every minute.
  case running
}

/// Whether this machine may serve.
enum GuardState: Equatable, Sendable {
  case free
  /// It waits for its peer to answer (`guard.alone: hold`).
  case held(cause: String)
  case fenced(Fence)
}

/// All that the guard knows when it decides: a pure function of it, so that every case can be tested.
struct GuardFindings: Sendable {
  let moment: GuardMoment
  /// As it was before.
  var fence: Fence?
  var wasHeld = false
  /// By connection.
  var answers: [(connection: String, answer: PeerAnswer)] = []
  /// This machine's own addresses that another one answers at.
  var taken: [InternetAddress: HardwareAddress] = [:]
  var policy = GuardPolicy.start

  private var isAccepted: Bool { answers.contains { $0.answer == .accepted } }

  func state(now: Timestamp) -> GuardState {
    for (connection, answer) in answers {
      guard case .fenced(let cause, let epoch) = answer else { continue }
      // An old fence tells since when.
      if let fence, fence.evidence == .epoch { return .fenced(fence) }
      return .fenced(Fence(evidence: .epoch, epoch: epoch, since: now, connection: connection, cause: cause))
    }
    if let fence { return canRelease(fence) ? .free : .fenced(fence) }
    if let cause = takenText, moment == .link || !isAccepted {
      return .fenced(Fence(evidence: .address, epoch: nil, since: now, connection: "", cause: cause))
    }
    return alone ?? .free
  }

  /// A fence that an epoch put up is lifted by the operator alone (`hotsync sync --adopt`): one slave that knows nothing says
  /// nothing of the one that was promoted. One that an address put up goes when nobody has that any more and all peers know
  /// this machine as their master.
  private func canRelease(_ fence: Fence) -> Bool {
    guard fence.evidence == .address, moment != .link, taken.isEmpty, !answers.isEmpty else { return false }
    return answers.allSatisfy { $0.answer == .accepted }
  }

  private var takenText: String? {
    let found = taken.sorted { $0.key.description < $1.key.description }.map { "\($0.value) answers at \($0.key)" }
    guard !found.isEmpty else { return nil }
    return "another machine has this one's address: \(found.joined(separator: ", "))"
  }

  /// Where no peer answers as it should.
  private var alone: GuardState? {
    guard !answers.isEmpty, !isAccepted else { return nil }
    guard moment == .boot && policy == .hold || moment == .running && wasHeld else { return nil }
    let causes = answers.compactMap { entry -> String? in
      guard case .silent(let cause) = entry.answer else { return nil }
      return "\(entry.connection): \(cause)"
    }
    return .held(cause: "no peer answered, and guard.alone is hold (\(causes.joined(separator: "; ")))")
  }
}

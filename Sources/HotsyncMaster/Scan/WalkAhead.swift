import HotsyncSystem

/// Has folders listed before the walk comes to them: by a second thread, and by the walk's own while it would only wait. What
/// is listed and waits is bounded, so that a tree of any size takes the same memory
/// (docs/decisions/0019-walk-on-two-threads.md).
final class WalkAhead: Sendable {
  private struct State {
    /// Not listed yet, the next one last: as the walk will ask for them.
    var places: [FolderPlace] = []
    /// Entries that are listed and that the walk has not come to.
    var waiting = 0
    var isEnded = false

    mutating func next(within limit: Int) -> FolderPlace? {
      guard waiting < limit, let place = places.last(where: \.isWaiting) else { return nil }
      place.state = .underWay
      return place
    }
  }

  private let state: Monitor<State>
  private let lister: FolderLister
  private let limit: Int

  /// - Parameters:
  ///   - roots: in the order of the walk.
  ///   - limit: how many listed entries may wait before no further folder is begun.
  init(_ roots: [FolderPlace], lister: FolderLister, limit: Int) {
    state = Monitor(State(places: roots.reversed()))
    self.lister = lister
    self.limit = limit
  }

  /// Entries that are listed and wait.
  var waiting: Int { state.withLock { $0.waiting } }

  /// What the second thread does, until `end`.
  func work() {
    var buffer = [UInt8](repeating: 0, count: Folder.listingRoom)
    while let place = next() { list(place, using: &buffer) }
  }

  private func next() -> FolderPlace? {
    state.wait { state -> FolderPlace?? in
      if state.isEnded { return .some(nil) }
      return state.next(within: limit).map { .some($0) }
    }
  }

  /// Nobody asks any more: whoever works ends after the folder under way.
  func end() { state.withLock { $0.isEnded = true } }

  /// The listing of a folder, for the walk, once.
  func listing(of place: FolderPlace, using buffer: inout [UInt8]) throws(SystemError) -> FolderListing {
    while true {
      switch state.wait(until: { turn(for: place, &$0) }) {
      case .list(let place): list(place, using: &buffer)
      case .take(let listing): return listing
      case .fail(let error): throw error
      }
    }
  }

  private enum Turn {
    case list(FolderPlace)
    case take(FolderListing)
    case fail(SystemError)
  }

  /// What the walk does while it wants this folder; nil where it has to wait.
  private func turn(for place: FolderPlace, _ state: inout State) -> Turn? {
    switch place.state {
    case .waiting:
      place.state = .underWay
      return .list(place)
    case .underWay: return state.next(within: limit).map { .list($0) }
    case .listed(let listing):
      place.state = .taken
      state.waiting -= listing.weight
      return .take(listing)
    case .failed(let error):
      place.state = .taken
      return .fail(error)
    case .taken: preconditionFailure("the walk asks for \(place.path) twice")
    }
  }

  private func list(_ place: FolderPlace, using buffer: inout [UInt8]) {
    let outcome = Result { () throws(SystemError) in try lister.list(place, using: &buffer) }
    state.withLock { state in
      guard let position = state.places.lastIndex(where: { $0 === place }) else { return }
      switch outcome {
      case .success(let listing):
        place.state = .listed(listing)
        state.waiting += listing.weight
        state.places.replaceSubrange(position...position, with: listing.below.reversed())
      case .failure(let error):
        place.state = .failed(error)
        state.places.remove(at: position)
      }
    }
  }
}

extension FolderPlace {
  fileprivate var isWaiting: Bool { if case .waiting = state { true } else { false } }
}

extension FolderListing {
  /// The folder itself counts, too: empty ones are not free.
  fileprivate var weight: Int { entries.count + 1 }
}

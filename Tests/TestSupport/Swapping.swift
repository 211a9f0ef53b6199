import HotsyncSystem
import Synchronization

/// Two names of one folder that change places, over and over, while something works there.
public struct SwappedNames: Sendable {
  private let top: String
  private let folder: String
  private let one: String
  private let other: String

  /// - Parameter top: a folder that stays where it is.
  /// - Parameter folder: below it; no link on the way is followed.
  public init(_ one: String, _ other: String, in top: String, below folder: String = "") {
    self.top = top
    self.folder = folder
    self.one = one
    self.other = other
  }

  /// - Returns: whether both were there.
  @discardableResult
  public func swap() -> Bool {
    guard let one = FileName(one), let other = FileName(other), let top = try? Folder.open(top) else { return false }
    guard let path = RelativePath(folder) else { return (try? top.exchange(one, with: other, in: top)) != nil }
    guard let below = try? top.folder(at: path) else { return false }
    return (try? below.exchange(one, with: other, in: below)) != nil
  }
}

private final class SwapState: Sendable {
  let isOver = Atomic<Bool>(false)
  let count = Atomic<Int>(0)
}

/// Runs a body while another thread, as a local user might, has entries change places all the time.
///
/// - Parameter each: what else the thread does in each round.
/// - Returns: what the body returned, and how often entries changed places.
public func whileSwapping<Result>(
  _ pairs: [SwappedNames], each: @escaping @Sendable () -> Void = {}, _ body: () throws -> Result
) throws -> (result: Result, swaps: Int) {
  let state = SwapState()
  let worker = Worker {
    var round: UInt32 = 0
    while !state.isOver.load(ordering: .relaxed) {
      for pair in pairs where pair.swap() { state.count.wrappingAdd(1, ordering: .relaxed) }
      each()
      round &+= 1
      // Every length of pause once in a while, so that no moment is spared.
      Worker.pause(.microseconds(Int64(round.multipliedReportingOverflow(by: 2_654_435_761).partialValue % 300)))
    }
  }
  let outcome = Swift.Result { try body() }
  state.isOver.store(true, ordering: .relaxed)
  worker.join()
  return (try outcome.get(), state.count.load(ordering: .relaxed))
}

/// The files below a folder that hold some text, read whole.
public func files(below path: String, holding text: String) throws -> [String] {
  let folder = try Folder.open(path)
  let wanted = Array(text.utf8)
  return try walkTree(folder).filter { entry in
    guard entry.status.kind == .regular, entry.status.size < 64 << 20 else { return false }
    let bytes = try folder.open(at: entry.path).readAll(limit: 64 << 20) ?? []
    return bytes.count >= wanted.count
      && (0...(bytes.count - wanted.count)).contains {
        bytes[$0] == wanted[0] && bytes[$0..<($0 + wanted.count)].elementsEqual(wanted)
      }
  }.map(\.path.description)
}

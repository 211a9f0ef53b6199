import HotsyncCatalog
import HotsyncSystem

/// `incoming/begun`: which contents were opened, so that the next cycle knows what a half of one is a half of.
final class BegunLog: Sendable {
  enum State: Equatable {
    /// Bytes of this path's file, from its start.
    case whole(RelativePath)
    /// Ranges of a patch, worth nothing on their own.
    case patch
    /// Ranges of a patch of this path's large file.
    case largePatch(RelativePath)
  }

  private enum Mark: UInt8 {
    case whole = 1
    case patch = 2
    case done = 3
    case largePatch = 4
  }

  private static let limit = 256 << 20
  private let file: Descriptor

  init(_ store: Store) throws(SystemError) {
    file = try store.incoming.open(StoreLayout.begun, [.writing, .creating, .appending])
  }

  func append(_ number: UInt64, _ state: State) throws(SystemError) {
    var writer = ByteWriter()
    switch state {
    case .whole(let path):
      writer.byte(Mark.whole.rawValue)
      writer.integer(number)
      writer.data(path.bytes)
    case .patch:
      writer.byte(Mark.patch.rawValue)
      writer.integer(number)
    case .largePatch(let path):
      writer.byte(Mark.largePatch.rawValue)
      writer.integer(number)
      writer.data(path.bytes)
    }
    try file.write(writer.bytes)
  }

  func appendDone(_ number: UInt64) throws(SystemError) {
    var writer = ByteWriter()
    writer.byte(Mark.done.rawValue)
    writer.integer(number)
    try file.write(writer.bytes)
  }

  /// What was opened and not closed. A torn end, as a power cut leaves it, counts for nothing.
  static func read(_ store: Store) throws(SystemError) -> [UInt64: State] {
    // A list that is out of bounds counts for nothing, too: what is staged is told apart by its digest alone.
    let bytes = try? store.incoming.content(of: StoreLayout.begun, limit: limit)
    var reader = ByteReader(bytes ?? [])
    var states: [UInt64: State] = [:]
    do throws(Malformed) {
      while !reader.isAtEnd {
        let mark = Mark(rawValue: try reader.byte())
        let number = try reader.integer()
        switch mark {
        case .whole: states[number] = .whole(try reader.path())
        case .patch: states[number] = .patch
        case .largePatch: states[number] = .largePatch(try reader.path())
        case .done: states[number] = nil
        case nil: return states
        }
      }
    } catch { return states }
    return states
  }
}

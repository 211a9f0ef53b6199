import HotsyncCatalog
import HotsyncSystem

/// What the carrying out of a commit does at one changed path, beside its metadata. Each is repeatable.
enum Action: Equatable {
  /// Nothing is staged for it: a folder, a further link, new metadata, or an entry that goes.
  case none
  /// The staged content takes the path. It has its metadata already.
  case place(UInt64)
  /// The same, where the content is the one that was there before: nothing is displaced, as every generation that has it finds
  /// it in the new file, too.
  case replace(UInt64)
  /// The staged content is another link to a file of the mirror, and gets its metadata once it has the path.
  case placeMoved(UInt64)
  /// The staged ranges are written into the file at the path.
  case patch(UInt64)
  /// A folder that was made under that number takes the path, with all that was put into it.
  case placeFolder(UInt64)
  /// It is in a folder that takes its path. A file has its metadata already.
  case arrived

  fileprivate var code: UInt64 {
    switch self {
    case .none: 0
    case .place(let number): 1 | number << 3
    case .placeMoved(let number): 2 | number << 3
    case .patch(let number): 3 | number << 3
    case .replace(let number): 4 | number << 3
    case .placeFolder(let number): 5 | number << 3
    case .arrived: 6
    }
  }

  fileprivate init(code: UInt64) {
    let number = code >> 3
    switch code & 7 {
    case 1: self = .place(number)
    case 2: self = .placeMoved(number)
    case 3: self = .patch(number)
    case 4: self = .replace(number)
    case 5: self = .placeFolder(number)
    case 6: self = .arrived
    default: self = .none
    }
  }
}

/// The actions of a commit, one for each entry of its segment of changes, in the same order.
struct ActionList {
  private var codes: [UInt64] = []

  var count: Int { codes.count }

  subscript(index: Int) -> Action { Action(code: codes[index]) }

  mutating func append(_ action: Action) { codes.append(action.code) }

  mutating func replace(_ index: Int, with action: Action) { codes[index] = action.code }

  func encode() -> [UInt8] {
    var writer = ByteWriter(reserving: codes.count * 3)
    for code in codes { writer.integer(code) }
    return writer.bytes
  }

  init() {}

  init(decoding bytes: [UInt8]) throws(Malformed) {
    var reader = ByteReader(bytes)
    while !reader.isAtEnd {
      let code = try reader.integer()
      guard code & 7 <= Action.arrived.code else { throw Malformed("an unknown action") }
      codes.append(code)
    }
  }
}

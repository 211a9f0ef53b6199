import FoundationEssentials
public import HotsyncSystem

/// The journal of a promotion: lines that are only ever added, each flushed before what it tells of is done. A line begins
/// with the digest of itself and the line before, so that none can be missing, altered or exchanged. A last line that was
/// cut short by a crash was never acted upon, and counts for nothing.
public final class Journal {
  public static let name = "journal"
  static let limit = 256 << 20

  private let file: Descriptor
  private let clocks: Clocks
  private var last: Digest
  public private(set) var lines: [JournalLine]
  public private(set) var progress: Progress

  // Against accidents only: nobody but root writes here.
  private static let key = HashKey(bytes: [UInt8](repeating: 0x48, count: HashKey.byteCount))

  /// Begins one in a folder that has none.
  public init(in folder: borrowing Folder, start: PromotionStart, clocks: Clocks) throws(PromoteError) {
    let first = JournalLine(time: clocks.now(), entry: .begun(start))
    let (text, digest) = try Journal.encode(first, after: .zero)
    let name = FileName(checked: Journal.name)
    // Whole or not at all: a journal without a beginning would be damaged.
    try PromoteError.telling { () throws(SystemError) in try folder.create(name, with: text) }
    file = try PromoteError.telling { () throws(SystemError) in
      try folder.open(name, [.readingAndWriting, .appending])
    }
    lines = [first]
    last = digest
    progress = try Progress([first.entry])
    self.clocks = clocks
  }

  /// Opens one to go on with it; nil where the folder has none. What a crash left of a last line is cut off.
  public init?(in folder: borrowing Folder, clocks: Clocks) throws(PromoteError) {
    guard let read = try Journal.read(folder) else { return nil }
    file = try PromoteError.telling { () throws(SystemError) in
      let file = try folder.open(FileName(checked: Journal.name), [.readingAndWriting, .appending])
      if try file.status().size > read.length {
        try file.truncate(to: read.length)
        try file.synchronize()
      }
      return file
    }
    lines = read.lines
    last = read.last
    progress = try Progress(read.lines.map(\.entry))
    self.clocks = clocks
  }

  /// What stands there, without changing anything; nil where there is none.
  public static func lines(in folder: borrowing Folder) throws(PromoteError) -> [JournalLine]? {
    try read(folder)?.lines
  }

  /// Adds a line, durable when this returns.
  public func add(_ entry: JournalEntry) throws(PromoteError) {
    var after = progress
    try after.take(entry)
    let line = JournalLine(time: clocks.now(), entry: entry)
    let (text, digest) = try Journal.encode(line, after: last)
    try PromoteError.telling { () throws(SystemError) in
      try file.write(text)
      try file.synchronize()
    }
    lines.append(line)
    last = digest
    progress = after
  }

  // MARK: Lines

  private static func digest(_ text: some Collection<UInt8>, after last: Digest) -> Digest {
    key?.digest(of: last.bytes + text) ?? .zero
  }

  private static func encode(_ line: JournalLine, after last: Digest) throws(PromoteError) -> ([UInt8], Digest) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(line) else {
      throw PromoteError(
        .bug, "cannot write", "the journal of the promotion", cause: "a line cannot be told as JSON",
        next: "report this with the journal of the promotion")
    }
    let digest = digest(text, after: last)
    return (Array(digest.hexadecimal.utf8) + [UInt8(ascii: " ")] + text + [UInt8(ascii: "\n")], digest)
  }

  private static func read(
    _ folder: borrowing Folder
  ) throws(PromoteError) -> (lines: [JournalLine], last: Digest, length: UInt64)? {
    let bytes = try PromoteError.telling { () throws(SystemError) in
      try folder.content(of: FileName(checked: name), limit: limit)
    }
    guard let bytes else { return nil }
    var lines: [JournalLine] = []
    var last = Digest.zero
    var position = 0
    while let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let line = parse(bytes[position..<end], &last) else {
        // What follows a line that means nothing cannot be a crash's.
        if bytes.index(after: end) == bytes.endIndex, !lines.isEmpty { break }
        throw PromoteError(
          .damaged, "cannot read", "the journal of the promotion", cause: "line \(lines.count + 1) of it is altered",
          next: "keep the folder var/lib/hotsync-state as it is, and see the hardware's log; nothing was changed now")
      }
      lines.append(line)
      position = end + 1
    }
    return (lines, last, UInt64(position))
  }

  private static func parse(_ bytes: ArraySlice<UInt8>, _ last: inout Digest) -> JournalLine? {
    guard let blank = bytes.firstIndex(of: UInt8(ascii: " ")) else { return nil }
    let text = bytes[(blank + 1)...]
    let digest = digest(text, after: last)
    guard Array(bytes[..<blank]) == Array(digest.hexadecimal.utf8),
      let line = try? JSONDecoder().decode(JournalLine.self, from: Data(text))
    else { return nil }
    last = digest
    return line
  }
}

extension FileName {
  /// Of our own names only.
  init(checked text: String) {
    guard let name = FileName(text) else { preconditionFailure("\(text) is no name") }
    self = name
  }
}

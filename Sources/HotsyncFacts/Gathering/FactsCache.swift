import HotsyncSystem

/// The last documents, and the stamps of the files that they came from: `<name>.json` and `<name>.stamp`. What cannot be
/// kept is gathered again; the cache saves time and nothing else.
struct FactsCache {
  private let folder: OpenFolder?
  private let now: Timestamp

  /// Raised when the same sources give another document than before.
  private static let revision = 1
  /// A file that is changed twice within a tick of the kernel's clock shows no difference: what is so young is not kept.
  private static let settled = Duration.seconds(2)
  private static let stampLimit = 16 << 20

  init(_ folder: borrowing Folder?, now: Timestamp) throws(FactsError) {
    self.now = now
    if folder != nil {
      do throws(SystemError) { self.folder = OpenFolder(try folder!.duplicate()) } catch { throw FactsError(error) }
    } else {
      self.folder = nil
    }
  }

  func document<Document: Gathered>(_ type: Document.Type, _ source: Source) throws(FactsError) -> [UInt8] {
    guard let folder, let documentName = FileName("\(type.name).json"),
      let stampName = FileName("\(type.name).stamp")
    else { return try Document(gathering: source).encode() }
    // Looked at before the files are read: what changes meanwhile gives another stamp the next time.
    let stamp = try source.stamp(of: type.sources)
    if let kept = try? folder.folder.content(of: documentName, limit: Facts.limit),
      let keptStamp = try? folder.folder.content(of: stampName, limit: FactsCache.stampLimit),
      keptStamp == FactsCache.line(stamp.text, kept)
    {
      return kept
    }
    let bytes = try Document(gathering: source).encode()
    try? folder.folder.unlinkIfPresent(stampName)
    guard now.since(stamp.youngest) > FactsCache.settled else { return bytes }
    do throws(SystemError) {
      try folder.folder.replace(documentName, with: bytes)
      try folder.folder.replace(stampName, with: FactsCache.line(stamp.text, bytes))
    } catch {}
    return bytes
  }

  private static func line(_ stamp: String, _ document: [UInt8]) -> [UInt8] {
    Array("\(revision) \(document.count)\n\(stamp)".utf8)
  }
}

public import HotsyncCatalog
public import HotsyncSystem

/// One committed state of the mirror.
public struct Generation: Sendable, Equatable {
  public let number: UInt64
  public let time: Timestamp
  public let epoch: UInt64
  public let catalog: CatalogDigest
  /// Entries that are no folders.
  public let files: UInt64
  /// What the regular files hold together.
  public let bytes: UInt64
  /// Entries that this generation changed.
  public let changed: UInt64
  /// It came from a folder of the slave's (`seed`), and no master was seen in step with it.
  public internal(set) var isSeed: Bool
  /// The names of its catalog's segments, oldest first.
  public let segments: [FileName]
}

/// The file `generations`: a line each, oldest first, then a line with the digest of those before. Readable at a console.
struct GenerationList: Equatable {
  static let limit = 64 << 20

  var all: [Generation]

  static let empty = GenerationList(all: [])

  var newest: Generation? { all.last }

  func encode(key: HashKey) -> [UInt8] {
    var text = ""
    for generation in all {
      text += "\(generation.number) \(generation.time.seconds).\(generation.time.nanoseconds) epoch=\(generation.epoch)"
      text += " catalog=\(generation.catalog.sum.hexadecimal) records=\(generation.catalog.records)"
      text += " files=\(generation.files) bytes=\(generation.bytes) changed=\(generation.changed)"
      text += " from=\(generation.isSeed ? "seed" : "master")"
      text += " segments=\(generation.segments.map(\.description).joined(separator: ","))\n"
    }
    return SealedText.seal(text, key: key)
  }

  static func parse(_ bytes: [UInt8], key: HashKey) throws(StoreError) -> GenerationList {
    var list = GenerationList.empty
    for line in try SealedText.open(bytes, key: key, "the list of generations") {
      guard let generation = parseLine(line) else {
        throw .damaged("the list of generations", "a line of it means nothing")
      }
      list.all.append(generation)
    }
    return list
  }

  private static func parseLine(_ line: Substring) -> Generation? {
    let words = line.split(separator: " ")
    guard words.count == 10, let number = UInt64(words[0]) else { return nil }
    let time = words[1].split(separator: ".")
    guard time.count == 2, let seconds = Int64(time[0]), let nanoseconds = UInt32(time[1]),
      let moment = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    else { return nil }
    var fields: [Substring: Substring] = [:]
    for word in words.dropFirst(2) {
      let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { return nil }
      fields[pair[0]] = pair[1]
    }
    func count(_ name: Substring) -> UInt64? { fields[name].flatMap { UInt64($0) } }
    guard let epoch = count("epoch"), let records = count("records"), let files = count("files"),
      let size = count("bytes"), let changed = count("changed"),
      let sum = fields["catalog"].flatMap(parseHexadecimal).flatMap({ Digest(bytes: $0) })
    else { return nil }
    guard let origin = fields["from"], origin == "seed" || origin == "master" else { return nil }
    let segments = (fields["segments"] ?? "").split(separator: ",").map { FileName(String($0)) }
    guard !segments.contains(nil) else { return nil }
    return Generation(
      number: number, time: moment, epoch: epoch, catalog: CatalogDigest(sum: sum, records: records), files: files,
      bytes: size, changed: changed, isSeed: origin == "seed",
      segments: segments.compactMap { $0 })
  }
}

import HotsyncDelta
import HotsyncSystem

/// `signatures/`: the digest maps of large contents, named by the content's digest. A cache: what is lost is made anew.
final class DigestMaps: Sendable {
  private let folder: Folder
  private let key: HashKey

  init(_ store: Store) throws(SystemError) {
    folder = try store.signatures.duplicate()
    key = store.key
  }

  private func name(_ digest: Digest) -> FileName { StoreLayout.name(digest.hexadecimal) }
  private func asideName(_ number: UInt64) -> FileName { StoreLayout.name("new-\(number)") }

  func open(_ digest: Digest) -> MapFile? {
    guard let file = try? folder.open(name(digest)) else { return nil }
    return MapFile(file)
  }

  /// A file to write a new map into; `keep` gives it its name.
  func create(_ number: UInt64) throws(SystemError) -> Descriptor {
    try folder.open(asideName(number), [.writing, .creating, .truncating])
  }

  func keep(_ number: UInt64, as digest: Digest) throws(SystemError) {
    try folder.rename(asideName(number), into: folder, as: name(digest))
  }

  func drop(_ number: UInt64) { try? folder.unlink(asideName(number)) }

  func remove(_ digest: Digest) { try? folder.unlink(name(digest)) }
}

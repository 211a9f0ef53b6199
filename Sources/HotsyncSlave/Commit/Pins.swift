import HotsyncSystem

/// `pins/<generation>`: who reads a generation holds a shared lock on its file and no other; a commit that would overwrite
/// blocks of it in place needs the lock alone, and makes whole files instead where it cannot have it.
extension Store {
  func tryPinExclusively(_ generation: UInt64) throws(StoreError) -> StoreLock? {
    try StoreError.telling { () throws(SystemError) in
      let file = try pins.open(StoreLayout.name(generation), [.readingAndWriting, .creating])
      return try file.tryLock() ? StoreLock(file) : nil
    }
  }

  /// Nil where a commit holds it.
  func tryPinForReading(_ generation: UInt64) throws(StoreError) -> StoreLock? {
    try StoreError.telling { () throws(SystemError) in
      let file = try pins.open(StoreLayout.name(generation), [.readingAndWriting, .creating])
      return try file.tryLock(shared: true) ? StoreLock(file) : nil
    }
  }

  /// Whether anybody reads a generation up to this one: what it displaced must stay.
  func isPinned(upTo generation: UInt64) throws(StoreError) -> Bool {
    let names = try StoreError.telling { () throws(SystemError) in try pins.names() }
    for name in names {
      guard let number = UInt64(String(decoding: name.bytes, as: UTF8.self)), number <= generation else { continue }
      if try tryPinExclusively(number) == nil { return true }
    }
    return false
  }

  func historyFolder(_ generation: UInt64) throws(SystemError) -> Folder {
    try history.makeOrOpenFolder(StoreLayout.name(generation))
  }
}

/// The one flush of a cycle (syncfs(2)): the kernel reports every error of writing back since the descriptor was opened.
final class FileSystemFlush: Sendable {
  private let descriptor: Descriptor

  init(_ store: Store) throws(SystemError) { descriptor = try store.top.reopened() }

  func flush() throws(SystemError) { try descriptor.synchronizeFileSystem() }
}

extension Folder {
  /// A new open file description of the same folder: errors are counted from when one was opened.
  fileprivate func reopened() throws(SystemError) -> Descriptor {
    try Descriptor.open("/proc/self/fd/\(descriptor.number)", .folder)
  }
}

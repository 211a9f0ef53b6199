import HotsyncSystem

/// `pins/`: who reads a generation holds shared locks on its file and on `readers`. A prune that would drop a generation needs
/// its file alone; a commit that would overwrite blocks in place needs `readers` alone, and makes whole files instead where it
/// cannot have it.
extension Store {
  private static let readers = StoreLayout.name("readers")

  private func tryPin(
    _ name: FileName, shared: Bool, leavesNoTrace: Bool = false
  ) throws(StoreError) -> HeldLock? {
    try StoreError.telling { () throws(SystemError) in
      try HeldLock(openPin(name, shared: shared, leavesNoTrace: leavesNoTrace), shared: shared)
    }
  }

  private func openPin(_ name: FileName, shared: Bool, leavesNoTrace: Bool) throws(SystemError) -> Descriptor {
    if leavesNoTrace {
      return try pins.statusIfPresent(name) == nil ? pins.descriptor.duplicate() : pins.open(name)
    }
    do throws(SystemError) { return try pins.open(name, [.readingAndWriting, .creating]) } catch {
      // What is on a disk that can only be read can still be restored from it: nobody commits or prunes there meanwhile.
      guard shared, error.isReadOnly else { throw error }
      return try pins.statusIfPresent(name) == nil ? pins.descriptor.duplicate() : pins.open(name)
    }
  }

  /// Nil while anybody reads anything.
  func tryLockOutReaders() throws(StoreError) -> HeldLock? { try tryPin(Store.readers, shared: false) }

  /// Nil while anybody reads that generation.
  func tryPinExclusively(_ generation: UInt64) throws(StoreError) -> HeldLock? {
    try tryPin(StoreLayout.name(generation), shared: false)
  }

  /// Nil where a commit or a prune holds it.
  ///
  /// - Parameter leavesNoTrace: where no file of a pin is there none is made: whoever commits or prunes meanwhile may not see it.
  func tryPinForReading(_ generation: UInt64, leavesNoTrace: Bool = false) throws(StoreError) -> ReaderPin? {
    guard let readers = try tryPin(Store.readers, shared: true, leavesNoTrace: leavesNoTrace),
      let own = try tryPin(StoreLayout.name(generation), shared: true, leavesNoTrace: leavesNoTrace)
    else { return nil }
    return ReaderPin(readers: readers, generation: own)
  }
}

/// Held as long as a generation is read.
struct ReaderPin: Sendable {
  let readers: HeldLock
  let generation: HeldLock
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

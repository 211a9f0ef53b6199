internal import CHotsyncShims
import Glibc

/// How an entry is opened (open(2)). Close-on-exec is always added.
public struct OpenMode: OptionSet, Sendable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Without waiting for the other end of a FIFO.
  public static let reading = OpenMode(rawValue: O_RDONLY | O_NONBLOCK)
  public static let writing = OpenMode(rawValue: O_WRONLY | O_NONBLOCK)
  public static let readingAndWriting = OpenMode(rawValue: O_RDWR | O_NONBLOCK)
  public static let creating = OpenMode(rawValue: O_CREAT)
  /// Fails (EEXIST) where something stands there already.
  public static let exclusively = OpenMode(rawValue: O_CREAT | O_EXCL)
  public static let truncating = OpenMode(rawValue: O_TRUNC)
  public static let appending = OpenMode(rawValue: O_APPEND)
  public static let folder = OpenMode(rawValue: O_RDONLY | O_DIRECTORY)
  /// Only to name the entry, a link itself included; no right to its content is needed.
  public static let nameOnly = OpenMode(rawValue: hs_o_path)
  static let noLinks = OpenMode(rawValue: O_NOFOLLOW)
}

/// An open file, folder, pipe or socket; closed when its owner ends.
public struct Descriptor: ~Copyable, Sendable {
  /// The number, for calls that take one; never keep it longer than the owner.
  public let number: Int32

  /// Takes over a number that nobody else owns.
  public init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives the number away; nothing is closed.
  public consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// Opens a path as written: only for what stands on the command line or in the configuration (open(2)).
  public static func open(
    _ path: String, _ mode: OpenMode = .reading, permissions: UInt32 = 0o600
  ) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("open", "cannot open", path) {
        // SAFETY: the string is lent for the call.
        unsafe hs_open(path, mode.rawValue, permissions)
      })
  }

  /// The very entry that this names, opened anew (through `/proc/self/fd/N`) if it is a regular file.
  func reopenedAsRegular(_ mode: OpenMode, _ name: @autoclosure () -> String) throws(SystemError) -> Descriptor {
    guard try status().kind == .regular else {
      throw SystemError(number: ELOOP, operation: "cannot open", subject: name())
    }
    return try Descriptor.open("/proc/self/fd/\(number)", mode)
  }

  public func status() throws(SystemError) -> FileStatus {
    var raw = hs_status()
    // SAFETY: the pointer lives through the call.
    try systemCall("statx", "cannot look at", "an open file") { unsafe hs_status_of(number, "", &raw) }
    return FileStatus(raw)
  }

  // MARK: Content

  /// Reads where the descriptor stands, at most `count` bytes into the front of `buffer`; 0 at the end (read(2)).
  public func read(into buffer: inout [UInt8], count: Int) throws(SystemError) -> Int {
    let count = min(count, buffer.count)
    // SAFETY: at most the buffer's own length is offered.
    return try systemCall("read", "cannot read", "an open file") {
      unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, offered(count)) }
    }
  }

  /// Reads at an offset into the front of `buffer` until `count` bytes or the end of the file (pread(2)).
  public func read(into buffer: inout [UInt8], count: Int, at offset: UInt64) throws(SystemError) -> Int {
    let count = min(count, buffer.count)
    var done = 0
    while done < count {
      // SAFETY: only what is left of the buffer is offered.
      let got = try systemCall("pread", "cannot read", "an open file") {
        unsafe buffer.withUnsafeMutableBytes {
          unsafe pread(number, $0.baseAddress! + done, offered(count - done), off_t(offset) + off_t(done))
        }
      }
      if got == 0 { break }
      done += got
    }
    return done
  }

  /// The content of a file of that size, and one byte more where it has grown meanwhile (pread(2)).
  public func readWhole(size: Int) throws(SystemError) -> [UInt8] {
    let count = size + 1
    var failure: SystemError?
    // SAFETY: the kernel writes at most what is offered of the room there is, and all that is counted was written by it.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      do throws(SystemError) {
        // Its size and no more came where more was asked for: that was its end.
        while done < max(size, 1) {
          let got = try systemCall("pread", "cannot read", "an open file") {
            unsafe pread(number, buffer.baseAddress! + done, offered(count - done), off_t(done))
          }
          if got == 0 { break }
          done += got
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole content, at most `limit` bytes; nil where there is more.
  public func readAll(limit: Int) throws(SystemError) -> [UInt8]? {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(limit + 1, 65_536))
    while true {
      let got = try read(into: &buffer, count: buffer.count)
      if got == 0 { return content }
      guard content.count + got <= limit else { return nil }
      content += buffer[..<got]
    }
  }

  /// Writes all of it where the descriptor stands (write(2)).
  public func write(_ bytes: some Collection<UInt8>) throws(SystemError) {
    // SAFETY: the bytes are lent to the closure, which stays within their count.
    try unsafe withBytes(bytes) { (base, count) throws(SystemError) in
      var done = 0
      while done < count {
        // SAFETY: only what is left of the bytes is read.
        done += try systemCall("write", "cannot write", "an open file") {
          unsafe Glibc.write(number, base + done, offered(count - done))
        }
      }
    }
  }

  /// Writes all of it at an offset (pwrite(2)).
  public func write(_ bytes: some Collection<UInt8>, at offset: UInt64) throws(SystemError) {
    // SAFETY: the bytes are lent to the closure, which stays within their count.
    try unsafe withBytes(bytes) { (base, count) throws(SystemError) in
      var done = 0
      while done < count {
        // SAFETY: only what is left of the bytes is read.
        done += try systemCall("pwrite", "cannot write", "an open file") {
          unsafe pwrite(number, base + done, offered(count - done), off_t(offset) + off_t(done))
        }
      }
    }
  }

  private func withBytes(
    _ bytes: some Collection<UInt8>,
    _ body: (UnsafeRawPointer, Int) throws(SystemError) -> Void
  ) throws(SystemError) {
    guard !bytes.isEmpty else { return }
    var result: Result<Void, SystemError>?
    // SAFETY: the pointer is used inside the closure only, within its count.
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      do throws(SystemError) {
        try unsafe body(UnsafeRawPointer(buffer.baseAddress!), buffer.count)
        result = .success(())
      } catch { result = .failure(error) }
    }
    if contiguous == nil { return try unsafe withBytes(Array(bytes), body) }
    try result?.get()
  }

  public func truncate(to size: UInt64) throws(SystemError) {
    try systemCall("ftruncate", "cannot set the size of", "an open file") { ftruncate(number, off_t(size)) }
  }

  /// Sets space aside without changing the size (fallocate(2)); false where the file system cannot.
  public func allocate(offset: UInt64, length: UInt64) throws(SystemError) -> Bool {
    try fileSystemMay {
      () throws(SystemError) in
      try systemCall("fallocate", "cannot set space aside in", "an open file") {
        hs_allocate(number, off_t(offset), off_t(length))
      }
    }
  }

  /// Turns a range into a hole (fallocate(2)); false where the file system cannot.
  public func punchHole(offset: UInt64, length: UInt64) throws(SystemError) -> Bool {
    try fileSystemMay {
      () throws(SystemError) in
      try systemCall("fallocate", "cannot punch a hole into", "an open file") {
        hs_punch_hole(number, off_t(offset), off_t(length))
      }
    }
  }

  /// Gives this empty file the content of another, whose blocks they then share (ioctl_ficlone(2)); false where the file
  /// system cannot.
  public func clone(_ source: borrowing Descriptor) throws(SystemError) -> Bool {
    let from = source.number
    do throws(SystemError) {
      return try fileSystemMay { () throws(SystemError) in
        try systemCall("ioctl", "cannot clone into", "an open file") { hs_clone(number, from) }
      }
    } catch {
      // Other file systems than those that can do it have their own ways to say no.
      if error.number == EINVAL || error.number == ENOTTY || error.number == EXDEV { return false }
      throw error
    }
  }

  private func fileSystemMay(_ body: () throws(SystemError) -> Int32) throws(SystemError) -> Bool {
    do throws(SystemError) {
      _ = try body()
      return true
    } catch {
      if error.number == EOPNOTSUPP || error.number == ENOSYS { return false }
      throw error
    }
  }

  /// The next stretch of data at or after `offset`: nil where only a hole follows. File systems that know no holes
  /// tell of one stretch to the end (lseek(2), SEEK_DATA and SEEK_HOLE).
  public func nextData(after offset: UInt64, size: UInt64) throws(SystemError) -> Range<UInt64>? {
    guard offset < size else { return nil }
    let start: off_t
    do throws(SystemError) {
      start = try systemCall("lseek", "cannot read", "an open file") {
        lseek(number, off_t(offset), hs_seek_data)
      }
    } catch {
      if error.number == ENXIO { return nil }
      if error.number == EINVAL { return offset..<size }
      throw error
    }
    let end = try systemCall("lseek", "cannot read", "an open file") { lseek(number, start, hs_seek_hole) }
    guard UInt64(start) < size else { return nil }
    return UInt64(start)..<min(UInt64(end), size)
  }

  /// Copies a range into another file, or as much of it as there is: to the same offsets, or from `offset` on.
  public func copy(
    _ range: Range<UInt64>, into target: borrowing Descriptor, at offset: UInt64? = nil, buffer: inout [UInt8]
  ) throws(SystemError) {
    let start = offset ?? range.lowerBound
    var position = range.lowerBound
    while position < range.upperBound {
      let count = Int(min(UInt64(buffer.count), range.upperBound - position))
      let got = try read(into: &buffer, count: count, at: position)
      if got == 0 { return }
      try target.write(buffer[..<got], at: start + (position - range.lowerBound))
      position += UInt64(got)
    }
  }

  // MARK: Durability and locks

  /// Lets the kernel begin to write a range back, so that a flush later has less to wait for (sync_file_range(2)). A hint: what goes
  /// wrong shows in that flush.
  public func beginWriting(_ range: Range<UInt64>) {
    _ = hs_begin_writing(number, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound))
  }

  public func synchronize() throws(SystemError) {
    try systemCall("fsync", "cannot flush", "an open file") { fsync(number) }
  }

  /// Flushes the whole file system that this lies on; errors since the descriptor was opened are reported (syncfs(2)).
  public func synchronizeFileSystem() throws(SystemError) {
    try systemCall("syncfs", "cannot flush", "the file system") { hs_syncfs(number) }
  }

  /// Takes the lock without waiting: false where another open file holds it against us (flock(2)).
  public func tryLock(shared: Bool = false) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try systemCall("flock", "cannot lock", "an open file") {
        flock(number, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
      }
      return true
    } catch {
      if error.number == EWOULDBLOCK { return false }
      throw error
    }
  }

  public func unlock() throws(SystemError) {
    try systemCall("flock", "cannot unlock", "an open file") { flock(number, LOCK_UN) }
  }

  // MARK: Others

  /// Where it lies now, as the kernel names it; nil where it has no name (readlink(2) of `/proc/self/fd/N`).
  public func currentPath() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    // SAFETY: the buffer's own length goes with it.
    let count = unsafe withCString(Array("/proc/self/fd/\(number)".utf8)) { path in
      unsafe buffer.withUnsafeMutableBytes {
        unsafe readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
    }
    return count > 0 && count < buffer.count ? Array(buffer.prefix(count)) : nil
  }

  public func duplicate() throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("fcntl", "cannot duplicate", "a descriptor") {
        hs_fcntl(number, F_DUPFD_CLOEXEC, 3)
      })
  }

  public func setNonBlocking() throws(SystemError) {
    let flags = try systemCall("fcntl", "cannot set up", "a descriptor") { hs_fcntl(number, F_GETFL, 0) }
    try systemCall("fcntl", "cannot set up", "a descriptor") {
      hs_fcntl(number, F_SETFL, flags | O_NONBLOCK)
    }
  }

  /// A file in memory, for what must leave no trace on a disk (memfd_create(2)).
  public static func memoryFile() throws(SystemError) -> Descriptor {
    Descriptor(owning: try systemCall("memfd_create", "cannot make", "a file in memory") { hs_memory_file() })
  }

  /// A pipe: its reading and its writing end.
  public static func pipe() throws(SystemError) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: two numbers are written, two are there.
    try systemCall("pipe2", "cannot make", "a pipe") {
      unsafe ends.withUnsafeMutableBufferPointer { unsafe hs_pipe($0.baseAddress!) }
    }
    return (ends[0], ends[1])
  }

  /// Space on the file system of this descriptor, for ordinary writers (fstatvfs(3)).
  public func freeSpace() throws(SystemError) -> (freeBytes: UInt64, totalBytes: UInt64, freeInodes: UInt64) {
    var facts = statvfs()
    // SAFETY: the pointer lives through the call.
    try systemCall("fstatvfs", "cannot ask the space of", "a file system") { unsafe fstatvfs(number, &facts) }
    let unit = UInt64(facts.f_frsize)
    // File systems without a fixed number of inodes (btrfs) say 0 of 0.
    let inodes = facts.f_files == 0 ? UInt64.max : UInt64(facts.f_favail)
    return (
      UInt64(facts.f_bavail).multipliedReportingOverflow(by: unit).partialValue,
      UInt64(facts.f_blocks).multipliedReportingOverflow(by: unit).partialValue, inodes
    )
  }

  /// The name of the kind of file system, where it is one that stores lie on (statfs(2)).
  public func fileSystemType() throws(SystemError) -> String {
    switch try fileSystemFacts().type {
    case 0xEF53: "ext4"
    case 0x5846_5342: "xfs"
    case 0x9123_683E: "btrfs"
    case 0x0102_1994: "tmpfs"
    case let other: "file system type 0x" + String(other, radix: 16)
    }
  }

  private func fileSystemFacts() throws(SystemError) -> (type: Int64, id: [Int32]) {
    var type: Int64 = 0
    var id: [Int32] = [0, 0]
    // SAFETY: the pointers live through the call; two numbers are written, two are there.
    try systemCall("fstatfs", "cannot ask", "a file system") {
      unsafe id.withUnsafeMutableBufferPointer { unsafe hs_filesystem_id(number, &type, $0.baseAddress!) }
    }
    return (type, id)
  }

  /// The universally unique name of the file system, as far as the kernel tells: its UUID in hexadecimal, else what
  /// statfs(2) gives as its id.
  public func fileSystemIdentity() throws(SystemError) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    // SAFETY: the call writes at most the 16 bytes that are there.
    let count = unsafe bytes.withUnsafeMutableBufferPointer {
      unsafe hs_filesystem_uuid(number, $0.baseAddress!)
    }
    // Some file systems answer with zeros, which tell none from another.
    if count > 0, bytes.contains(where: { $0 != 0 }) { return "uuid:" + hexadecimal(bytes.prefix(Int(count))) }
    let facts = try fileSystemFacts()
    return "type:\(facts.type),id:\(facts.id[0]),\(facts.id[1])"
  }
}

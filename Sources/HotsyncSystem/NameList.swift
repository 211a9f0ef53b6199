internal import CHotsyncShims
import Glibc

/// The names in a folder, in byte order, in one piece of memory: a walk comes by millions of them.
public struct NameList: Sendable {
  private struct Entry {
    /// The first eight bytes, the most significant first: they settle most comparisons.
    let head: UInt64
    let start: Int
    let count: Int
  }

  /// The names, each with a NUL behind it.
  public private(set) var bytes: [UInt8] = []
  private var entries: [Entry] = []

  public var count: Int { entries.count }

  /// Where in `bytes` a name lies, without its NUL.
  public subscript(_ index: Int) -> Range<Int> { entries[index].start..<(entries[index].start + entries[index].count) }

  public func name(_ index: Int) -> FileName { FileName(checked: Array(bytes[self[index]])) }

  /// The place of a name; nil where it is not there.
  public func index(of name: FileName) -> Int? {
    let head = NameList.head(name.bytes[...])
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      let entry = entries[middle]
      let isBefore = entry.head != head ? entry.head < head : bytes[self[middle]].lexicographicallyPrecedes(name.bytes)
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && bytes[self[low]].elementsEqual(name.bytes) ? low : nil
  }

  /// Takes the names out of what getdents64(2) gave; what cannot be a name is left out, `.` and `..` with it.
  fileprivate mutating func append(_ given: Span<UInt8>) {
    // struct linux_dirent64: inode (8), offset (8), record length (2), kind (1), name with NUL.
    var start = 0
    while start + 19 < given.count {
      let length = Int(given[start + 16]) | Int(given[start + 17]) << 8
      guard length >= 20, start + length <= given.count else { return }
      var end = start + 19
      while end < start + length, given[end] != 0 { end += 1 }
      append(name: given.extracting((start + 19)..<end))
      start += length
    }
  }

  private mutating func append(name: Span<UInt8>) {
    guard RelativePath.isName(name) else { return }
    let start = bytes.count
    var head: UInt64 = 0
    for index in name.indices {
      if index < 8 { head |= UInt64(name[index]) << UInt64(56 - 8 * index) }
      bytes.append(name[index])
    }
    bytes.append(0)
    entries.append(Entry(head: head, start: start, count: name.count))
  }

  private static func head(_ name: ArraySlice<UInt8>) -> UInt64 {
    var head: UInt64 = 0
    for (index, byte) in name.prefix(8).enumerated() { head |= UInt64(byte) << UInt64(56 - 8 * index) }
    return head
  }

  fileprivate mutating func sort() {
    let bytes = bytes
    // SAFETY: every name ends with a NUL within the bytes, which do not move meanwhile.
    unsafe bytes.withUnsafeBufferPointer { bytes in
      entries.sort { left, right in
        if left.head != right.head { return left.head < right.head }
        // SAFETY: as above.
        return unsafe memcmp(
          bytes.baseAddress! + left.start, bytes.baseAddress! + right.start, min(left.count, right.count) + 1) < 0
      }
    }
  }
}

extension Folder {
  /// Room for what the kernel gives at once; made once by who lists many folders.
  public static let listingRoom = 65_536

  /// The names in this folder (getdents64(2)).
  ///
  /// - Parameter buffer: of `listingRoom`.
  public func list(using buffer: inout [UInt8]) throws(SystemError) -> NameList {
    try systemCall("lseek", "cannot list", "a folder") { lseek(descriptor.number, 0, SEEK_SET) }
    var names = NameList()
    while true {
      // SAFETY: at most the buffer's length is written.
      let count = try systemCall("getdents64", "cannot list", "a folder") {
        unsafe buffer.withUnsafeMutableBytes {
          unsafe hs_getdents(descriptor.number, $0.baseAddress, offered($0.count))
        }
      }
      if count == 0 { break }
      names.append(buffer.span.extracting(..<count))
    }
    names.sort()
    return names
  }

  /// The names in this folder, in byte order, without `.` and `..`.
  public func names() throws(SystemError) -> [FileName] {
    var buffer = [UInt8](repeating: 0, count: Folder.listingRoom)
    let names = try list(using: &buffer)
    return (0..<names.count).map { names.name($0) }
  }

  /// What stands under a name of a list; nil where there is no such entry any more.
  public func statusIfPresent(_ names: NameList, _ index: Int) throws(SystemError) -> FileStatus? {
    let start = names[index].lowerBound
    var raw = hs_status()
    do throws(SystemError) {
      // SAFETY: the name ends with a NUL within the list, and both pointers live through the call.
      try systemCall("statx", "cannot look at", names.name(index).description) {
        unsafe names.bytes.withUnsafeBufferPointer { bytes in
          unsafe (bytes.baseAddress! + start).withMemoryRebound(to: CChar.self, capacity: 1) {
            unsafe hs_status_of(descriptor.number, $0, &raw)
          }
        }
      }
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
    return FileStatus(raw)
  }
}

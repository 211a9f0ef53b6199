internal import CHotsyncShims
import Glibc

/// Owner, mode, times and extended attributes, set and read on a held descriptor. A descriptor opened with `O_PATH` will
/// do (of a link itself, of a file that may not be read): what the kernel refuses to do to such a one directly goes through
/// `/proc/self/fd/N`, which leads to the very entry.
extension Descriptor {
  private var magicPath: [UInt8] { Array("/proc/self/fd/\(number)".utf8) }

  public func setOwner(_ owner: UInt32, group: UInt32) throws(SystemError) {
    // SAFETY: the literal lives through the call.
    try systemCall("fchownat", "cannot set the owner of", "an entry") {
      unsafe fchownat(number, "", owner, group, hs_at_empty_path)
    }
  }

  public func setPermissions(_ permissions: UInt16) throws(SystemError) {
    try systemCall("chmod", "cannot set the mode of", "an entry") {
      // SAFETY: the path is lent for the call, which keeps nothing of it.
      unsafe withCString(magicPath) { unsafe chmod($0, mode_t(permissions)) }
    }
  }

  /// The same of what was opened to be read or written, without the way over its path (fchmod(2)).
  public func setOwnPermissions(_ permissions: UInt16) throws(SystemError) {
    try systemCall("chmod", "cannot set the mode of", "an open file") { fchmod(number, mode_t(permissions)) }
  }

  /// Sets the time of modification to the nanosecond; that of access is set to the same.
  public func setModified(_ time: Timestamp) throws(SystemError) {
    let value = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
    let times = [value, value]
    // SAFETY: two times are read, two are there.
    try systemCall("utimensat", "cannot set the times of", "an entry") {
      unsafe times.withUnsafeBufferPointer { unsafe utimensat(number, "", $0.baseAddress, hs_at_empty_path) }
    }
  }

  /// All extended attributes that this user may see, in byte order of their names; none where the file system has none.
  public func extendedAttributes() throws(SystemError) -> [ExtendedAttribute] {
    if try hasNoAttributes() { return [] }
    // SAFETY: `grow` gives a buffer and its own size.
    guard let list = try unsafe grow(start: 1_024, { unsafe hs_listxattr($0, $1, $2) }) else { return [] }
    var attributes: [ExtendedAttribute] = []
    for name in list.split(separator: 0) {
      guard
        let value = try unsafe grow(
          start: 256,
          { path, buffer, size in
            unsafe withCString(Array(name)) { unsafe hs_getxattr(path, $0, buffer, size) }
          })
      else { continue }
      attributes.append(ExtendedAttribute(name: Array(name), value: value))
    }
    attributes.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return attributes
  }

  /// Whether it is sure that there are none: most files have none, and an open one can be asked without its path.
  private func hasNoAttributes() throws(SystemError) -> Bool {
    do throws(SystemError) {
      // No room is offered, so that nothing is written.
      return try systemCall("listxattr", "cannot read the attributes of", "an entry") {
        hs_flistxattr(number, nil, 0)
      } == 0
    } catch {
      // EBADF: it was opened with O_PATH.
      if error.number == EBADF || error.number == EOPNOTSUPP { return false }
      throw error
    }
  }

  /// Asks again with more room while the answer grows; nil where there is none of it (any more).
  private func grow(
    start: Int,
    _ ask: (UnsafePointer<CChar>, UnsafeMutableRawPointer, Int) -> Int
  ) throws(SystemError) -> [UInt8]? {
    var size = start
    while true {
      var buffer = [UInt8](repeating: 0, count: size)
      do throws(SystemError) {
        // SAFETY: the buffer's own length is offered with it.
        let count = try systemCall("listxattr", "cannot read the attributes of", "an entry") {
          unsafe withCString(magicPath) { path in
            unsafe buffer.withUnsafeMutableBytes {
              unsafe ask(path, $0.baseAddress!, $0.count)
            }
          }
        }
        return Array(buffer.prefix(count))
      } catch {
        switch error.number {
        case ERANGE where size < 1 << 20: size *= 8
        case ENODATA, EOPNOTSUPP: return nil
        default: throw error
        }
      }
    }
  }

  public func setExtendedAttribute(_ attribute: ExtendedAttribute) throws(SystemError) {
    try systemCall("setxattr", "cannot set the attribute", shown(attribute.name)) {
      // SAFETY: path and name are lent for the call; the value's own length goes with it.
      unsafe withCString(magicPath) { path in
        unsafe withCString(attribute.name) { name in
          unsafe attribute.value.withUnsafeBytes {
            unsafe hs_setxattr(path, name, $0.baseAddress, $0.count)
          }
        }
      }
    }
  }

  public func removeExtendedAttribute(named name: [UInt8]) throws(SystemError) {
    do throws(SystemError) {
      try systemCall("removexattr", "cannot remove the attribute", shown(name)) {
        // SAFETY: both names are lent for the call, which keeps nothing of them.
        unsafe withCString(magicPath) { path in unsafe withCString(name) { unsafe hs_removexattr(path, $0) } }
      }
    } catch {
      guard error.number == ENODATA else { throw error }
    }
  }
}

/// One extended attribute; POSIX ACLs are attributes too (`system.posix_acl_access`, `system.posix_acl_default`).
public struct ExtendedAttribute: Hashable, Sendable {
  /// With its namespace, without NUL.
  public let name: [UInt8]
  public let value: [UInt8]

  public init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

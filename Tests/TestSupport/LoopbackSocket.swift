import Glibc
import HotsyncSystem

/// A TCP socket on 127.0.0.1 that never waits; closed with its last reference.
final class LoopbackSocket: Sendable {
  let descriptor: Descriptor

  var number: Int32 { descriptor.number }

  private init(owning number: Int32) throws {
    descriptor = Descriptor(owning: number)
    try descriptor.setNonBlocking()
  }

  // MARK: Making

  /// Listens on a port that is free (socket(2), bind(2), listen(2)).
  static func listening() throws -> LoopbackSocket {
    let socket = try LoopbackSocket(owning: checked("socket", socket(AF_INET, streams, 0)))
    // SAFETY: address and length belong together, and live through the call.
    try unsafe withAddress(port: 0) { try checked("bind", unsafe bind(socket.number, $0, $1)) }
    try checked("listen", listen(socket.number, 64))
    return socket
  }

  /// Connects to a port where somebody listens, or fails at once (connect(2)).
  static func connected(to port: UInt16) throws -> LoopbackSocket {
    let number = try checked("socket", socket(AF_INET, streams, 0))
    // Only then: on loopback a connection that waits comes at once.
    let descriptor = Descriptor(owning: number)
    // SAFETY: as above.
    try unsafe withAddress(port: port) { try checked("connect", unsafe connect(number, $0, $1)) }
    let socket = try LoopbackSocket(owning: descriptor.release())
    socket.sendAtOnce()
    return socket
  }

  /// The next connection that waits, if there is one (accept(2)).
  func accepted() throws -> LoopbackSocket? {
    let number = accept(self.number, nil, nil)
    if number < 0, errno == EAGAIN || errno == ECONNABORTED || errno == EINTR { return nil }
    let socket = try LoopbackSocket(owning: LoopbackSocket.checked("accept", number))
    socket.sendAtOnce()
    return socket
  }

  /// The port that it is bound to (getsockname(2)).
  var port: UInt16 {
    get throws {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      // SAFETY: the length is that of the address, which lives through the call.
      try unsafe withUnsafeMutablePointer(to: &address) { pointer in
        try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = try LoopbackSocket.checked("getsockname", unsafe getsockname(number, $0, &length))
        }
      }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  // MARK: Ending

  /// Nothing more is sent; what was sent arrives (shutdown(2)).
  func finish() { shutdown(number, Int32(SHUT_WR)) }

  /// From now on its close throws the connection away: the other end is told of a reset (socket(7), SO_LINGER).
  func resetWhenClosed() {
    var option = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: the length is that of the option, which lives through the call.
    unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// A relay must not add the delays that small packets wait for (tcp(7), TCP_NODELAY).
  private func sendAtOnce() {
    var option: Int32 = 1
    // SAFETY: as above.
    unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &option, socklen_t(MemoryLayout<Int32>.size))
  }

  // MARK: Parts

  private static let streams = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

  @discardableResult
  private static func checked(_ call: String, _ result: Int32) throws -> Int32 {
    if result >= 0 { return result }
    throw SupportError("\(call): \(SystemError(number: errno, operation: "", subject: "").cause)")
  }

  private static func withAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: every kind of address begins as sockaddr does; it is lent for the call.
    try unsafe withUnsafePointer(to: &address) { pointer in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

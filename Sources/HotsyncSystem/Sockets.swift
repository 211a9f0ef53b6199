import Glibc

/// Where to connect to: an address and a port (sockaddr_in, sockaddr_in6).
public struct SocketAddress: Sendable, Equatable {
  fileprivate let family: Int32
  /// As the kernel takes it.
  fileprivate let bytes: [UInt8]
}

public enum NameDomain {}
/// Why a host's name gave no address.
public typealias NameError = Failure<NameDomain>

extension SocketAddress {
  /// The addresses of a host, in the order in which to try them (getaddrinfo(3)): a name, or an address of either kind.
  ///
  /// - Parameter limit: how long the name service may take. The call itself cannot be ended: it goes on without us.
  public static func all(of host: String, port: UInt16, atMost limit: Duration) throws(NameError) -> [SocketAddress] {
    let found = Monitor<Resolved?>(nil)
    _ = Worker {
      let resolved = SocketAddress.resolve(host, port)
      found.withLock { $0 = resolved }
    }
    switch found.wait(atMost: limit, until: { $0 }) {
    case .addresses(let addresses): return addresses
    case .failed(let cause): throw failure(host, cause)
    case nil: throw failure(host, "the name service did not answer in time")
    }
  }

  private enum Resolved: Sendable {
    case addresses([SocketAddress])
    case failed(String)
  }

  private static func failure(_ host: String, _ cause: String) -> NameError {
    NameError(
      .unreachable, "cannot find", shown(host.utf8), cause: cause, next: "mend the name service, or give an address")
  }

  private static func resolve(_ host: String, _ port: UInt16) -> Resolved {
    // SAFETY: what a C structure of zeros means, getaddrinfo(3) says; only numbers are set.
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var first: UnsafeMutablePointer<addrinfo>?
    // SAFETY: the list is ours until it is freed below; nothing of it is kept.
    let result = unsafe getaddrinfo(host, "\(port)", &hints, &first)
    guard result == 0 else { return .failed(unsafe String(cString: gai_strerror(result))) }
    defer { unsafe freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var next = unsafe first
    // SAFETY: each entry's address is as long as it says, and is copied.
    while let entry = unsafe next {
      if let address = unsafe entry.pointee.ai_addr {
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen)))
        addresses.append(unsafe SocketAddress(family: entry.pointee.ai_family, bytes: bytes))
      }
      unsafe next = entry.pointee.ai_next
    }
    return .addresses(addresses)
  }
}

extension Descriptor {
  /// A connection over TCP that does not block (connect(2)); `SystemError.timedOut` where it takes longer than the limit.
  public static func connect(
    to address: SocketAddress, atMost limit: Duration, clocks: Clocks = .system
  ) throws(SystemError) -> Descriptor {
    let socket = Descriptor(
      owning: try systemCall("socket", "cannot make", "a socket") {
        Glibc.socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
      })
    do throws(SystemError) {
      try systemCall("connect", "cannot connect to", "the other machine") {
        // SAFETY: the address is as long as it says.
        unsafe address.bytes.withUnsafeBytes {
          unsafe Glibc.connect(
            socket.number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
      }
    } catch {
      guard error.number == EINPROGRESS else { throw error }
      guard try wait(socket.number, writing: true, atMost: limit, total: limit, clocks: clocks, gaveUp: { false })
      else {
        throw SystemError.timedOut
      }
      let result = try socket.option(SO_ERROR)
      guard result == 0 else {
        throw SystemError(number: result, operation: "cannot connect to", subject: "the other machine")
      }
    }
    return socket
  }

  /// Small messages go at once, and the kernel asks a silent peer whether it is still there (tcp(7)).
  ///
  /// - Parameter limit: how long what was sent may stay unacknowledged before the connection counts as lost.
  public func prepareForMessages(unacknowledgedAtMost limit: Duration) throws(SystemError) {
    let milliseconds = Int32(clamping: Int64(limit / .milliseconds(1)))
    let seconds = Int32(clamping: max(1, limit.components.seconds / 3))
    let options: [(level: Int32, name: Int32, value: Int32)] = [
      (Int32(IPPROTO_TCP), TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, seconds),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, seconds), (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
      (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds),
      (Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Descriptor.unsentBytes),
    ]
    for option in options {
      var value = option.value
      try systemCall("setsockopt", "cannot prepare", "a connection") {
        // SAFETY: the pointer lives through the call, with its own size.
        unsafe setsockopt(number, option.level, option.name, &value, socklen_t(MemoryLayout<Int32>.size))
      }
    }
  }

  /// What the kernel takes from us before it is on its way: the rest waits where it can still be thought better of.
  private static let unsentBytes: Int32 = 256 << 10

  /// What has come and was not read yet, without reading it (recv(2), MSG_PEEK): nothing where nothing has come, or nothing
  /// more will.
  public func peek(atMost count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the array's own length goes with its pointer.
    let got = unsafe bytes.withUnsafeMutableBytes {
      unsafe recv(number, $0.baseAddress, $0.count, Int32(MSG_PEEK | MSG_DONTWAIT))
    }
    return Array(bytes.prefix(max(0, got)))
  }

  /// Ends a connection both ways (shutdown(2)); whoever waits for it sees its end.
  public func shutDown() { shutdown(number, Int32(SHUT_RDWR)) }

  private func option(_ name: Int32) throws(SystemError) -> Int32 {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    try systemCall("getsockopt", "cannot look at", "a connection") {
      // SAFETY: both pointers live through the call.
      unsafe getsockopt(number, SOL_SOCKET, name, &value, &size)
    }
    return value
  }

  /// Waits until one of two descriptors is ready (poll(2)), or the time is over: a connection, and what wakes us to look at
  /// something else.
  public static func wait(
    _ number: Int32, reading: Bool, writing: Bool, or other: Int32, atMost limit: Duration
  ) throws(SystemError) {
    var entries = [
      pollfd(fd: number, events: Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), revents: 0),
      pollfd(fd: other, events: Int16(POLLIN), revents: 0),
    ]
    let milliseconds = Int32(clamping: Int64((limit / .milliseconds(1)).rounded(.up)))
    // SAFETY: two entries are there and two are announced.
    try systemCall("poll", "cannot wait for", "a connection") { unsafe poll(&entries, 2, milliseconds) }
  }
}

/// What a connection ended with, in the terms of those who use one.
extension SystemError {
  public var isConnectionRefused: Bool { number == ECONNREFUSED }
  public var isTimedOut: Bool { number == ETIMEDOUT }
}

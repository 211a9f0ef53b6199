internal import CHotsyncShims
internal import CLibssh2
import HotsyncSystem

/// A session of libssh2 with one channel in it: the only place that calls the library. Nothing in it waits: each call does
/// what it can now. Not to be used by two threads at once.
///
/// libssh2 is given little: no SFTP, no agent, no password, no forwarding; Ed25519 keys, and algorithms of our choice.
@safe
struct SSHSession: ~Copyable, @unchecked Sendable {
  // Owned by this value, which is handed from thread to thread and never shared.
  private let session: OpaquePointer
  private var channel: OpaquePointer?
  private let allowance: UnsafeMutablePointer<hs_allowance>
  let socket: Descriptor

  /// What a call came to.
  enum Outcome: Equatable {
    case done(Int)
    /// The line has to be ready for it first; then the same call again.
    case wouldBlock
    /// A number of libssh2.
    case failed(Int32)
  }

  enum Stream: Int32 {
    case output = 0
    // SSH_EXTENDED_DATA_STDERR
    case errors = 1
  }

  /// libssh2 wants to be started once, before any thread uses it (libssh2_init(3)).
  private static let isStarted = libssh2_init(0) == 0

  /// Preferences, best first: libssh2 1.10 has neither GCM nor ChaCha20 nor encrypt-then-MAC.
  private static let methods: [(kind: Int32, names: String)] = [
    (
      LIBSSH2_METHOD_KEX,
      "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
        + "diffie-hellman-group16-sha512,diffie-hellman-group14-sha256"
    ),
    (LIBSSH2_METHOD_CRYPT_CS, "aes128-ctr,aes256-ctr"), (LIBSSH2_METHOD_CRYPT_SC, "aes128-ctr,aes256-ctr"),
    (LIBSSH2_METHOD_MAC_CS, "hmac-sha2-256,hmac-sha2-512"), (LIBSSH2_METHOD_MAC_SC, "hmac-sha2-256,hmac-sha2-512"),
    (LIBSSH2_METHOD_COMP_CS, "none"), (LIBSSH2_METHOD_COMP_SC, "none"),
  ]

  /// The kinds of host keys that can be asked for, best first.
  static let hostKeyTypes = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"]

  /// - Parameter hostKeyTypes: those that would do; the other side shows a key of the first that it has.
  /// - Returns: nil where libssh2 has no memory, or does not know what it must.
  static func start(over socket: consuming Descriptor, hostKeyTypes: [String]) -> SSHSession? {
    // SAFETY: no allocators of our own, nothing attached.
    guard isStarted else { return nil }
    let allowance = UnsafeMutablePointer<hs_allowance>.allocate(capacity: 1)
    // SAFETY: the allowance lives as long as the session, and is freed after it.
    unsafe allowance.initialize(to: hs_allowance(bytes: allowedBeforeLogin))
    guard let handle = unsafe libssh2_session_init_ex(nil, nil, nil, allowance) else {
      unsafe allowance.deallocate()
      return nil
    }
    let session = unsafe SSHSession(handle, socket, allowance)
    guard session.prepare(hostKeyTypes) else { return nil }
    return session
  }

  private init(
    _ session: OpaquePointer, _ socket: consuming Descriptor, _ allowance: UnsafeMutablePointer<hs_allowance>
  ) {
    // SAFETY: the caller made it and gives it away.
    unsafe self.session = session
    unsafe channel = nil
    unsafe self.allowance = unsafe allowance
    self.socket = socket
  }

  private func prepare(_ hostKeyTypes: [String]) -> Bool {
    // SAFETY: the session is ours; the strings are copied.
    unsafe libssh2_session_set_blocking(session, 0)
    unsafe libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, hs_receive_within_allowance())
    unsafe libssh2_keepalive_config(session, 1, UInt32(SSHSession.keepAliveSeconds))
    let methods = SSHSession.methods + [(LIBSSH2_METHOD_HOSTKEY, hostKeyTypes.joined(separator: ","))]
    return methods.allSatisfy { unsafe libssh2_session_method_pref(session, $0.kind, $0.names) == 0 }
  }

  deinit {
    // What is freed says good-bye first: over a line that is shut that fails at once, and never waits.
    socket.shutDown()
    // SAFETY: nobody else holds them.
    if let channel = unsafe channel { unsafe libssh2_channel_free(channel) }
    unsafe libssh2_session_free(session)
    unsafe allowance.deallocate()
  }

  // MARK: What may come in

  // libssh2 reads on inside one call for as long as something comes, and queues whatever it does not know. So what it
  // may receive is given to it in portions, and control comes back to us and our deadlines.

  /// For everything up to the login, which takes some 4 KiB.
  private static let allowedBeforeLogin: UInt64 = 256 << 10
  private static let allowedAtOnce: UInt64 = 4 << 20

  /// Whether the other side has sent more than any login takes.
  // SAFETY: the allowance is this session's own, here and below.
  var hasUsedUp: Bool { unsafe allowance.pointee.bytes == 0 }

  /// After the login: before each round of calls.
  func allowMore() {
    // SAFETY: as above.
    unsafe allowance.pointee.bytes = SSHSession.allowedAtOnce
  }

  // MARK: Logging in

  func handshake() -> Outcome {
    // SAFETY: the session is ours, the socket open.
    outcome(unsafe libssh2_session_handshake(session, socket.number))
  }

  /// The host key as it came in the handshake (RFC 4253, 6.6).
  var hostKey: [UInt8] {
    var length = 0
    var type: Int32 = 0
    // SAFETY: the key belongs to the session and is copied.
    guard let key = unsafe libssh2_session_hostkey(session, &length, &type) else { return [] }
    return unsafe UnsafeBufferPointer(start: key, count: length).map { UInt8(bitPattern: $0) }
  }

  /// Logs in by a private key in OpenSSH's format.
  func logIn(as user: String, privateKey: [UInt8]) -> Outcome {
    // SAFETY: all lengths are those of what they stand for; nothing is kept beyond the call.
    unsafe privateKey.withUnsafeBytes { key in
      outcome(
        unsafe libssh2_userauth_publickey_frommemory(
          session, user, user.utf8.count, nil, 0, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, nil))
    }
  }

  mutating func openChannel() -> Outcome {
    let type = "session"
    // SAFETY: the length is the string's. The windows are those that the library itself would take.
    let opened = unsafe libssh2_channel_open_ex(
      session, type, UInt32(type.utf8.count), SSHSession.window, SSHSession.packet, nil, 0)
    guard let opened = unsafe opened else {
      // SAFETY: the session is ours.
      return outcome(unsafe libssh2_session_last_errno(session))
    }
    unsafe channel = opened
    return .done(0)
  }

  func setVariable(_ name: String, _ value: String) -> Outcome {
    // SAFETY: the lengths are the strings'; openChannel was done.
    outcome(
      unsafe libssh2_channel_setenv_ex(channel, name, UInt32(name.utf8.count), value, UInt32(value.utf8.count)))
  }

  func execute(_ command: String) -> Outcome {
    let request = "exec"
    // SAFETY: as above.
    return outcome(
      unsafe libssh2_channel_process_startup(
        channel, request, UInt32(request.utf8.count), command, UInt32(command.utf8.count)))
  }

  // MARK: Bytes

  /// How much the other side may send before we have read: the library's own default, 2 MiB.
  private static let window: UInt32 = 2 << 20
  private static let packet: UInt32 = 32_768

  func write(_ bytes: ArraySlice<UInt8>) -> Outcome {
    // SAFETY: the slice's own length goes with its pointer.
    unsafe bytes.withUnsafeBytes {
      outcome(
        unsafe libssh2_channel_write_ex(channel, 0, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count))
    }
  }

  /// Reads into a buffer from a place on.
  func read(_ stream: Stream, into buffer: inout [UInt8], from start: Int) -> Outcome {
    // SAFETY: what is offered is the rest of the buffer.
    unsafe buffer.withUnsafeMutableBytes {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[start...])
      return outcome(
        unsafe libssh2_channel_read_ex(
          channel, stream.rawValue, rest.baseAddress?.assumingMemoryBound(to: CChar.self), rest.count))
    }
  }

  /// Says that nothing more will come from us.
  func sendEnd() -> Outcome {
    // SAFETY: openChannel was done.
    outcome(unsafe libssh2_channel_send_eof(channel))
  }

  /// Whether the other side said that nothing more comes, and all that came was read.
  // SAFETY: openChannel was done.
  var isAtEnd: Bool { unsafe libssh2_channel_eof(channel) == 1 }

  /// Ends the channel on our side and waits for the other side to do so, after which the exit status is known.
  func close() -> Outcome {
    // SAFETY: openChannel was done.
    let result = outcome(unsafe libssh2_channel_close(channel))
    guard case .done = result else { return result }
    return outcome(unsafe libssh2_channel_wait_closed(channel))
  }

  /// Known once `close` is done.
  // SAFETY: openChannel was done.
  var exitStatus: Int32 { unsafe libssh2_channel_get_exit_status(channel) }

  // MARK: The line

  static let keepAliveSeconds = 15

  /// Asks the other side for a sign of life where nothing was sent for a while (libssh2_keepalive_send(3)). Only while
  /// nothing else is half sent: the library would forget the rest of it.
  func keepAlive() {
    var next: Int32 = 0
    // SAFETY: the pointer lives through the call.
    unsafe libssh2_keepalive_send(session, &next)
  }

  /// What the library waits for after `wouldBlock`.
  // SAFETY: the session is ours.
  var waitsForReading: Bool { unsafe libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_INBOUND != 0 }
  var waitsForWriting: Bool { unsafe libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 }

  /// What the library says of the last failure, escaped.
  var complaint: String {
    var text: UnsafeMutablePointer<CChar>?
    var length: Int32 = 0
    // SAFETY: the text belongs to the session and is copied.
    unsafe libssh2_session_last_error(session, &text, &length, 0)
    guard let text = unsafe text, length > 0 else {
      return "libssh2's error \(unsafe libssh2_session_last_errno(session))"
    }
    return shown(unsafe UnsafeBufferPointer(start: text, count: Int(length)).prefix(200).map { UInt8(bitPattern: $0) })
  }

  private func outcome(_ result: some FixedWidthInteger) -> Outcome {
    if result >= 0 { return .done(Int(result)) }
    return result == Int(LIBSSH2_ERROR_EAGAIN) ? .wouldBlock : .failed(Int32(truncatingIfNeeded: result))
  }
}

/// What libssh2 calls its errors, as far as we tell them apart.
extension SSHSession {
  static let noKeyExchange = LIBSSH2_ERROR_KEX_FAILURE
  static let noMethod = LIBSSH2_ERROR_METHOD_NONE
  static let unusableFile = LIBSSH2_ERROR_FILE
  static let refusals: Set<Int32> = [LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED]
}

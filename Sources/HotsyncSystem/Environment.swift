internal import CHotsyncShims
import Glibc

/// This process and its user.
public enum Environment {
  /// A variable of the environment.
  public static func value(_ name: String) -> String? {
    // SAFETY: the string is copied at once; HotSync never changes its own environment.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  public static var isRoot: Bool { geteuid() == 0 }
  public static var userID: UInt32 { geteuid() }
  public static var groupID: UInt32 { getegid() }
  public static var processID: Int32 { getpid() }

  /// The host's name as the kernel has it.
  public static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    // SAFETY: one byte less than the buffer has is offered, so it stays terminated.
    let result = unsafe buffer.withUnsafeMutableBufferPointer { unsafe gethostname($0.baseAddress!, $0.count - 1) }
    guard result == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The path of the running executable.
  public static var executablePath: String? {
    var buffer = [CChar](repeating: 0, count: 4097)
    // SAFETY: as above.
    let count = unsafe buffer.withUnsafeMutableBufferPointer {
      unsafe readlink("/proc/self/exe", $0.baseAddress!, $0.count - 1)
    }
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Bytes from the kernel's random source.
  public static func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      // SAFETY: writes at most what is left of the buffer.
      let got = unsafe bytes.withUnsafeMutableBytes {
        unsafe hs_random($0.baseAddress! + filled, count - filled)
      }
      if got > 0 { filled += got }
    }
    return bytes
  }
}

extension Environment {
  /// Deep trees need a descriptor a level: as many as the administrator allows (setrlimit(2)).
  public static func raiseOpenFileLimit() {
    var limit = rlimit()
    // SAFETY: the pointers live through the calls.
    guard unsafe getrlimit(__rlimit_resource_t(7), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(7), &limit)
  }

  /// A path as given on the command line, from the root.
  public static func absolutePath(_ path: String) throws(SystemError) -> String {
    if path.hasPrefix("/") { return path }
    var buffer = [CChar](repeating: 0, count: 4_097)
    // SAFETY: the buffer's own length goes with it.
    let isKnown = unsafe buffer.withUnsafeMutableBufferPointer { unsafe getcwd($0.baseAddress!, $0.count) != nil }
    guard isKnown else { throw SystemError(number: errno, operation: "cannot find", subject: "the working folder") }
    let here = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.isEmpty || path == "." ? here : here + "/" + path
  }

  /// What this process makes is for its user alone (umask(2)).
  public static func keepFilesPrivate() { umask(0o077) }
}

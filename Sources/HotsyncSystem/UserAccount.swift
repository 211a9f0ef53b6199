import Glibc

/// An account of this machine's, for programs that run with its rights.
public struct UserAccount: Sendable, Equatable {
  public let name: String
  public let number: UInt32
  /// Its primary group.
  public let group: UInt32

  /// Nil where nobody has that name (getpwnam_r(3)).
  public static func named(_ name: String) -> UserAccount? {
    // SAFETY: entry, text and result live through the call, with the text's own length; only numbers are taken out.
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var text = [CChar](repeating: 0, count: 16_384)
    let result = unsafe text.withUnsafeMutableBufferPointer {
      unsafe getpwnam_r(name, &entry, $0.baseAddress!, $0.count, &found)
    }
    guard result == 0, unsafe found != nil else { return nil }
    // SAFETY: the call filled it.
    return unsafe UserAccount(name: name, number: entry.pw_uid, group: entry.pw_gid)
  }

  /// The account that this process runs as; nil where it has no name.
  public static var own: UserAccount? {
    Accounts().name(of: Environment.userID, .user).flatMap(named)
  }
}

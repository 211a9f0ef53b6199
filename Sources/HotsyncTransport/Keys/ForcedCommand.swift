import HotsyncSystem

/// The one command that a master's key may run on the slave: the agent of one connection. sshd gives it to the login
/// shell, whatever the master asks for.
public struct ForcedCommand: Sendable, Equatable {
  public static let programName = "hotsync-slave"

  /// Absolute.
  public let program: String
  public let connection: String
  /// Absolute; nil for the machine's own.
  public let root: String?

  /// Nil for a path that is not absolute or holds a control character: no line of a file can carry it.
  public init?(program: String, connection: String, root: String?) {
    for path in [program, root ?? "/"] {
      guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    }
    self.program = program
    self.connection = connection
    self.root = root
  }

  /// As the shell gets it.
  public var text: String {
    var words = [program, "serve", "--connection", connection]
    if let root { words += ["--root", root] }
    return words.map(quotedForShell).joined(separator: " ")
  }

  /// Nil for any other command than one that could have been written here.
  init?(reading text: some Collection<UInt8>) {
    guard let words = shellWords(text)?.map({ String(decoding: $0, as: UTF8.self) }),
      words.count == 4 || words.count == 6, words[1] == "serve", words[2] == "--connection",
      words[0].utf8.split(separator: UInt8(ascii: "/")).last?.elementsEqual(ForcedCommand.programName.utf8) == true
    else { return nil }
    guard words.count == 4 || words[4] == "--root" else { return nil }
    self.init(program: words[0], connection: words[3], root: words.count == 6 ? words[5] : nil)
  }

  /// Whether both let the key's holder reach the same store.
  public func isSamePlace(as other: ForcedCommand) -> Bool { connection == other.connection && root == other.root }
}

import HotsyncSystem

/// By which transport a pair is joined.
public enum TestedTransport: String, CaseIterable, Sendable {
  case local, openssh, ssh

  /// Those that this version has.
  public static let all: [TestedTransport] = allCases
  /// Those of them that log in at an sshd.
  public static let overSSH = all.filter { $0 != .local }

  /// For every test that names none: `HOTSYNC_TEST_TRANSPORT=openssh swift test`.
  public static let chosen: TestedTransport = {
    guard let text = Environment.value("HOTSYNC_TEST_TRANSPORT") else { return .local }
    guard let transport = TestedTransport(rawValue: text) else { preconditionFailure("no transport \(text)") }
    return transport
  }()
}

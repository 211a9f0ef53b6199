import HotsyncSystem

/// What sshd makes of its configuration for one login, as its own test mode tells (`sshd -T -C user=…`): keys in lower
/// case, a line each.
struct ServerSettings {
  private let lines: [(key: String, value: String)]

  init(_ text: some Collection<UInt8>) {
    lines = text.split(separator: UInt8(ascii: "\n")).prefix(10_000).map { line in
      let key = line.prefix { $0 != UInt8(ascii: " ") }
      return (
        String(decoding: key, as: UTF8.self).lowercased(),
        String(decoding: line.dropFirst(key.count + 1), as: UTF8.self)
      )
    }
  }

  private func values(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }

  // MARK: What matters to us

  /// At least one.
  var ports: [UInt16] {
    let ports = values("port").compactMap { UInt16($0) }
    return ports.isEmpty ? [22] : ports
  }

  var permitsRoot: Bool { values("permitrootlogin").first != "no" }

  var permitsKeys: Bool { values("pubkeyauthentication").first != "no" }

  /// Whether a file in somebody else's reach is passed over.
  var isStrict: Bool { values("strictmodes").first != "no" }

  /// Why the account may not log in at all, by the lists of those who may and may not; a pattern counts as meant for it.
  func exclusion(of user: String) -> String? {
    // `user@host` is for some hosts only.
    let denied = values("denyusers").contains { $0 == user }
    if denied { return "DenyUsers \(user)" }
    let allowed = values("allowusers")
    let isMeant = allowed.contains { pattern in
      let name = pattern.prefix { $0 != "@" }
      return name == user || name.contains { "*?!".contains($0) }
    }
    return allowed.isEmpty || isMeant ? nil : "AllowUsers \(allowed.joined(separator: " "))"
  }

  /// A command that stands before that of any key.
  var forcedCommand: String? { values("forcecommand").first.flatMap { $0 == "none" ? nil : $0 } }

  /// How the files of keys are configured.
  var authorizedKeys: String { values("authorizedkeysfile").joined(separator: " ") }

  /// Whether sshd looks for an account's keys in a file.
  ///
  /// - Parameters:
  ///   - path: absolute.
  ///   - home: of the account, absolute.
  func reads(_ path: String, user: String, home: String, userID: UInt32) -> Bool {
    let configured = authorizedKeys
    let words = configured.split(separator: " ").map { ServerSettings.expanded(String($0), user, home, userID) }
    if words.contains(path) || words.contains(where: { !$0.hasPrefix("/") && "\(home)/\($0)" == path }) { return true }
    // Blanks in a path are told without quotes, so a path that holds some is looked for whole.
    return " \(configured.replacing("%%", with: "%")) ".contains(" \(path) ")
  }

  /// The tokens of sshd_config(5), "AuthorizedKeysFile".
  private static func expanded(_ text: String, _ user: String, _ home: String, _ userID: UInt32) -> String {
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      switch rest.popFirst() {
      case "h": result += home
      case "u": result += user
      case "U": result += String(userID)
      case "%": result += "%"
      case let other: result += "%" + (other.map(String.init) ?? "")
      }
    }
    return result
  }
}

/// sshd's own reading of its configuration.
enum ServerProgram {
  private static let tool = Tool("sshd", in: ["/usr/sbin", "/usr/local/sbin", "/sbin"], limit: .seconds(20))

  static let configuration = "/etc/ssh/sshd_config"

  /// - Parameters:
  ///   - file: another configuration than the machine's.
  ///   - address: from where the login comes, so that the blocks for it count.
  static func settings(file: String?, user: String, address: String) throws(AccessError) -> ServerSettings {
    let login = "user=\(user),host=\(address),addr=\(address)"
    let arguments = ["-T", "-C", login] + (file.map { ["-f", $0] } ?? [])
    let result: Tool.Result
    do throws(SystemError) { result = try tool.run(arguments, outputLimit: 1 << 20) } catch {
      guard error.isMissing else { throw AccessError(error) }
      throw AccessError(
        .unreachable, "cannot find", "sshd, by which the master comes in", cause: "it is not installed",
        next: "apt-get install openssh-server")
    }
    guard result.succeeded else {
      // Only root may read the host keys, without which it does not go on.
      throw AccessError(
        .failed, "cannot ask", "sshd for its settings", cause: "it \(result.failure)", next: "as root: sshd -T")
    }
    return ServerSettings(result.output)
  }
}

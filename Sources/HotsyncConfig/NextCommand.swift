import HotsyncSystem

/// What the operator types next.
struct NextCommand {
  let root: String
  var program = "hotsync"

  private var option: String { root == "/" ? "" : " --root \(quotedForShell(root))" }

  func setting(_ key: String, _ word: String) -> String {
    let quoted = word.hasPrefix("\"") ? "'\(word)'" : word
    return "\(program) config set\(option) \(key) \(quoted)"
  }

  var showing: String { "hotsync config show\(option)" }

  /// Takes a key out of the file where it stands.
  func removing(_ key: String, _ origin: Origin) -> String { mending(key, origin) }

  /// To where a wrong key stands; `config` itself can mend only its own file.
  func mending(_ key: String, _ origin: Origin, isAddressable: Bool = true) -> String {
    guard let file = origin.file else { return showing }
    if isAddressable, !key.isEmpty, file.hasSuffix("/conf.d/" + ConfigurationFiles.localName) {
      return "hotsync config unset\(option) \(quotedForShell(printable(key)))"
    }
    return YAMLReading.editing(file, origin.line)
  }
}

import HotsyncSystem

/// Fills in `${env:NAME}` and `${file:PATH}`. What is filled in is not looked at again, and never shown.
struct Secrets {
  static let maximumBytes = 64 << 10

  /// A variable of the environment.
  let environment: (String) -> String?

  /// Why a reference could not be filled in.
  struct Unfilled: Error {
    let origin: Origin
    let error: ConfigError
  }

  /// Where a reference stands.
  private struct Place {
    let origin: Origin
    let key: String

    var subject: String { origin.subject(key) }
    var editing: String { YAMLReading.editing(origin.file, origin.line) }
  }

  func filled(_ value: Value, key: String) throws(Unfilled) -> Value {
    switch value.content {
    case .scalar(let text, let isPlain):
      guard text.contains("${") else { return value }
      do throws(ConfigError) {
        let content = Value.Content.scalar(try filled(text, Place(origin: value.origin, key: key)), isPlain: isPlain)
        return Value(content: content, origin: value.origin, isSecret: true)
      } catch { throw Unfilled(origin: value.origin, error: error) }
    case .list(let values):
      var all: [Value] = []
      for value in values { all.append(try filled(value, key: key)) }
      return Value(content: .list(all), origin: value.origin)
    case .map(let entries):
      var all: [Value.Entry] = []
      for entry in entries {
        all.append(Value.Entry(key: entry.key, origin: entry.origin, value: try filled(entry.value, key: key)))
      }
      return Value(content: .map(all), origin: value.origin)
    case .nothing: return value
    }
  }

  private func filled(_ text: String, _ place: Place) throws(ConfigError) -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "$") {
      result += rest[..<start]
      rest = rest[start...]
      guard rest.hasPrefix("${") else {
        result.append(rest.removeFirst())
        continue
      }
      guard let end = rest.firstIndex(of: "}") else { throw malformed(rest, place) }
      let reference = rest[..<end].dropFirst(2)
      rest = rest[end...].dropFirst()
      if reference.hasPrefix("env:") {
        result += try variable(String(reference.dropFirst(4)), place)
      } else if reference.hasPrefix("file:") {
        result += try content(String(reference.dropFirst(5)), place)
      } else {
        throw malformed(reference, place)
      }
    }
    return result + rest
  }

  private func malformed(_ text: Substring, _ place: Place) -> ConfigError {
    ConfigError(
      .configuration, "cannot use", place.subject,
      cause: "expected ${env:NAME} or ${file:PATH}, found \(printable(String(text)))", next: place.editing)
  }

  private func variable(_ name: String, _ place: Place) throws(ConfigError) -> String {
    guard !name.isEmpty, let value = environment(name) else {
      throw ConfigError(
        .configuration, "cannot use", place.subject, cause: "the environment has no variable \"\(printable(name))\"",
        next: "put the secret into a file of mode 0600, and here: ${file:PATH}")
    }
    return value
  }

  private func content(_ path: String, _ place: Place) throws(ConfigError) -> String {
    guard let path = normalisedPath(path) else {
      throw ConfigError(
        .configuration, "cannot use", place.subject,
        cause: "expected an absolute path in ${file:PATH}, found \(printable(path))", next: place.editing)
    }
    let bytes = try bytes(path)
    guard let text = bytes.flatMap({ String(validating: $0, as: UTF8.self) }) else {
      throw ConfigError(
        .configuration, "cannot use", place.subject,
        cause: "\(printable(path)) holds no text, or more than 64 KiB of it",
        next: "ls -l \(quotedForShell(path))")
    }
    // A file that an editor wrote ends with a line end that is not part of the secret.
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// Nil where the file is too large.
  private func bytes(_ path: String) throws(ConfigError) -> [UInt8]? {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    guard let name = FileName(String(path[slash...].dropFirst())) else { return nil }
    let folder: Folder
    do throws(SystemError) {
      folder = try Folder.open(slash == path.startIndex ? "/" : String(path[..<slash]))
    } catch { throw ConfigError(error) }
    let file: Descriptor?
    do throws(TrustError) {
      file = try Trust.openIfPresent(name, in: folder, shownAs: printable(path), use: .secret)
    } catch { throw ConfigError(error) }
    guard let file else {
      throw ConfigError(
        .configuration, "cannot read", printable(path), cause: "no such file",
        next: "write the secret into it: install -m 600 /dev/stdin \(quotedForShell(path))")
    }
    do throws(SystemError) { return try file.readAll(limit: Secrets.maximumBytes) } catch { throw ConfigError(error) }
  }
}

import HotsyncSystem
import Testing

@testable import HotsyncConfig

/// A file of the repository.
func repositoryFile(_ path: String) throws -> [UInt8] {
  let top = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  return try #require(try Descriptor.open("/\(top)/\(path)").readAll(limit: 1 << 20))
}

@Suite struct SchemaTests {
  @Test("every default is of its own type, and every key stands in the table once")
  func defaults() {
    for row in Schema.rows {
      _ = row.checkedDefault(row.path(for: "standby"))
      #expect(!row.sentence.isEmpty && !row.sentence.hasSuffix("."), "\(row.key)")
    }
    #expect(Set(Schema.rows.map(\.key)).count == Schema.rows.count)
  }

  @Test("the installed sample is the one that the table makes")
  func sample() throws {
    // To write it anew after a change of the table.
    if let path = Environment.value("HOTSYNC_SAMPLE_TO"), !path.isEmpty {
      try Descriptor.open(path, [.writing, .creating, .truncating], permissions: 0o644).write(
        ConfigurationSample.text.utf8)
    }
    #expect(String(validating: try repositoryFile("etc/hotsync.yaml"), as: UTF8.self) == ConfigurationSample.text)
  }

  @Test("each key of the sample, made active, is known and of the right type")
  func active() throws {
    let lines = ConfigurationSample.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("# ") && !line.hasPrefix("#  ") ? String(line) : String(line.drop { $0 == "#" })
    }
    let value = try YAMLReading.value(of: Array(lines.joined(separator: "\n").utf8), file: "sample")
    let check = Check.of(value, root: "/", secrets: Secrets(environment: { _ in nil }))
    #expect(check.problems.map(\.error.description) == [])
    for row in Schema.rows { #expect(value.value(at: row.path(for: "standby")) != nil, "\(row.key)") }
  }

  @Test("the sample as installed has nothing wrong in it, and needs a role")
  func installed() throws {
    let text = try #require(String(validating: try repositoryFile("etc/hotsync.yaml"), as: UTF8.self))
    let problems = try Scratch(text).problems()
    #expect(problems.map(\.key) == ["role"])
    #expect(problems.map(\.gravity) == [.missing])
  }

  @Test("the examples load", arguments: ["etc/examples/master.yaml", "etc/examples/slave.yaml"])
  func examples(_ path: String) throws {
    let text = try #require(String(validating: try repositoryFile(path), as: UTF8.self))
    #expect(try Scratch(text).load().connections.map(\.name) == ["standby"])
  }

  @Test("what is not built yet is refused, key by key, and its default is not")
  func effects() throws {
    for row in Schema.rows {
      guard case .onlyDefault = row.effect else { continue }
      let path = row.path(for: "a")
      for (value, isRefused) in [(row.defaultValue(path), false), (other(row), true)] {
        let value = try #require(value)
        let check = Check.of(
          Value.emptyMap(.commandLine).setting(value, at: path), root: "/", secrets: Secrets(environment: { _ in nil }))
        let causes = check.problems.filter { $0.key == row.key(for: "a") }.map(\.error.cause)
        #expect(causes.count == (isRefused ? 1 : 0), "\(row.key)")
        #expect(causes.allSatisfy { $0.hasSuffix("not available in this version") }, "\(row.key): \(causes)")
      }
    }
  }

  /// A value of the row's type that is not its default.
  private func other(_ row: Schema.Row) -> Value? {
    func plain(_ text: String) -> Value { Value(content: .scalar(text, isPlain: true), origin: .commandLine) }
    func list(_ values: [Value]) -> Value { Value(content: .list(values), origin: .commandLine) }
    let standard = row.defaultText(row.path)
    switch row.type {
    case .choice(let words): return words.first { $0 != standard }.map(plain)
    case .integer: return plain("3")
    case .boolean: return plain(standard == "true" ? "false" : "true")
    case .duration: return plain("3h")
    case .size: return plain("3MiB")
    case .percentage, .limit: return plain("3%")
    case .schedule: return plain("weekly")
    case .retention: return plain("3h/3d")
    case .text, .pattern, .user, .host, .probeTarget: return plain("other")
    case .path: return plain("/other")
    case .command: return nil
    case .list(.choice(let words)): return list(words.prefix(1).map(plain))
    case .list(.path): return list([plain("/other")])
    case .list(.command):
      let words = list([plain("x")])
      return list([
        Value.emptyMap(.commandLine).setting(plain("x"), at: ["name"]).setting(words, at: ["dump"])
          .setting(words, at: ["load"])
      ])
    case .list: return list([plain("other")])
    }
  }
}

import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncTransport

@Suite struct AuthorizedKeysTests {
  private let key: PublicKey
  private let other: PublicKey
  private let command: ForcedCommand

  init() throws {
    key = try KeySamples.key(KeySamples.ed25519)
    other = try KeySamples.ed25519(filledWith: 7)
    command = try AuthorizedKeysTests.command()
  }

  private static func command(
    _ connection: String = "standby", program: String = "/usr/bin/hotsync-slave", root: String? = nil
  ) throws -> ForcedCommand {
    guard let command = ForcedCommand(program: program, connection: connection, root: root) else {
      throw SupportError("no command: \(program) \(root ?? "")")
    }
    return command
  }

  private func keys(_ text: String) -> AuthorizedKeys { AuthorizedKeys(Array(text.utf8)) }
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  // MARK: The line

  @Test("a plain command is written as the design shows it")
  func plainLine() {
    #expect(
      AuthorizedKeys.line(binding: key, to: command)
        == "restrict,command=\"/usr/bin/hotsync-slave serve --connection standby\" \(KeySamples.ed25519) hotsync:standby"
    )
  }

  @Test(
    "paths with anything that a shell or sshd would act on come back as they were",
    arguments: [
      "/a b", "/a \"b' c", "/back\\slash", "/back\\\"quote", "/'", "/ends with\\", "/100%h %%u", "/$HOME`x`", "/a,b=c",
      "/#x", "/žluť", "/a'\u{301}b\"\u{301}c", "/*?[a]", "/;&|<>()", "/~", "/!x",
    ])
  func oddPaths(_ path: String) throws {
    let odd = try AuthorizedKeysTests.command(program: path + "/hotsync-slave", root: path)
    let entry = keys(AuthorizedKeys.line(binding: key, to: odd)).entries.first
    #expect(entry?.command == odd && entry?.isClosed == true && entry?.key == key)
    // The shell's own reading is the judge.
    let shell = try RunningProgram.run("/bin/sh", ["-c", "printf '%s\\n' " + odd.text])
    #expect(
      shell.outputText == [odd.program, "serve", "--connection", "standby", "--root", path, ""].joined(separator: "\n"))
  }

  @Test("a path with a control character, or one that is not absolute, makes no command")
  func refusedPaths() {
    for path in ["", "usr/bin/x", "/a\nb", "/a\u{0}b", "/a\rb", "/a\u{7F}b", "/\u{1B}[2J"] {
      #expect(ForcedCommand(program: path, connection: "standby", root: nil) == nil)
      #expect(ForcedCommand(program: "/usr/bin/hotsync-slave", connection: "standby", root: path) == nil)
    }
  }

  // MARK: Reading

  @Test("lines that bind a connection are found among others, with their numbers")
  func found() throws {
    let text = """
      # comment
      \(KeySamples.rsa) admin
      \(AuthorizedKeys.line(binding: key, to: command))

        from="192.0.2.1,x",RESTRICT,Command="/opt/hotsync-slave serve --connection standby"\t\(other.line)
      restrict,command="/usr/bin/hotsync-slave serve --connection spare" \(KeySamples.ecdsa256)
      restrict,command="/usr/bin/hotsync-slave serve --connection standby --root /x" \(KeySamples.ecdsa256)
      restrict,command="/usr/bin/hotsync-slave serve --connection standby" sk-ssh-ed25519@openssh.com AAAA
      """
    let bound = keys(text).entries(bindingTo: command)
    #expect(bound.map(\.line) == [3, 5, 8] && bound.map(\.key) == [key, other, nil])
    #expect(bound.map(\.isClosed) == [true, true, true])
    #expect(keys(text).entries(of: try KeySamples.key(KeySamples.rsa)).map(\.line) == [2])
    #expect(
      keys(text).entries(of: try KeySamples.key(KeySamples.ecdsa256)).compactMap(\.command?.connection) == [
        "spare", "standby",
      ])
  }

  @Test(
    "a key that may do more than its command is not closed",
    arguments: [
      "", "command=\"CMD\"", "restrict", "restrict,pty,command=\"CMD\"", "restrict,command=\"CMD\",port-forwarding",
      "restrict,command=\"CMD\",environment=\"A=b\"", "restrict,user-rc,command=\"CMD\"", "restrict,agent-forwarding",
      "restrict,permitopen=\"x:1\",command=\"CMD\"", "cert-authority,restrict,command=\"CMD\"",
      "restrict=\"no\",command=\"CMD\"",
    ])
  func open(_ options: String) {
    let front = options.isEmpty ? "" : options.replacing("CMD", with: command.text) + " "
    let entry = keys(front + KeySamples.ed25519).entries(of: key).first
    #expect(entry != nil && (entry?.isClosed == false || entry?.command == nil))
  }

  @Test(
    "no other command counts as ours",
    arguments: [
      "CMD; sh", "CMD $HOME", "CMD `x`", "CMD --verbose", "sh -c 'CMD'", "/usr/bin/rsync serve --connection standby",
      "hotsync-slave serve --connection standby", "/usr/bin/hotsync-slave serve", "CMD > /x", "CMD &", "'CMD'",
      "CMD 'x",
      "/usr/bin/hotsync-slave restore --connection standby", "CMD --root", "CMD --root relative",
    ])
  func otherCommands(_ text: String) {
    let line = "restrict,command=\"\(text.replacing("CMD", with: command.text))\" \(KeySamples.ed25519)"
    #expect(keys(line).entries(of: key).map(\.command) == [nil])
  }

  @Test(
    "lines that sshd takes no notice of are no entries",
    arguments: [
      "restrict,command=\"x ssh-ed25519", "restrict,, KEY", ",restrict KEY", "restrict command=\"x\" KEY",
      "command=x KEY", "command=\"x\"y KEY", "\"restrict\" KEY", "=\"x\" KEY", "restrict", "x", "# KEY", "",
    ])
  func malformed(_ line: String) {
    #expect(keys(line.replacing("KEY", with: KeySamples.ed25519)).entries.isEmpty)
  }

  @Test("a key is seen whatever its comment holds")
  func comments() {
    let long = KeySamples.ed25519 + " " + String(repeating: "c", count: 20_000) + "\r\n"
    #expect(keys(long).entries(of: key).count == 1)
    #expect(keys(KeySamples.ed25519 + " a\u{0}b\n").entries(of: key).count == 1)
  }

  // MARK: Changing

  @Test("lines are added, replaced and removed; those of others stay byte for byte")
  func editing() throws {
    let others = "# mine \r\n\t\n\(KeySamples.rsa) admin\nnonsense \u{0}\u{FF}"
    let line = AuthorizedKeys.line(binding: key, to: command)
    let added = text(keys(others).adding(key, boundTo: command))
    #expect(added == "\(others)\n\(line)\n")
    let two = keys(added).adding(other, boundTo: command)
    let bound = AuthorizedKeys(two).entries(bindingTo: command)
    #expect(bound.map(\.key) == [key, other])
    #expect(text(AuthorizedKeys(two).removing([bound[1]])) == added)
    #expect(text(AuthorizedKeys(two).removing(bound)) == others + "\n")
    let moved = try AuthorizedKeysTests.command(program: "/opt/hotsync-slave")
    let changed = AuthorizedKeys(two).replacing(bound[0], with: key, boundTo: moved)
    #expect(
      text(changed)
        == text(two).replacing(
          "/usr/bin/hotsync-slave serve --connection standby\" \(key.line)",
          with: "/opt/hotsync-slave serve --connection standby\" \(key.line)"))
    #expect(text(keys("").adding(key, boundTo: command)) == line + "\n")
  }

  @Test("damaged files never trap; what is added is found, and taken out again leaves what was there")
  func fuzz() throws {
    var random = SeededGenerator(announcing: "damaged authorized keys")
    let odd = try AuthorizedKeysTests.command(root: "/a \"b' c\\")
    let start = Array(
      """
      # head
      \(AuthorizedKeys.line(binding: other, to: odd))
      from="x",command="echo \\"a\\"" \(KeySamples.ecdsa256) c
      \(KeySamples.rsa)

      """.utf8)
    for _ in 0..<4_000 {
      let damaged = KeySamples.damaged(start, &random, with: Array("\"\\'=, \t\n\r#\u{0}".utf8))
      let added = AuthorizedKeys(damaged).adding(key, boundTo: odd)
      let mine = AuthorizedKeys(added).entries(of: key)
      #expect(mine.map(\.command) == [odd], "HOTSYNC_SEED=\(random.seed)")
      let removed = AuthorizedKeys(added).removing(mine)
      #expect(removed.starts(with: damaged) && removed.count <= damaged.count + 1, "HOTSYNC_SEED=\(random.seed)")
    }
  }
}

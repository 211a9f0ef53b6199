import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncConfig

private let local = "etc/hotsync/conf.d/90-local.yaml"

@Suite struct EditorTests {
  @Test("the first set makes the folders and the file, and a configuration can be built step by step")
  func fromNothing() throws {
    let scratch = try Scratch()
    let editor = scratch.editor
    let missing = try editor.set([("role", "master"), ("connections.standby.slave_host", "192.0.2.20")])
    #expect(missing.map(\.key) == ["connections.standby.data.include"])
    #expect(try scratch.mode("etc/hotsync") == 0o755)
    #expect(try scratch.mode("etc/hotsync/conf.d") == 0o755)
    #expect(try scratch.mode(local) == 0o644)
    try editor.set([("connections.standby.transport", "local"), ("connections.standby.local_root", "/mnt/standby")])
    #expect(try editor.set([("connections.standby.data.include", "[/home, /srv]")]).isEmpty)
    try editor.set([("connections.standby.schedule", "*/5 * * * *"), ("connections.standby.port", "2222")])
    let connection = try #require(try scratch.load().connection("standby"))
    #expect(connection.schedule.text == "*/5 * * * *")
    #expect(connection.data.include.count == 2)
    #expect(
      try scratch.read(local) == """
        # Written by `hotsync config set`, which keeps no comments here.
        # Your own settings: ../hotsync.yaml, or another file beside this one.
        role: master
        connections:
          standby:
            slave_host: 192.0.2.20
            transport: local
            local_root: /mnt/standby
            data:
              include: [/home, /srv]
            schedule: "*/5 * * * *"
            port: 2222

        """)
  }

  @Test("a value that would not load is refused, with all that came with it, and nothing is written")
  func refused() throws {
    let scratch = try Scratch(master)
    let error = try #require(
      failure { try scratch.editor.set([("status", "disabled"), ("connections.standby.max_delete", "many")]) })
    #expect(
      scratch.told(error) == """
        hotsync: cannot set key connections.standby.max_delete
          cause: expected a percentage like 50% or a number of files, found many
          next:  hotsync config set --root  connections.standby.max_delete 50%
        """)
    #expect(try scratch.read(local) == nil)
    #expect(try Folder.open(scratch.root + "/etc/hotsync").names().map(\.description) == ["hotsync.yaml"])
    #expect(try scratch.load().isEnabled)
  }

  @Test("a list is given as YAML, a text as it is, a quoted text without its quotes")
  func parsing() throws {
    let scratch = try Scratch(master)
    try scratch.editor.set([
      ("connections.standby.data.exclude", "[\"*.tmp\", /var/log]"), ("mail_to", "\"\""), ("history.name", "default"),
    ])
    #expect(try scratch.load().connection("standby")?.data.exclude == ["*.tmp", "/var/log"])
    #expect(try scratch.load().mailTo == "")
    for (value, cause) in [
      ("/home", "expected a list, each element an absolute path without \".\" and \"..\", found /home"),
      ("[/home", "it is not YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
    ] {
      let error = try #require(failure { try scratch.editor.set([("connections.standby.data.include", value)]) })
      #expect(error.cause == cause)
      #expect(error.nextStep.hasSuffix("connections.standby.data.include '[/home, /srv]'"))
    }
    // No text is taken for YAML's nothing.
    try scratch.editor.set([("history.name", "null")])
    #expect(try scratch.load().history.name == "null")
  }

  @Test("an unknown key is refused with the nearest one")
  func unknown() throws {
    let scratch = try Scratch(master)
    let error = try #require(failure { try scratch.editor.set([("connections.standby.tranport", "local")]) })
    #expect(error.kind == .configuration)
    #expect(error.cause == "there is no such key; the nearest is connections.standby.transport")
    #expect(error.nextStep == "hotsync config set --root \(scratch.root) connections.standby.transport VALUE")
    #expect(failure { try scratch.editor.set([("connections..port", "22")]) }?.kind == .usage)
    #expect(failure { try scratch.editor.set([("", "22")]) }?.kind == .usage)
    let asked = try #require(failure { try scratch.editor.value(of: "connections.standby.tranport") })
    #expect(asked.kind == .usage && asked.cause == "there is no such key; the nearest is connections.standby.transport")
  }

  @Test("a mistake that was there before does not stand in the way of mending another")
  func unrelated() throws {
    let scratch = try Scratch("role: slave\nstore: var\nconnections: {a: {max_delete: many}}\n")
    try scratch.editor.set([("store", "/srv/store")])
    #expect(failure { try scratch.load() }?.subject.hasSuffix("key connections.a.max_delete") == true)
    // But the keys that are set must be right themselves.
    #expect(failure { try scratch.editor.set([("connections.a.max_delete", "many")]) } != nil)
    try scratch.editor.set([("connections.a.max_delete", "9")])
    #expect(try scratch.load().store == "/srv/store")
  }

  @Test("a file that is no YAML stops only changes of itself")
  func unreadable() throws {
    let scratch = try Scratch(master)
    try scratch.write("etc/hotsync/conf.d/10-a.yaml", "a: [")
    try scratch.editor.set([("status", "disabled")])
    try scratch.write(local, "a: [")
    #expect(failure { try scratch.editor.set([("status", "enabled")]) }?.subject.contains("90-local.yaml") == true)
    #expect(try scratch.read(local) == "a: [")
  }

  @Test("a value that a later file replaces is refused, as it would have no effect")
  func overridden() throws {
    let scratch = try Scratch(master)
    try scratch.write("etc/hotsync/conf.d/95-late.yaml", "\nstatus: enabled\n")
    let error = try #require(failure { try scratch.editor.set([("status", "disabled")]) })
    #expect(error.cause == "\(scratch.root)/etc/hotsync/conf.d/95-late.yaml line 2 is read later and replaces it")
  }

  @Test("unset takes out what set wrote, and only that")
  func unset() throws {
    let scratch = try Scratch(master)
    let editor = scratch.editor
    try editor.set([("connections.standby.max_delete", "5"), ("status", "disabled")])
    try editor.unset(["connections.standby.max_delete", "status"])
    #expect(try scratch.load().connection("standby")?.maxDelete == .percent(50))
    let text = try #require(try scratch.read(local))
    #expect(text.split(separator: "\n").count == 2)
    let error = try #require(failure { try editor.unset(["role"]) })
    #expect(error.kind == .usage)
    #expect(error.cause == "it is set in \(scratch.root)/etc/hotsync/hotsync.yaml line 1, which only you edit")
    #expect(failure { try editor.unset(["store"]) }?.cause == "it is not set")
    #expect(failure { try editor.unset(["stor"]) }?.cause == "there is no such key; the nearest is store")
    // A key that this version does not know can be taken out too.
    try scratch.write(local, "zzz: {a: 1}\n")
    #expect(failure { try scratch.load() }?.nextStep == "hotsync config unset --root \(scratch.root) zzz")
    try editor.unset(["zzz"])
    _ = try scratch.load()
  }

  @Test("a file that was closed to others stays closed")
  func mode() throws {
    let scratch = try Scratch(master)
    try scratch.write(local, "status: enabled\n", mode: 0o600)
    try scratch.editor.set([("status", "disabled")])
    #expect(try scratch.mode(local) == 0o600)
  }

  @Test("while another holds the lock nothing is changed")
  func locked() throws {
    let scratch = try Scratch(master)
    try scratch.write("etc/hotsync/conf.d/1.yaml", "")
    let folder = try Folder.open(scratch.root + "/etc/hotsync/conf.d")
    #expect(try folder.descriptor.tryLock())
    #expect(failure { try scratch.editor.set([("status", "disabled")]) }?.kind == .busy)
    #expect(try scratch.read(local) == nil)
  }

  @Test("a connection is switched off and on; one that does not exist is a wrong word on the command line")
  func activation() throws {
    let scratch = try Scratch(master)
    try scratch.editor.setStatus(of: "standby", isEnabled: false)
    #expect(try scratch.load().connection("standby")?.isEnabled == false)
    try scratch.editor.setStatus(of: "standby", isEnabled: true)
    #expect(try scratch.load().connection("standby")?.isEnabled == true)
    let error = try #require(failure { try scratch.editor.setStatus(of: "other", isEnabled: true) })
    #expect(error.kind == .usage)
    #expect(error.cause == "there is no connection \"other\"; configured: standby")
  }

  @Test("get answers with what is configured, or with the default")
  func get() throws {
    let scratch = try Scratch(master + "mail_to: \"\"\n")
    defer { withExtendedLifetime(scratch) {} }
    let editor = scratch.editor
    #expect(try editor.value(of: "role") == "master")
    #expect(try editor.value(of: "mail_to") == "")
    #expect(try editor.value(of: "connections.standby.port") == "22")
    #expect(try editor.value(of: "connections.standby.slave_host") == "")
    #expect(try editor.value(of: "connections.standby.identity") == "/etc/hotsync/keys/standby")
    #expect(try editor.value(of: "connections.standby.data.include") == "[/home, /srv]")
    #expect(try editor.value(of: "connections.standby.data") == "include: [/home, /srv]")
    #expect(try editor.value(of: "connections.standby.timeouts") == "")
    #expect(failure { try editor.value(of: "connections.other") }?.kind == .usage)
    #expect(try editor.value(of: "promote.probe") == "[arp, ping, ssh]")
    #expect(failure { try editor.value(of: "connections.other.port") }?.kind == .usage)
  }

  @Test("show prints a configuration that loads as the same, with the origin of each value")
  func show() throws {
    let scratch = try Scratch(master)
    try scratch.editor.set([("connections.standby.max_delete", "7"), ("status", "disabled")])
    let text = try scratch.editor.show()
    #expect(text.hasPrefix("role: master  # \(scratch.root)/etc/hotsync/hotsync.yaml:1\nstatus: disabled  # "))
    #expect(text.contains("    max_delete: 7  # \(scratch.root)/\(local):5\n"))
    #expect(text.contains("\nstore: /var/lib/hotsync  # default\n"))
    #expect(text.contains("    schedule: \"*/15 * * * *\"  # default\n"))
    let again = try Scratch(text)
    #expect(try again.load().connection("standby")?.maxDelete == .count(7))
  }

  @Test("whatever text is written is read as the same text", arguments: [UInt64(1), 2, 3])
  func writing(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "a", "1", " ", "\"", "\\", "#", ":", "-", "*", "&", "'", "null", "é", "\u{2028}", "\u{85}", "\n", "{", "日", "%",
      "~",
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
      let value = Value(
        content: .map([
          .init(
            key: text, origin: .commandLine, value: Value(content: .scalar(text, isPlain: false), origin: .commandLine)),
          .init(
            key: "list", origin: .commandLine,
            value: Value(
              content: .list([Value(content: .scalar(text, isPlain: false), origin: .commandLine)]),
              origin: .commandLine)),
        ]), origin: .commandLine)
      let written = YAMLWriting().text(value)
      let read = try YAMLReading.value(of: Array(written.utf8), file: nil)
      #expect(read.isSame(as: value), "seed \(seed): \(written.debugDescription)")
    }
  }
}

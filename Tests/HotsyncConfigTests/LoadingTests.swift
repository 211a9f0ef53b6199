import HotsyncSystem
import Testing

@testable import HotsyncConfig

let master = """
  role: master
  connections:
    standby:
      transport: local
      local_root: /mnt/standby
      data: {include: [/home, /srv]}

  """

@Suite struct LoadingTests {
  @Test("a small configuration is filled up with the defaults")
  func defaults() throws {
    let configuration = try Scratch(master).load()
    #expect(configuration.role == .master)
    #expect(configuration.isEnabled)
    #expect(configuration.store == "/var/lib/hotsync")
    #expect(configuration.mailTo == "root")
    #expect(configuration.history.schedule.total == 7 * 86_400)
    #expect(configuration.history.maxSize == nil)
    #expect(configuration.maintenance.verifyShare == 2)
    #expect(configuration.promote.probe == [.arp, .ping, .ssh])
    #expect(configuration.guardPolicy == .start)
    let connection = try #require(configuration.connection("standby"))
    #expect(connection.role == .master)
    #expect(connection.transport == .local)
    #expect(connection.localRoot == "/mnt/standby")
    #expect(connection.identity == "/etc/hotsync/keys/standby")
    #expect(connection.connectTimeout == .seconds(30))
    #expect(connection.silenceTimeout == .seconds(120))
    #expect(connection.schedule.text == "*/15 * * * *")
    #expect(connection.maxDelete == .percent(50))
    #expect(connection.data.include.map(\.description) == ["/home", "/srv"])
    #expect(connection.data.oneFileSystem)
    #expect(connection.streams == nil && connection.bandwidthLimit == nil)
    #expect(connection.databases.postgresql.port == 5_432)
    #expect(connection.slaveHost == nil)
  }

  @Test("the plan for the past is read whole")
  func history() throws {
    let plan = """
      history: {name: office, description: two weeks, schedule: "30m,2h,1d/14d", keep_within: 2d, max_size: 10GiB, disabled: true}

      """
    let history = try Scratch(master + plan).load().history
    #expect(history.name == "office")
    #expect(history.description == "two weeks")
    #expect(history.schedule.intervals.map(\.slots) == [4, 11, 13])
    #expect(history.keepWithin == .seconds(2 * 86_400))
    #expect(history.maxSize == 10 << 30)
    #expect(history.isDisabled)
  }

  @Test("a schedule that is none is told with what is wrong in it, and a secret one is not shown")
  func schedule() throws {
    #expect(
      try Scratch("role: slave\nhistory: {schedule: \"1h,90m/7d\"}\n").refusal() == """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key history.schedule
          cause: expected a retention schedule like "15m,1h,1d/7d": each interval a multiple of the one before, which \
        90m is not of 1h, found "1h,90m/7d"
          next:  hotsync config set --root  history.schedule '"15m,1h,1d/7d"'
        """)
    let secret = try Scratch("role: slave\nhistory: {schedule: \"${env:PLAN}\"}\n").refusal(["PLAN": "1h,90m/7d"])
    #expect(secret.contains("found a value that is not shown") && !secret.contains("90m"))
  }

  @Test("files of conf.d are merged in the order of their names: maps merge, everything else is replaced")
  func merging() throws {
    let scratch = try Scratch(master)
    try scratch.write("etc/hotsync/conf.d/20-b.yaml", "connections: {standby: {max_delete: 7, data: {include: [/b]}}}")
    try scratch.write("etc/hotsync/conf.d/10-a.yaml", "connections: {standby: {max_delete: 5, slave_host: a.example}}")
    try scratch.write("etc/hotsync/conf.d/30-c.yaml", "connections:\n#  standby:\n")
    try scratch.write("etc/hotsync/conf.d/readme.txt", "not: [read")
    try scratch.write("etc/hotsync/conf.d/.hidden.yaml", "not: [read")
    let connection = try #require(try scratch.load().connection("standby"))
    #expect(connection.maxDelete == .count(7))
    #expect(connection.slaveHost == "a.example")
    #expect(connection.data.include.map(\.description) == ["/b"])
  }

  @Test("connections are sorted, may have a role of their own, and none is needed")
  func connections() throws {
    let configuration = try Scratch("role: slave\nconnections: {b: , a: {status: disabled}, c: {role: slave}}\n").load()
    #expect(configuration.connections.map(\.name) == ["a", "b", "c"])
    #expect(configuration.connections.map(\.isEnabled) == [false, true, true])
    #expect(try Scratch("role: slave\n").load().connections.isEmpty)
    #expect(
      try Scratch("role: slave\nstatus: disabled\nconnections: {a: }").load().connections.map(\.isEnabled) == [false])
  }

  @Test("where there is no configuration the error says how to make one")
  func nothingThere() throws {
    #expect(
      try Scratch().refusal() == """
        hotsync: cannot read /etc/hotsync/hotsync.yaml
          cause: no such file
          next:  mount its disk, if that is missing; on a new master: hotsync config set --root  role master \
        connections.standby.slave_host ADDRESS connections.standby.data.include '[/home, /srv]'; \
        on a new slave: hotsync-slave config set --root  role slave connections.standby.master_host ADDRESS
        """)
  }

  @Test(
    "a mistake is told with file, line, key, what was expected, and what to type",
    arguments: [
      (
        "role: slave\nconnections:\n  standby:\n    tranport: local\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 4, key connections.standby.tranport
          cause: there is no such key; the nearest is connections.standby.transport
          next:  editor +4 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "role: slave\ninclude: [/home]\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key include
          cause: there is no such key; the nearest is connections.NAME.data.include
          next:  editor +2 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "role: slave\nzzzzzzzzzzz: 1\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key zzzzzzzzzzz
          cause: there is no such key
          next:  editor +2 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "role: slave\nconnections: {a: {port: \"22\"}}\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key connections.a.port
          cause: expected a number from 1 to 65535, found "22"
          next:  hotsync config set --root  connections.a.port 22
        """
      ),
      (
        "role: slave\nconnections:\n  a:\n    data:\n      include:\n        - /home\n        - srv\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 7, key connections.a.data.include
          cause: expected an absolute path without "." and "..", found srv
          next:  hotsync config set --root  connections.a.data.include '[/home, /srv]'
        """
      ),
      (
        "role: slave\nconnections: {a: {streams: 2}}\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key connections.a.streams
          cause: expected auto, its default: anything else is not available in this version
          next:  editor +2 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "role: slave\nconnections: {a: {bandwidth_limit: 65535}}\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key connections.a.bandwidth_limit
          cause: expected none or a size like 64KiB or 10MiB, 64KiB at least, found 65535
          next:  hotsync config set --root  connections.a.bandwidth_limit none
        """
      ),
      (
        "role: slave\nconnections: {a: {transport: rsh}}\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key connections.a.transport
          cause: expected ssh or openssh or local, found rsh
          next:  hotsync config set --root  connections.a.transport ssh
        """
      ),
      (
        "role: master\nconnections: {a: {transport: openssh, data: {include: [/home]}}}\n",
        """
        hotsync: cannot use the configuration in /etc/hotsync, key connections.a.slave_host
          cause: it is not set, expected the slave's address or name
          next:  hotsync config set --root  connections.a.slave_host ADDRESS
        """
      ),
      (
        "role: master\nconnections: {a: {transport: local, data: {include: [/home]}}}\n",
        """
        hotsync: cannot use the configuration in /etc/hotsync, key connections.a.local_root
          cause: it is not set, expected the folder that is the slave's root
          next:  hotsync config set --root  connections.a.local_root /mnt/standby
        """
      ),
      (
        "role: master\nrole: slave\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 1, key role
          cause: the key stands there twice
          next:  remove one of them: editor +1 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "role: slave\nconnections: {a: {data: {include: [*.x]}}}\n",
        """
        hotsync: cannot read /etc/hotsync/hotsync.yaml line 2
          cause: it is not YAML: while scanning an alias, did not find expected alphabetic or numeric character; \
        quote what begins with *
          next:  editor +2 /etc/hotsync/hotsync.yaml
        """
      ),
      (
        "connections: {}\n",
        """
        hotsync: cannot use the configuration in /etc/hotsync, key role
          cause: it is not set, expected master or slave
          next:  hotsync config set --root  role master
        """
      ),
      (
        "role: master\nconnections: {a: }\n",
        """
        hotsync: cannot use the configuration in /etc/hotsync, key connections.a.slave_host
          cause: it is not set, expected the slave's address or name
          next:  hotsync config set --root  connections.a.slave_host ADDRESS
        """
      ),
      (
        "role: slave\nconnections: {Standby: }\n",
        """
        hotsync: cannot use /etc/hotsync/hotsync.yaml line 2, key connections.Standby
          cause: expected a connection's name of at most 63 lower-case letters, digits and hyphens, found "Standby"
          next:  editor +2 /etc/hotsync/hotsync.yaml
        """
      ),
    ])
  func texts(_ yaml: String, _ expected: String) throws {
    #expect(try Scratch(yaml).refusal() == expected)
  }

  @Test("what an SSH connection needs can be set, and reaches the typed configuration")
  func overSSH() throws {
    let yaml = """
      role: master
      connections:
        a:
          slave_host: 192.0.2.20
          port: 2222
          user: mirror
          identity: /srv/key
          known_hosts: /srv/hosts
          bandwidth_limit: 64KiB
          compression: zstd
          timeouts: {connect: 7s, silence: 9s}
          data: {include: [/home]}
        b: {slave_host: spare, transport: openssh, compression: none, data: {include: [/home]}}

      """
    let configuration = try Scratch(yaml).load()
    let (first, second) = (try #require(configuration.connection("a")), try #require(configuration.connection("b")))
    #expect(first.transport == .ssh && first.port == 2_222 && first.user == "mirror")
    #expect(first.identity == "/srv/key" && first.knownHosts == "/srv/hosts")
    #expect(first.bandwidthLimit == 65_536 && first.compression == .zstd)
    #expect(first.connectTimeout == .seconds(7) && first.silenceTimeout == .seconds(9))
    #expect(second.transport == .openssh && second.compression == .none && second.bandwidthLimit == nil)
    #expect(second.slaveHost == "spare" && second.port == 22 && second.user == "root")
  }

  @Test("check tells of everything that is wrong, what is missing included")
  func all() throws {
    let scratch = try Scratch("connections: {a: {port: x, tranport: local, max_delete: -1}}\nstore: var\n")
    let problems = scratch.problems()
    #expect(
      problems.map(\.key) == [
        "connections.a.port", "connections.a.tranport", "connections.a.max_delete", "store", "role",
      ])
    #expect(problems.map(\.gravity) == [.wrong, .wrong, .wrong, .wrong, .missing])
    #expect(problems.allSatisfy { $0.error.kind == .configuration })
    #expect(try Scratch(master).problems().isEmpty)
  }
}

@Suite struct TrustTests {
  @Test(
    "what others can write is refused by name",
    arguments: [
      ("etc/hotsync", UInt16(0o775)), ("etc/hotsync/conf.d", 0o777), ("etc/hotsync/hotsync.yaml", 0o664),
      ("etc/hotsync/conf.d/10-a.yaml", 0o646),
    ])
  func writable(_ path: String, _ mode: UInt16) throws {
    let scratch = try Scratch(master)
    try scratch.write("etc/hotsync/conf.d/10-a.yaml", "status: enabled\n")
    _ = try scratch.load()
    try scratch.setMode(path, mode)
    let error = try #require(failure { try scratch.load() })
    #expect(error.kind == .refused)
    #expect(error.subject == "\(scratch.root)/\(path)")
    #expect(error.nextStep == "chmod go-w \(scratch.root)/\(path)")
    #expect(failure { try scratch.editor.set([("status", "disabled")]) }?.kind == .refused)
  }

  @Test("a symbolic link in the place of a file or of the folder is refused")
  func links() throws {
    let scratch = try Scratch(master)
    let etc = try Folder.open(scratch.root + "/etc")
    let hotsync = try etc.folder(try #require(FileName("hotsync")))
    let name = try #require(FileName("hotsync.yaml"))
    try hotsync.rename(name, into: hotsync, as: try #require(FileName("real")))
    try hotsync.makeSymbolicLink(name, to: Array("real".utf8))
    let error = try #require(failure { try scratch.load() })
    #expect(error.kind == .refused && error.cause == "it is a symbolic link")
    try etc.rename(try #require(FileName("hotsync")), into: etc, as: try #require(FileName("other")))
    try etc.makeSymbolicLink(try #require(FileName("hotsync")), to: Array("other".utf8))
    #expect(failure { try scratch.load() }?.kind == .refused)
  }

  @Test("somebody else's file is refused", .enabled(if: Environment.isRoot))
  func foreign() throws {
    let scratch = try Scratch(master)
    let file = try Folder.open(scratch.root).open(at: try #require(RelativePath("etc/hotsync/hotsync.yaml")))
    try file.setOwner(12_345, group: 0)
    let error = try #require(failure { try scratch.load() })
    #expect(error.kind == .refused && error.nextStep == "chown root \(scratch.root)/etc/hotsync/hotsync.yaml")
  }
}

@Suite struct SecretTests {
  @Test("variables and private files fill in texts, and are never shown")
  func filled() throws {
    let scratch = try Scratch("role: slave\n")
    try scratch.write("secret", "b.example\n", mode: 0o600)
    try scratch.write(
      "etc/hotsync/conf.d/1.yaml",
      "connections: {a: {slave_host: \"${env:HOST}.example\", master_host: \"${file:\(scratch.root)/secret}\"}}\n")
    let connection = try #require(try scratch.load(["HOST": "a"]).connection("a"))
    #expect(connection.slaveHost == "a.example")
    #expect(connection.masterHost == "b.example")
    let shown = try ConfigurationEditor(root: scratch.root, environment: { _ in "a" }).show()
    #expect(
      shown.contains("slave_host: \"${env:HOST}.example\"  # \(scratch.root)/etc/hotsync/conf.d/1.yaml:1, hidden\n"))
    #expect(!shown.contains("b.example"))
    #expect(try scratch.editor.value(of: "connections.a.master_host") == "${file:\(scratch.root)/secret}")
  }

  @Test("a secret does not appear in the error that it causes")
  func hidden() throws {
    let text = try Scratch("role: slave\nconnections: {a: {slave_host: \"${env:HOST}\"}}\n").refusal(["HOST": "-oProxy"]
    )
    #expect(text.contains("found a value that is not shown") && !text.contains("-oProxy"))
    let folder = try Scratch("role: slave\nconnections: {a: {data: {include: [\"${env:DIR}\"]}}}\n").refusal([
      "DIR": "/proc/x"
    ])
    #expect(folder.contains("found ${env:DIR}") && !folder.contains("/proc/x"))
  }

  @Test("what is filled in is not looked at again")
  func once() throws {
    let scratch = try Scratch("role: slave\nmail_to: \"${env:A}\"\n")
    #expect(try scratch.load(["A": "${env:B}", "B": "root"]).mailTo == "${env:B}")
    #expect(try scratch.load(["A": "root"]).mailTo == "root")
  }

  @Test(
    "a reference that leads nowhere is an error",
    arguments: [
      ("${env:NONE}", "the environment has no variable \"NONE\""),
      ("${NONE}", "expected ${env:NAME} or ${file:PATH}, found NONE"),
      ("${env:NONE", "expected ${env:NAME} or ${file:PATH}, found ${env:NONE"),
      ("${file:secret}", "expected an absolute path in ${file:PATH}, found secret"),
    ])
  func missing(_ reference: String, _ cause: String) throws {
    let error = failure { try Scratch("role: slave\nmail_to: \"\(reference)\"\n").load() }
    #expect(error?.cause == cause)
  }

  @Test("a secret's file that others can read is refused")
  func readable() throws {
    let scratch = try Scratch()
    try scratch.write("secret", "root", mode: 0o640)
    try scratch.write("etc/hotsync/hotsync.yaml", "role: slave\nmail_to: ${file:\(scratch.root)/secret}\n")
    #expect(failure { try scratch.load() }?.cause == "it holds a secret and others can read it (mode 0640)")
    try scratch.setMode("secret", 0o600)
    #expect(try scratch.load().mailTo == "root")
  }
}

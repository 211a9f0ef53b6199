import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// The bytes of true masters, recorded at the slave and sent once more by somebody who has the key.
@Suite struct ReplayTests {
  /// From now on what masters send is kept in a file, until `replay` binds the key to the agent alone again.
  private func record(_ pair: Pair, in file: String) throws {
    guard let line = pair.line else { throw SupportError("a pair without sshd") }
    try line.authorize(
      try pair.master.read("etc/hotsync/keys/standby.pub"),
      for: "/usr/bin/tee '\(file)' | \(line.agentCommand(of: pair.connection))")
  }

  private func stopRecording(_ pair: Pair, _ file: String) throws -> [UInt8] {
    guard let line = pair.line else { throw SupportError("a pair without sshd") }
    try line.waitForAgents()
    try line.authorize(
      try pair.master.read("etc/hotsync/keys/standby.pub"), for: line.agentCommand(of: pair.connection))
    let bytes = try Descriptor.open(file, .reading).readAll(limit: 1 << 24) ?? []
    #expect(bytes.starts(with: Preamble.bytes) && bytes.count > 50)
    return bytes
  }

  /// What the recorded bytes come to when they are sent once more.
  private func replay(_ bytes: [UInt8], to pair: Pair, _ transport: TestedTransport) throws -> RawMaster {
    let master = try RawMaster(pair, over: transport)
    master.say(bytes)
    master.closeSending()
    _ = try master.hearOut()
    return master
  }

  @Test(
    "a recorded cycle that is sent again is refused, at once and after others, and changes nothing",
    arguments: TestedTransport.overSSH)
  func cycle(_ transport: TestedTransport) throws {
    let pair = try Pair(transport: transport)
    let file = pair.scratch.path("recorded")
    try record(pair, in: file)
    var recordings: [[UInt8]] = []
    for number in 0..<3 {
      try pair.data.write("state \(number)\n", to: "first.txt")
      try pair.data.write("of \(number)\n", to: "new\(number)")
      if number == 2 { try pair.data.remove("new0") }
      try record(pair, in: file)
      try pair.expectInStep("--accept-deletes")
      recordings.append(try stopRecording(pair, file))
    }
    let before = try pair.storeSnapshot()
    for (number, recording) in recordings.enumerated() {
      let master = try replay(recording, to: pair, transport)
      #expect(master.refusal?.kind == .refused && master.welcome == nil, "recording \(number)")
      #expect(master.code() == 77, "recording \(number): \(master.ending())")
      #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [], "recording \(number)")
    }
    try pair.expectInStep()
  }

  @Test("a recorded look and a recorded cycle without changes tell what they told, and change nothing")
  func look() throws {
    let pair = try Pair.committed(over: .ssh)
    let file = pair.scratch.path("recorded")
    for words in [["check"], ["sync"], ["sync", "--dry-run"]] {
      try record(pair, in: file)
      let result = try pair.start("hotsync", words, root: pair.master, environment: [:]).wait()
      #expect(result.exitCode == 0, "\(result)")
      let recording = try stopRecording(pair, file)
      let before = try pair.storeSnapshot()
      let master = try replay(recording, to: pair, .ssh)
      #expect(master.refusal == nil && master.code() == 0, "\(words): \(master.ending())")
      #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [], "\(words)")
    }
    try pair.data.write("new", to: "new")
    try pair.expectInStep()
  }

  /// `--adopt` takes the check of the position away; what is left is that every step must fit the state that it was made for.
  @Test("a recorded cycle that was to be adopted brings no old state back")
  func adopted() throws {
    let pair = try Pair.committed(over: .ssh)
    let file = pair.scratch.path("recorded")
    try pair.data.write("the adopted state\n", to: "first.txt")
    try pair.data.write("new\n", to: "new")
    try record(pair, in: file)
    try pair.expectInStep("--adopt")
    let recording = try stopRecording(pair, file)
    // At once: the state is the one that it makes.
    let mirror = try pair.mirror.snapshot()
    let again = try replay(recording, to: pair, .ssh)
    #expect(again.refusal == nil && again.code() == 0, "\(again.ending())")
    #expect(mirror.differences(to: try pair.mirror.snapshot(), .all.subtracting(.root)) == [])
    // Later: it does not make the one that it announces.
    try pair.data.write("a later state\n", to: "later")
    try pair.expectInStep("--adopt")
    let before = try pair.storeSnapshot()
    let master = try replay(recording, to: pair, .ssh)
    #expect(master.refusal?.kind == .damaged && master.code() == 65, "\(master.ending())")
    #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
    try pair.expectInStep()
  }
}

import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// What a master with the right key may not say, and how it must end.
struct Offence {
  let name: String
  let code: Int32
  /// Words of the refusal's cause.
  let words: [String]
  let commit: (RawMaster) throws -> Void

  init(_ name: String, _ code: Int32, _ words: String..., commit: @escaping (RawMaster) throws -> Void) {
    self.name = name
    self.code = code
    self.words = words
    self.commit = commit
  }

  /// Bytes before any greeting; the line stays open behind them.
  static func first(_ name: String, _ code: Int32 = 76, _ words: String..., bytes: [UInt8]) -> Offence {
    Offence(name, code, words) { $0.say(bytes) }
  }

  private init(_ name: String, _ code: Int32, _ words: [String], commit: @escaping (RawMaster) throws -> Void) {
    self.name = name
    self.code = code
    self.words = words
    self.commit = commit
  }
}

/// A pair behind a real sshd whose slave must come through whatever a login with its key says.
struct Ordeal {
  let pair: Pair
  private let transport: TestedTransport

  /// The kinds of a refusal (docs/protocol.md, "Errors").
  private static let codes: [String: Int32] = [
    "damaged": 65, "unreachable": 69, "unwritable": 73, "busy": 75, "incompatible": 76, "refused": 77, "fenced": 77,
  ]

  /// What the slave's mirror holds for a patch to begin with.
  static let largePath = "srv/data/large"
  static let largeSize: UInt64 = 100_000

  init(over transport: TestedTransport = .ssh) throws {
    self.transport = transport
    pair = try Pair.committed(over: transport) { data in
      var random = SeededGenerator(seed: 41)
      try data.write(random.bytes(Int(Ordeal.largeSize)), to: "large")
    }
  }

  func login() throws -> RawMaster { try RawMaster(pair, over: transport) }

  /// A login that has been greeted.
  func greeted(_ purpose: Hello.Purpose = .cycle) throws -> RawMaster {
    let master = try login()
    try master.greet(RawMaster.hello(pair, purpose))
    return master
  }

  /// What has changed in the store, but for what a cycle that was never committed may leave for the next one: a segment
  /// that no generation names, and the digest map of a content.
  func changes(since before: TreeSnapshot) throws -> [String] {
    before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)).filter { line in
      let isAdded = line.hasSuffix("only in the second (regular)")
      let isNew = isAdded && (line.hasPrefix("/catalog/") || line.hasPrefix("/signatures/new-"))
      return !isNew && !line.hasPrefix("/catalog: time ") && !line.hasPrefix("/signatures: time ")
    }
  }

  /// Commits an offence on a login of its own: it is refused with its code while our end of the line is open, and the
  /// store stays as it was.
  func expectRefused(
    _ offence: Offence, on master: RawMaster? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try pair.storeSnapshot()
    let master = try master ?? login()
    let start = Clocks.system.elapsed()
    do { try offence.commit(master) } catch is ProtocolError {}  // It was refused in between.
    if master.refusal == nil { _ = try master.hearOut() } else { _ = try master.next() }
    let name = Comment(rawValue: offence.name)
    #expect(master.code() == offence.code, name, sourceLocation: sourceLocation)
    let refusal = master.refusal
    #expect(refusal.flatMap { Ordeal.codes[$0.kind.rawValue] } == offence.code, name, sourceLocation: sourceLocation)
    for word in offence.words {
      #expect(refusal?.cause.contains(word) == true, "\(name): \(refusal?.cause ?? "")", sourceLocation: sourceLocation)
    }
    #expect(Clocks.system.elapsed() - start < .seconds(10), name, sourceLocation: sourceLocation)
    let changed = try changes(since: before)
    #expect(changed == [], name, sourceLocation: sourceLocation)
  }

  func expectRefused(_ offences: [Offence], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for offence in offences { try expectRefused(offence, sourceLocation: sourceLocation) }
  }

  /// The same, each after a greeting of its own.
  func expectRefusedOnceGreeted(_ offences: [Offence], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for offence in offences { try expectRefused(offence, on: try greeted(), sourceLocation: sourceLocation) }
  }

  /// And after it all a true cycle goes well.
  func expectTrueCycle(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    try pair.data.write("and on it goes", to: "after")
    let cycle = try pair.sync(words)
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)", sourceLocation: sourceLocation)
    let differences = try pair.differences()
    #expect(differences == [], sourceLocation: sourceLocation)
  }
}

/// The workloads: what is copied, and what must be reached.
enum Workload: String, CaseIterable, Sendable {
  case w1 = "W1"
  case w2 = "W2"
  case w3 = "W3"
  case w2m = "W2M"
  case w4 = "W4"
  case w5 = "W5"
  case w6r = "W6r"
  case w6t = "W6t"
  case sparse

  var goals: [Goal] {
    switch self {
    case .w1: [.time(1.3), .wire(2, .plain), .memory(megabytes: 100)]
    case .w2: [.time(5), .wire(300), .memory(megabytes: 60)]
    case .w2m: [.time(6), .wire(3_000), .memory(megabytes: 100)]
    case .w3: [.time(3.5), .wire(3), .memory(megabytes: 100)]
    case .w4: [.time(8, .whole), .time(20, .delta), .wire(12, .delta), .memory(megabytes: 200)]
    case .w5: [.time(4), .time(10, .delta), .wire(10), .memory(megabytes: 200)]
    case .w6r: [.time(0.65), .time(0.85, transport: "openssh"), .memory(megabytes: 100)]
    case .w6t:
      [.time(0.9, .packed), .time(0.6, .plain), .wire(4, .plain), .wire(0.9, .packed), .memory(megabytes: 100)]
    case .sparse: [Goal(measure: .wireBytes(below: 2_000_000)), .memory(megabytes: 200)]
    }
  }

  /// HotSync's transports that run.
  var transports: [String] { self == .w6r ? ["ssh", "openssh"] : ["ssh"] }

  /// rsync's ways that run once each, before the pairs.
  var ways: [RsyncWay] {
    switch self {
    case .w2, .w2m: RsyncWay.all(hasBase: true, hasContent: false)
    // Some MB among 100,000 names: how they go is not what it costs.
    case .w3: RsyncWay.all(hasBase: false, hasContent: false) + [RsyncWay(isPacked: true, cipher: .aes)]
    case .w1, .w6t: RsyncWay.all(hasBase: false, hasContent: true)
    // Packing random bytes is only slower: once is enough to show it.
    case .w6r: RsyncWay.all(hasBase: false, hasContent: false) + [RsyncWay(isPacked: true, cipher: .aes)]
    case .w4:
      RsyncWay.all(hasBase: true, hasContent: true).filter { !$0.isPacked || ($0.isWhole && $0.cipher == .aes) }
    case .w5: RsyncWay.all(hasBase: true, hasContent: true)
    case .sparse: []
    }
  }

  /// Those that alternate with HotSync: the fastest of each. Its delta runs for minutes, and only once.
  var opponents: [Opponent] {
    switch self {
    case .w6t: [.plain, .packed]
    case .sparse: []
    default: [.best]
    }
  }

  /// By the name that somebody types: `w4`, `W4`.
  init?(named text: String) {
    guard let workload = Workload.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
      return nil
    }
    self = workload
  }
}

/// How large the workloads are.
struct Sizes: Sendable {
  let files: Int
  let manyFiles: Int
  let patchedBytes: Int
  let dumpBytes: Int
  let randomBytes: Int
  let textBytes: Int
  let sparseBytes: Int
  /// How long the disk is left alone after files were removed.
  let pause: Duration

  private static let mebibyte = 1 << 20
  private static let gibibyte = 1 << 30

  /// Those that the goals are for.
  static let full = Sizes(
    files: 100_000, manyFiles: 1_000_000, patchedBytes: 4 * gibibyte, dumpBytes: gibibyte, randomBytes: 4 * gibibyte,
    textBytes: 2 * gibibyte, sparseBytes: 100 * gibibyte,
    pause: .seconds(2))
  /// To see in two minutes that all of it works.
  static let quick = Sizes(
    files: 5_000, manyFiles: 20_000, patchedBytes: 128 * mebibyte, dumpBytes: 48 * mebibyte,
    randomBytes: 128 * mebibyte,
    textBytes: 96 * mebibyte, sparseBytes: 4 * gibibyte,
    pause: .milliseconds(200))
}

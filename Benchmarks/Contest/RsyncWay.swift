/// One of the ways in which rsync can be told to do the same work; the fastest of them counts.
struct RsyncWay: Hashable, Sendable, CustomStringConvertible {
  enum Cipher: String, CaseIterable, Sendable {
    case chacha20 = "chacha20-poly1305@openssh.com"
    case aes = "aes128-gcm@openssh.com"

    var shortName: String {
      switch self {
      case .chacha20: "chacha20"
      case .aes: "aes128-gcm"
      }
    }
  }

  /// `-W`: changed files go whole, without rsync's delta.
  var isWhole = false
  /// `--compress-choice=zstd`.
  var isPacked = false
  var cipher: Cipher

  var arguments: [String] {
    ["-aHAX", "--numeric-ids", "--delete"] + (isWhole ? ["-W"] : [])
      + (isPacked ? ["--compress", "--compress-choice=zstd"] : [])
  }

  var description: String {
    ((isWhole ? ["-W"] : []) + (isPacked ? ["zstd"] : []) + [cipher.shortName]).joined(separator: " ")
  }

  /// All of them that can matter: where nothing is at the target there is no delta, and where no content goes nothing is
  /// packed.
  static func all(hasBase: Bool, hasContent: Bool) -> [RsyncWay] {
    var ways: [RsyncWay] = []
    for isWhole in hasBase && hasContent ? [true, false] : [false] {
      for isPacked in hasContent ? [false, true] : [false] {
        for cipher in Cipher.allCases { ways.append(RsyncWay(isWhole: isWhole, isPacked: isPacked, cipher: cipher)) }
      }
    }
    return ways
  }
}

/// Which of rsync's ways a goal is held against: the fastest of those.
enum Opponent: String, Sendable {
  case best
  case delta
  case whole = "-W"
  /// Without compression.
  case plain
  case packed = "zstd"

  func admits(_ way: RsyncWay) -> Bool {
    switch self {
    case .best: true
    case .delta: !way.isWhole
    case .whole: way.isWhole
    case .plain: !way.isPacked
    case .packed: way.isPacked
    }
  }
}

import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// What the attempts of one cycle add up to, where its line was lost on the way.
struct Attempts {
  /// A commit that was asked for and not answered yet.
  struct AskedCommit {
    let position: Position
    let counts: PushCounts
    /// Digest maps that no file needs once it came to be.
    let obsoleteMaps: [Digest]
    /// What the slave told the operator on the way; nil while the line stands.
    var notices: [Problem]?
  }

  var asked: AskedCommit?
  /// What the slave told with commits that came to be although their answers were lost.
  private(set) var keptNotices: [Problem] = []
  private var known: Set<Problem> = []
  /// Of those commits.
  private var committed = PushCounts()
  /// Content that went over lines that are gone.
  private var literal: UInt64 = 0

  /// Takes over from a line that is done with: what it has to tell that was not told.
  mutating func take(_ line: SlaveLine) -> [Problem] {
    literal += line.literal
    if asked != nil, asked?.notices == nil { asked?.notices = line.problems }
    return line.problems.filter { !known.contains($0) }
  }

  /// Takes what is to be told whatever becomes of the attempt.
  mutating func keep(_ notice: Problem) {
    if known.insert(notice).inserted { keptNotices.append(notice) }
  }

  mutating func keep(_ commit: AskedCommit) {
    let notices = (commit.notices ?? []).filter { known.insert($0).inserted }
    keptNotices += notices
    committed += commit.counts
  }

  /// What all attempts came to, with the counts of the one that is under way.
  func counts(with current: PushCounts) -> PushCounts {
    var counts = committed
    counts += current
    guard literal > 0 else { return counts }
    // What an earlier line brought is found staged now: it was sent all the same.
    counts.literal = literal + current.literal
    counts.matched = min(counts.matched, counts.changedBytes - min(counts.literal, counts.changedBytes))
    return counts
  }
}

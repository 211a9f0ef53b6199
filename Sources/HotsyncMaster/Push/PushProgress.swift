import HotsyncReport

/// How far a push is, in bytes gone through. A large file is told piece by piece; where it has to be gone through again, the
/// plan grows by that much, so that neither share nor time left is a guess.
final class PushProgress {
  private let advance: (_ files: UInt64, _ bytes: UInt64) -> Void
  private let expect: (_ bytes: UInt64) -> Void
  /// Bytes of the file under way that were told already, without what is gone through again.
  private var told: UInt64 = 0
  /// What is left of a second pass.
  private var again: UInt64 = 0

  init(advance: @escaping (_ files: UInt64, _ bytes: UInt64) -> Void, expect: @escaping (_ bytes: UInt64) -> Void) {
    self.advance = advance
    self.expect = expect
  }

  convenience init(_ progress: Progress) {
    self.init(
      advance: { progress.advance(files: $0, bytes: $1) }, expect: { progress.expect(moreBytes: $0) })
  }

  /// So much more of a large file was gone through.
  func pass(_ bytes: UInt64) {
    let second = min(again, bytes)
    again -= second
    told &+= bytes - second
    advance(0, bytes)
  }

  /// So much of the file will be gone through a second time.
  func expectAgain(_ bytes: UInt64) {
    again &+= bytes
    expect(bytes)
  }

  /// So much came that nobody knew of: the plan grows by it.
  func passUnplanned(_ bytes: UInt64) {
    expect(bytes)
    advance(0, bytes)
  }

  /// An entry is done: what was not told of it is told now, whether it was looked at or not.
  ///
  /// - Parameter size: of a regular file, else 0.
  func end(size: UInt64) {
    advance(1, size - min(size, told) &+ again)
    (told, again) = (0, 0)
  }
}

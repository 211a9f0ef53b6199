public import HotsyncSystem

public enum DeltaDomain {}

/// What can go wrong here: `damaged` for bytes of a peer or a file that are not what they must be, `bug` for
/// HotSync contradicting itself, `failed` where memory ran out.
public typealias DeltaError = Failure<DeltaDomain>

extension Failure where Domain == DeltaDomain {
  static func damagedSignature(_ cause: String) -> DeltaError {
    DeltaError(
      .damaged, "cannot use", "a librsync signature", cause: cause,
      next: "run the cycle again: without a signature the file is sent whole")
  }

  static func damagedDelta(_ cause: String) -> DeltaError {
    DeltaError(
      .damaged, "cannot apply", "a librsync delta", cause: cause,
      next: "run the cycle again: a file whose delta fails is sent whole")
  }

  static func damagedMap(_ cause: String) -> DeltaError {
    DeltaError(
      .damaged, "cannot use", "a digest map", cause: cause,
      next: "nothing: the map is a cache, and is made anew from the file")
  }

  static func bug(_ operation: String, _ subject: String, cause: String) -> DeltaError {
    DeltaError(.bug, operation, subject, cause: cause, next: "report this with what journalctl -e shows")
  }
}

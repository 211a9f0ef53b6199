public import HotsyncSystem

public enum FactsDomain {}
/// Why facts cannot be gathered, or mean nothing.
public typealias FactsError = Failure<FactsDomain>

extension FactsError {
  /// What a master said of itself that cannot be.
  static func unusable(_ name: String, _ cause: String) -> FactsError {
    FactsError(
      .damaged, "cannot use", "the master's facts about its \(name)", cause: cause,
      next: "on the master: hotsync sync, which gathers them again; if it stays, look at var/lib/hotsync-state there")
  }
}

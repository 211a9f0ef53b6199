public import HotsyncSystem

public enum PromoteDomain {}
/// Why a promotion cannot begin, go on, or be undone.
public typealias PromoteError = Failure<PromoteDomain>

public import HotsyncSystem

public enum AccessDomain {}
/// Why a master's key is not taken, or not found.
public typealias AccessError = Failure<AccessDomain>

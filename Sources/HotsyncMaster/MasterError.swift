public import HotsyncSystem

public enum MasterDomain {}
/// Why a cycle cannot be, or cannot go on.
public typealias MasterError = Failure<MasterDomain>

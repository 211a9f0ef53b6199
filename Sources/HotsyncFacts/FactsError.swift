public import HotsyncSystem

public enum FactsDomain {}
/// Why facts cannot be gathered, or mean nothing.
public typealias FactsError = Failure<FactsDomain>

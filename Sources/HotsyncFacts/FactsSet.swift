/// The facts of one generation, each checked. What a generation lacks is nil.
public struct FactsSet: Equatable, Sendable {
  public let accounts: Facts.Accounts?
  public let databases: Facts.Databases?
  public let machine: Facts.Machine?
  public let network: Facts.Network?
  public let packages: Facts.Packages?
  public let schedules: Facts.Schedules?
  public let services: Facts.Services?

  /// - Parameter documents: by their names, without `.json`; others than those of `Facts.names` are passed over.
  /// - Throws: kind `.damaged` for a document that cannot be used.
  public init(_ documents: [String: [UInt8]]) throws(FactsError) {
    accounts = try FactsSet.document(documents)
    databases = try FactsSet.document(documents)
    machine = try FactsSet.document(documents)
    network = try FactsSet.document(documents)
    packages = try FactsSet.document(documents)
    schedules = try FactsSet.document(documents)
    services = try FactsSet.document(documents)
  }

  private static func document<Document: FactsDocument>(
    _ documents: [String: [UInt8]]
  ) throws(FactsError) -> Document? {
    guard let bytes = documents[Document.name] else { return nil }
    return try Document(decoding: bytes)
  }

  /// What is not there.
  public var missing: [String] {
    let found: [(String, Bool)] = [
      (Facts.Accounts.name, accounts != nil), (Facts.Databases.name, databases != nil),
      (Facts.Machine.name, machine != nil), (Facts.Network.name, network != nil),
      (Facts.Packages.name, packages != nil), (Facts.Schedules.name, schedules != nil),
      (Facts.Services.name, services != nil),
    ]
    return found.filter { !$0.1 }.map(\.0)
  }
}

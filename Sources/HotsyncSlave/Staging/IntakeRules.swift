import HotsyncCatalog
import HotsyncSystem

/// What this slave's own configuration lets a master put into its store. What the master's says does not count here.
struct IntakeRules {
  private let connection: String
  private let takesDevices: Bool
  private let takesTrustedAttributes: Bool

  init(_ context: AgentContext) {
    connection = context.connection
    takesDevices = context.takesDevices
    takesTrustedAttributes = context.takesTrustedAttributes
  }

  /// - Throws: kind `.refused`.
  func check(_ record: Record) throws(StoreError) {
    if ReservedPaths.holds(record.path) { try checkReserved(record) }
    if case .device = record.content, !takesDevices {
      throw refusal(record.path, "it is a device node", "data.devices")
    }
    guard !takesTrustedAttributes else { return }
    for attribute in record.metadata.attributes where ExtendedAttribute.standing(of: attribute.name) == .trusted {
      throw refusal(record.path, "it has the attribute \(shown(attribute.name))", "data.trusted_xattrs")
    }
  }

  /// Dumps and facts are read by programs of ours: none of them may be led elsewhere.
  private func checkReserved(_ record: Record) throws(StoreError) {
    switch record.content {
    case .folder, .regular: return
    case .symbolicLink, .hardLink, .fifo, .device:
      throw StoreError(
        .refused, "cannot take", record.path.description,
        cause: "where dumps and facts stand there are plain files only",
        next: "on the master: see what stands at \(ReservedPaths.top)")
    }
  }

  private func refusal(_ path: RelativePath, _ what: String, _ key: String) -> StoreError {
    StoreError(
      .refused, "cannot take", path.description,
      cause: "\(what), and the slave's own configuration has \(key) off",
      next: "if that is wanted, on the slave: hotsync-slave config set connections.\(connection).\(key) true")
  }
}

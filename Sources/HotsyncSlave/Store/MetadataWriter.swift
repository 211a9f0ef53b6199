import HotsyncCatalog
public import HotsyncSystem

/// Something to tell the operator that does not stop anything.
public struct Notice: Sendable, Equatable {
  public let code: String
  public let path: RelativePath?
  public let message: String
  public let nextStep: String
}

/// An owner whose id here is another than on the master.
public struct MappedOwner: Sendable, Hashable {
  public let kind: Accounts.Kind
  public let name: String
  public let from: UInt32
  public let to: UInt32
}

/// Gives entries the metadata of their records: owners by name, then attributes and ACLs, then the mode, then the times. What
/// this user may not set is told once a kind.
final class MetadataWriter {
  enum UnknownOwner: Sendable { case numeric, nobody }

  private let accounts: Accounts
  private let unknownOwner: UnknownOwner
  private let keepsNumbers: Bool
  private var told: Set<String> = []
  private(set) var notices: [Notice] = []
  /// Each once.
  private(set) var mapped: Set<MappedOwner> = []
  /// What files are that were made with these permissions and nothing was done to yet.
  private var made: [UInt16: Made] = [:]

  private struct Made {
    let permissions: UInt16
    let owner: UInt32
    let group: UInt32
  }

  /// - Parameter keepsNumbers: ids are taken as they are, names are not looked at.
  init(accounts: Accounts, unknownOwner: UnknownOwner = .numeric, keepsNumbers: Bool = false) {
    self.accounts = accounts
    self.unknownOwner = unknownOwner
    self.keepsNumbers = keepsNumbers
  }

  func takeNotices() -> [Notice] {
    defer { notices = [] }
    return notices
  }

  /// - Parameter isNew: a file that HotSync just made has no attributes to be removed.
  func apply(
    _ record: Record, to entry: borrowing Descriptor, isNew: Bool
  ) throws(SystemError) {
    let metadata = record.metadata
    let isLink = if case .symbolicLink = record.content { true } else { false }
    if isNew, record.isMadeOfRecord { try checkIsOwn(entry, record) }
    try setOwner(metadata, of: entry, record.path)
    try setAttributes(metadata.attributes, of: entry, record.path, isNew: isNew)
    if !isLink { try entry.setPermissions(metadata.permissions) }
    try entry.setModified(metadata.modified)
  }

  /// What a regular file of that record is made with: all that it is to have, but for what may come only after its owner
  /// and its attributes.
  static func firstPermissions(of record: Record) -> UInt32 {
    let metadata = record.metadata
    return metadata.attributes.isEmpty && metadata.permissions <= 0o777 ? UInt32(metadata.permissions) : 0o600
  }

  /// Gives a staged regular file that was just made with `firstPermissions` what it lacks. What making it gave it depends on
  /// this process and the staging folders alone (umask, default ACLs, groups that are inherited), so that one look tells
  /// for all.
  func complete(_ record: Record, of file: borrowing Descriptor) throws(SystemError) {
    let metadata = record.metadata
    guard Environment.isRoot, metadata.attributes.isEmpty, metadata.permissions <= 0o777 else {
      return try apply(record, to: file, isNew: true)
    }
    let made = try made(with: metadata.permissions, as: file)
    let (owner, group) = (id(of: metadata.owner, .user), id(of: metadata.group, .group))
    if made.owner != owner || made.group != group { try file.setOwner(owner, group: group) }
    if made.permissions != metadata.permissions { try file.setOwnPermissions(metadata.permissions) }
    try file.setModified(metadata.modified)
  }

  private func made(with permissions: UInt16, as file: borrowing Descriptor) throws(SystemError) -> Made {
    if let known = made[permissions] { return known }
    let status = try file.status()
    let found = Made(permissions: status.permissions, owner: status.owner, group: status.group)
    made[permissions] = found
    return found
  }

  /// A link, a FIFO, a device node is opened by its name after it was made: where local users can reach it, something else may
  /// have taken its place, and must not get an owner.
  private func checkIsOwn(_ entry: borrowing Descriptor, _ record: Record) throws(SystemError) {
    guard try !record.content.isKind(of: entry.status()) else { return }
    // ESTALE
    throw SystemError(number: 116, operation: "cannot set the owner of", subject: record.path.description)
  }

  private func setOwner(
    _ metadata: Metadata, of entry: borrowing Descriptor, _ path: RelativePath
  ) throws(SystemError) {
    guard Environment.isRoot else {
      tell("ownership_not_applied", path, "owners are recorded but not applied, as this user is not root")
      return
    }
    try entry.setOwner(id(of: metadata.owner, .user), group: id(of: metadata.group, .group))
  }

  /// The id here for an owner there: by name where the name exists; an unknown name never becomes root.
  private func id(of owner: Owner, _ kind: Accounts.Kind) -> UInt32 {
    let number = idHere(of: owner, kind)
    if number != owner.id {
      mapped.insert(
        MappedOwner(kind: kind, name: String(decoding: owner.name, as: UTF8.self), from: owner.id, to: number))
    }
    return number
  }

  /// Without taking note of it.
  func idHere(of owner: Owner, _ kind: Accounts.Kind) -> UInt32 {
    if keepsNumbers { return owner.id }
    guard !owner.name.isEmpty else { return unknownOwner == .nobody ? 65_534 : owner.id }
    if let name = String(validating: owner.name, as: UTF8.self) {
      if let number = accounts.number(of: name, kind) { return number }
      if name == "root" { return 0 }
    }
    if unknownOwner == .nobody || owner.id == 0 { return 65_534 }
    return owner.id
  }

  private func setAttributes(
    _ attributes: [ExtendedAttribute], of entry: borrowing Descriptor, _ path: RelativePath, isNew: Bool
  ) throws(SystemError) {
    if !isNew {
      try openUp(entry)
      for old in try entry.extendedAttributes()
      where ExtendedAttribute.isCarried(old.name) && !attributes.contains(where: { $0.name == old.name }) {
        try entry.removeExtendedAttribute(named: old.name)
      }
    }
    for attribute in attributes {
      do throws(SystemError) { try entry.setExtendedAttribute(attribute) } catch {
        if !error.isNotPermitted, !error.isUnsupported, try !isTooLarge(attributes, error, for: entry) { throw error }
        let name = shown(attribute.name)
        tell("attribute_not_applied:\(name)", path, "the attribute \(name) is recorded but not applied: \(error.cause)")
      }
    }
  }

  /// Whether the file system has room, and yet not for so many bytes of attributes on one entry: ext4 takes a block of them, and
  /// calls more "no space". That is no reason to stop a cycle, or any user of the master could.
  private func isTooLarge(
    _ attributes: [ExtendedAttribute], _ error: SystemError, for entry: borrowing Descriptor
  ) throws(SystemError) -> Bool {
    // E2BIG, ERANGE
    if error.number == 7 || error.number == 34 { return true }
    guard error.isNoSpace, MetadataWriter.mayNotFit(attributes) else { return false }
    let free = try entry.freeSpace()
    return free.freeBytes > 1 << 20 && free.freeInodes > 0
  }

  /// More than a block of ext4 is sure to hold, with what it needs for itself.
  static func mayNotFit(_ attributes: [ExtendedAttribute]) -> Bool {
    attributes.reduce(0) { $0 + $1.name.count + $1.value.count + 32 } > 3_500
  }

  /// Without root the kernel asks the file's own mode before it lets its owner at the attributes; the mode is set after them.
  private func openUp(_ entry: borrowing Descriptor) throws(SystemError) {
    guard !Environment.isRoot else { return }
    let status = try entry.status()
    guard status.permissions & 0o600 != 0o600, status.owner == Environment.userID else { return }
    try entry.setPermissions(status.permissions | 0o600)
  }

  func tellDeviceNotMade(_ path: RelativePath) {
    guard told.insert("device_not_made").inserted else { return }
    notices.append(
      Notice(
        code: "device_not_made", path: path,
        message: "it is a device node, which only root may make; so it is with other such nodes, if there are any",
        nextStep: "run hotsync-slave as root, outside of a container without the right to make them (CAP_MKNOD)"))
  }

  private func tell(_ code: String, _ path: RelativePath, _ message: String) {
    guard told.insert(code).inserted else { return }
    notices.append(
      Notice(
        code: String(code.prefix { $0 != ":" }), path: path, message: message,
        nextStep: "run hotsync-slave as root, on a file system with attributes and ACLs"))
  }
}

extension SystemError {
  var isNotPermitted: Bool { number == 1 || number == 13 }
  var isUnsupported: Bool { number == 95 }
}

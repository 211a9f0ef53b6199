import Glibc
import HotsyncSystem

/// Owners, modes, times, attributes and access lists from a seed, set on entries that are made or edited.
struct OddMetadata {
  let features: TreeMaker.Features

  /// Sets all that the features ask for. The order matters: a change of owner clears set-id bits, and an access list
  /// changes what the group's bits mean.
  func apply(to entry: borrowing Descriptor, kind: FileStatus.Kind, _ random: inout SeededGenerator) throws {
    if features.contains(.owners) { try setOwner(of: entry, &random) }
    if features.contains(.trusted), random.chance(100) { try setTrusted(of: entry, kind, &random) }
    if kind != .symbolicLink {
      // The kernel gives user.* to files and folders alone.
      if features.contains(.attributes), kind == .regular || kind == .folder { try setAttributes(of: entry, &random) }
      if features.contains(.accessLists), random.chance(60) { try setAccessList(of: entry, "access", &random) }
      if features.contains(.accessLists), kind == .folder, random.chance(80) {
        try setAccessList(of: entry, "default", &random)
      }
      if features.contains(.modes) { try entry.setPermissions(permissions(kind, &random)) }
    }
    if features.contains(.times) { try entry.setModified(time(&random)) }
  }

  // MARK: Owner and mode

  func setOwner(of entry: borrowing Descriptor, _ random: inout SeededGenerator) throws {
    // Some have names on a Debian system, some have none, one is beyond what a signed number holds.
    let owners: [(UInt32, UInt32)] = [
      (0, 0), (0, 0), (0, 0), (1, 1), (33, 33), (1_000, 1_000), (65_534, 65_534), (0, 33), (123_456, 654_321),
      (3_000_000_000, 3_000_000_001),
    ]
    guard let (owner, group) = owners.randomElement(using: &random) else { return }
    try entry.setOwner(owner, group: group)
  }

  func permissions(_ kind: FileStatus.Kind, _ random: inout SeededGenerator) -> UInt16 {
    let folder: [UInt16] = [0o755, 0o755, 0o755, 0o700, 0o775, 0o2775, 0o1777, 0o555, 0o711]
    let file: [UInt16] = [0o644, 0o644, 0o644, 0o600, 0o755, 0o664, 0o444, 0o4755, 0o2755, 0o6711, 0o1644]
    if features.contains(.closedModes), random.chance(20) { return 0 }
    return (kind == .folder ? folder : file).randomElement(using: &random) ?? 0o644
  }

  // MARK: Time

  func time(_ random: inout SeededGenerator) -> Timestamp {
    let nanoseconds = UInt32(random.number(0...999_999_999))
    let recent = Int64(1_700_000_000 + random.number(0...90_000_000))
    let times: [(Int64, UInt32)] = [
      (0, 0), (-1, 999_999_999), (-500_000_000, nanoseconds), (-1, 0), (1, 1), (2_147_483_648, nanoseconds),
      (4_294_967_296, 999_999_999), (13_500_000_000, nanoseconds), (recent, 0), (recent, 999_999_999),
    ]
    let odd = random.chance(250) ? times.randomElement(using: &random) : nil
    let (seconds, part) = odd ?? (recent, nanoseconds)
    return Timestamp(seconds: seconds, nanoseconds: part) ?? Timestamp(seconds: seconds)
  }

  // MARK: Attributes

  func setAttributes(of entry: borrowing Descriptor, _ random: inout SeededGenerator) throws {
    let draw = random.number(0...999)
    let sizes: [Int] =
      switch draw {
      case 0..<80: (0..<random.number(1...3)).map { _ in random.number(0...60) }
      case 80..<90: (0..<30).map { _ in random.number(0...40) }
      case 90..<100: [random.number(1_000...4_096)]
      default: []
      }
    for (index, size) in sizes.enumerated() {
      let odd: [UInt8] = random.chance(100) ? [0xFF, 0x0A, 0x3D] : []
      try set(Array("user.hotsync.\(index)".utf8) + odd, random.bytes(size), on: entry)
    }
  }

  func setTrusted(of entry: borrowing Descriptor, _ kind: FileStatus.Kind, _ random: inout SeededGenerator) throws {
    try set(Array("trusted.hotsync".utf8), random.bytes(random.number(0...40)), on: entry)
    if random.chance(300) { try set(Array("security.hotsync".utf8), random.bytes(random.number(1...20)), on: entry) }
    // vfs_cap_data of revision 2 (linux/capability.h): cap_net_bind_service, effective.
    let capability: [UInt8] = [1, 0, 0, 2, 0, 4] + [UInt8](repeating: 0, count: 14)
    if kind == .regular, random.chance(500) { try set(Array("security.capability".utf8), capability, on: entry) }
  }

  func setAccessList(of entry: borrowing Descriptor, _ kind: String, _ random: inout SeededGenerator) throws {
    // acl(5); the kernel's form of it is a version of 2 and entries of tag, permissions and id, little endian, in
    // order.
    var value: [UInt8] = [2, 0, 0, 0]
    func add(_ tag: UInt16, _ bits: Int, _ id: UInt32 = .max) {
      for word in [tag, UInt16(bits)] { value += [UInt8(word & 0xFF), UInt8(word >> 8)] }
      for shift in [0, 8, 16, 24] as [UInt32] { value.append(UInt8(id >> shift & 0xFF)) }
    }
    add(0x01, 7)
    for id in Set((0..<random.number(1...3)).map { _ in UInt32(random.number(1...70_000)) }).sorted() {
      add(0x02, random.number(0...7), id)
    }
    add(0x04, random.number(0...7))
    if random.chance(500) { add(0x08, random.number(0...7), UInt32(random.number(1...70_000))) }
    add(0x10, random.number(4...7))
    add(0x20, random.number(0...5))
    try set(Array("system.posix_acl_\(kind)".utf8), value, on: entry)
  }

  /// What the file system has no room for, or does not know, is left out: the tree is then simply plainer.
  func set(_ name: [UInt8], _ value: [UInt8], on entry: borrowing Descriptor) throws {
    do throws(SystemError) {
      try entry.setExtendedAttribute(ExtendedAttribute(name: name, value: value))
    } catch {
      guard [ENOSPC, E2BIG, EOPNOTSUPP, ERANGE].contains(error.number) else { throw error }
    }
  }
}

public import HotsyncSystem

/// What `config` never lays over a slave's own files, in one table: what makes a machine itself, and what a step of its own
/// brings.
public enum NeverOverlaid {
  public enum Reason: String, Sendable {
    /// Users and groups are merged by name instead.
    case accounts
    /// The network step's.
    case network
    /// What this machine's own disks, boot loader and identity need.
    case machine
    /// HotSync's own configuration, keys and state.
    case hotsync
    /// Cron files and unit links wait for the services step.
    case services
  }

  /// Without the leading slash; one that ends with `/` is a folder with all below it, `*` stands for any part of a name.
  static let table: [(pattern: String, reason: Reason)] = [
    ("etc/passwd", .accounts), ("etc/passwd-", .accounts), ("etc/group", .accounts), ("etc/group-", .accounts),
    ("etc/shadow", .accounts), ("etc/shadow-", .accounts), ("etc/gshadow", .accounts), ("etc/gshadow-", .accounts),
    ("etc/subuid", .accounts), ("etc/subuid-", .accounts), ("etc/subgid", .accounts), ("etc/subgid-", .accounts),
    ("etc/.pwd.lock", .accounts),
    ("etc/hostname", .network), ("etc/hosts", .network), ("etc/resolv.conf", .network), ("etc/network/", .network),
    ("etc/netplan/", .network), ("etc/systemd/network/", .network),
    ("etc/NetworkManager/system-connections/", .network),
    ("etc/sysconfig/network-scripts/", .network), ("etc/udev/rules.d/70-persistent-net.rules", .network),
    ("etc/fstab", .machine), ("etc/crypttab", .machine), ("etc/mtab", .machine), ("etc/mdadm/", .machine),
    ("etc/mdadm.conf", .machine), ("etc/lvm/", .machine), ("etc/machine-id", .machine), ("etc/adjtime", .machine),
    ("etc/ssh/ssh_host_*", .machine), ("etc/default/grub", .machine), ("etc/default/grub.d/", .machine),
    ("etc/grub.d/", .machine), ("etc/kernel/", .machine), ("etc/kernel-img.conf", .machine),
    ("etc/initramfs-tools/", .machine), ("etc/dracut.conf", .machine), ("etc/dracut.conf.d/", .machine),
    ("etc/modules", .machine), ("etc/multipath/", .machine), ("etc/iscsi/", .machine), ("etc/nvme/", .machine),
    ("etc/ld.so.cache", .machine), ("boot/", .machine),
    ("etc/hotsync/", .hotsync), ("etc/hotsync.d/", .hotsync), ("etc/systemd/system/hotsync*", .hotsync),
    ("root/.ssh/authorized_keys", .hotsync),
    ("etc/crontab", .services), ("etc/anacrontab", .services), ("etc/cron.d/", .services),
    ("etc/cron.hourly/", .services), ("etc/cron.daily/", .services), ("etc/cron.weekly/", .services),
    ("etc/cron.monthly/", .services), ("etc/systemd/system/*.wants/", .services),
    ("etc/systemd/system/*.requires/", .services), ("etc/rc?.d/", .services),
    ("etc/apt/", .machine), ("etc/alternatives/", .machine),
  ]

  /// Why an entry stays the slave's own; nil where it may be overlaid.
  public static func reason(for path: RelativePath) -> Reason? {
    table.first { holds($0.pattern, path) }?.reason
  }

  private static func holds(_ pattern: String, _ path: RelativePath) -> Bool {
    let isFolder = pattern.hasSuffix("/")
    let wanted = pattern.split(separator: "/").map { Array($0.utf8) }
    let names = path.names
    guard isFolder ? names.count >= wanted.count : names.count == wanted.count else { return false }
    return zip(wanted, names).allSatisfy { matches($0[...], $1.bytes[...]) }
  }

  /// `*` for any part, `?` for one byte.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return (name.startIndex...name.endIndex).contains { matches(pattern.dropFirst(), name[$0...]) }
    }
    guard let byte = name.first, first == byte || first == UInt8(ascii: "?") else { return false }
    return matches(pattern.dropFirst(), name.dropFirst())
  }
}

/// Units that keep a machine reachable and in order whatever its role is. The guard never stops them, and a promotion neither
/// enables, starts nor disables them.
public enum BaseUnits {
  /// Names up to a dot or an at sign.
  private static let names: Set<String> = [
    "ssh", "sshd", "dropbear", "dbus", "dbus-broker", "getty", "serial-getty", "console-getty", "container-getty",
    "autovt", "networking", "ifup", "ifupdown-wait-online", "ifupdown-pre", "NetworkManager", "ModemManager",
    "wpa_supplicant", "rsyslog", "syslog", "syslog-ng", "auditd", "nftables", "netfilter-persistent", "iptables", "ufw",
    "firewalld", "apparmor", "selinux-autorelabel", "chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd",
    "keyboard-setup", "console-setup", "udev", "lvm2-monitor", "lvm2-lvmpolld", "blk-availability", "mdmonitor",
    "mdcheck_start", "mdcheck_continue", "mdadm", "multipathd", "iscsid", "open-iscsi", "smartd", "smartmontools",
    "e2scrub_reap", "e2scrub_all", "fstrim", "apt-daily", "apt-daily-upgrade", "dpkg-db-backup", "man-db", "logrotate",
    "unattended-upgrades", "qemu-guest-agent", "open-vm-tools", "vgauth", "haveged", "rng-tools", "irqbalance", "acpid",
    "thermald", "watchdog", "polkit", "emergency", "rescue", "ctrl-alt-del", "kexec", "grub-common",
  ]
  private static let beginnings = ["systemd-", "hotsync", "cloud-", "initrd-", "dev-", "sys-", "proc-", "lvm2-pvscan"]
  /// These kinds of unit are no services.
  private static let kinds = [".service", ".socket", ".timer", ".path"]

  public static func contains(_ unit: String) -> Bool {
    guard kinds.contains(where: unit.hasSuffix) else { return true }
    let plain = String(unit.prefix { $0 != "@" && $0 != "." })
    return names.contains(plain) || beginnings.contains(where: unit.hasPrefix)
  }

  /// What serves: of the units that are enabled those that start with the machine's role, sorted. What runs before the
  /// machine is up (sysinit.target and its like) belongs to the machine itself.
  public static func managed(_ enabled: [Facts.Services.Unit]) -> [String] {
    let early: Set<String> = [
      "sysinit.target", "local-fs.target", "local-fs-pre.target", "cryptsetup.target", "initrd.target",
      "network-pre.target", "network.target", "network-online.target", "basic.target", "shutdown.target",
      "reboot.target", "halt.target", "poweroff.target", "final.target", "sleep.target", "suspend.target",
    ]
    return Set(
      enabled.filter { unit in !contains(unit.name) && !unit.wantedBy.contains(where: early.contains) }.map(\.name)
    ).sorted()
  }
}

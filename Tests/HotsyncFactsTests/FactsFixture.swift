import HotsyncFacts
import HotsyncSystem
import TestSupport

/// A root with the files of a small Debian machine.
struct FactsFixture {
  let root: ScratchFolder

  init() throws {
    root = try ScratchFolder("facts")
    for folder in [
      "etc/apt/sources.list.d", "etc/apt/keyrings", "usr/share/keyrings", "var/lib/dpkg", "var/lib/apt",
      "etc/systemd/system/multi-user.target.wants", "etc/rc2.d", "etc/cron.d", "etc/cron.daily",
      "var/spool/cron/crontabs", "etc/network/interfaces.d", "etc/postgresql/15/main", "usr/lib", "etc/ssh",
    ] { _ = try root.makeOrOpenFolder(folder) }
    try write("etc/hostname", "shop\n")
    try write("usr/lib/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n")
    try root.open().folder(.of("etc")).makeSymbolicLink(.of("os-release"), to: Array("../usr/lib/os-release".utf8))
    try write("etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAAC3Nza root@installer\n")
    try write(
      "etc/passwd",
      "root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000:Anna,,,:/home/anna:/bin/bash\nshop:x:1001:1001::/srv/shop:/bin/false\n"
        + "bad:x:4294967295:0::/:/bin/sh\n")
    try write("etc/shadow", "root:*:19000:0:99999:7:::\nanna:$y$hash:19001:0:99999:7:::\n", mode: 0o640)
    try write("etc/group", "root:x:0:\nanna:x:1000:\nshop:x:1001:anna,shop\n")
    try write("etc/subuid", "anna:100000:65536\n")
    try write("var/lib/dpkg/status", FactsFixture.status)
    try write("var/lib/apt/extended_states", "Package: libssl3\nArchitecture: amd64\nAuto-Installed: 1\n\n")
    try write("etc/apt/sources.list", "deb [signed-by=/usr/share/keyrings/shop.gpg] http://example.org bookworm main\n")
    try root.write([0x99, 0xFF, 0x00], to: "usr/share/keyrings/shop.gpg")
    try root.write([1], to: "usr/share/keyrings/unused.gpg")
    try write("etc/cron.d/shop", "*/5 * * * * shop /srv/shop/tick\n", mode: 0o600)
    try write("etc/cron.d/.placeholder", "")
    try write("etc/cron.daily/report", "#!/bin/sh\n", mode: 0o755)
    try write("etc/network/interfaces", "auto eth0\niface eth0 inet static\n  address 192.0.2.10/24\n")
    let system = try root.makeOrOpenFolder("etc/systemd/system")
    try system.folder(.of("multi-user.target.wants")).makeSymbolicLink(
      .of("nginx.service"), to: Array("/lib/systemd/system/nginx.service".utf8))
    try system.makeSymbolicLink(.of("exim4.service"), to: Array("/dev/null".utf8))
    try root.makeOrOpenFolder("etc/rc2.d").makeSymbolicLink(.of("S01atop"), to: Array("../init.d/atop".utf8))
  }

  func write(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
    try root.write(Array(text.utf8), to: path)
    guard let relative = RelativePath(path) else { return }
    try root.open().open(at: relative).setPermissions(mode)
  }

  func gather() throws -> [String: [UInt8]] {
    Dictionary(
      uniqueKeysWithValues: try Facts.gather(below: try root.open(), isMachine: false, cache: nil).map {
        ($0.name, $0.bytes)
      })
  }

  static let status = """
    Package: nginx
    Status: install ok installed
    Architecture: amd64
    Version: 1.22.1-9
    Description: a server
     Package: not this one

    Package: libssl3
    Status: install ok installed
    Architecture: amd64
    Version: 3.0.15-1~deb12u1

    Package: old
    Status: deinstall ok config-files
    Architecture: amd64
    Version: 1.0

    Package: kept
    Status: hold ok installed
    Architecture: all
    Version: 2:1.0-1

    Package: mariadb-server
    Status: install ok installed
    Architecture: all
    Version: 1:10.11.14-0+deb12u2

    Package: postgresql-13
    Status: install ok installed
    Architecture: amd64
    Version: 13.9-0

    Package: postgresql-15
    Status: install ok installed
    Architecture: amd64
    Version: 15.18-0+deb12u1

    """
}

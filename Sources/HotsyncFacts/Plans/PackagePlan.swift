/// How the packages of two machines differ, and what would bring the slave in step. Pure.
public struct PackagePlan: Equatable, Sendable {
  /// A package that is on both in different versions.
  public struct Version: Equatable, Sendable {
    public let name: String
    public let master: String
    public let own: String

    public init(name: String, master: String, own: String) {
      self.name = name
      self.master = master
      self.own = own
    }
  }

  /// What somebody chose on the master and is not here: to be installed, and with it what it needs.
  public let missing: [String]
  /// What is not here and was installed there only because another package needed it: it comes with that one, or is not needed
  /// here.
  public let missingAutomatic: [String]
  /// What is not here and belongs to a machine rather than to what it does: kernels, boot loaders, firmware; and what is
  /// of another architecture.
  public let passedOver: [String]
  public let otherVersions: [Version]

  public var isInStep: Bool { missing.isEmpty }

  public init(master: Facts.Packages, own: Facts.Packages, architecture: String) {
    // `lib:amd64` and `lib:all` are the same package in two ages.
    let here = Dictionary(own.packages.map { ($0.name, $0.version) }, uniquingKeysWith: { first, _ in first })
    var (missing, automatic, passedOver): ([String], [String], [String]) = ([], [], [])
    var versions: [Version] = []
    for package in master.packages {
      if let own = here[package.name] {
        if own != package.version { versions.append(.init(name: package.name, master: package.version, own: own)) }
      } else if package.architecture != "all" && package.architecture != architecture
        || PackagePlan.belongsToMachine(package.name)
      {
        passedOver.append(package.name)
      } else if package.isAutomatic {
        automatic.append(package.name)
      } else {
        missing.append(package.name)
      }
    }
    self.missing = PackagePlan.unique(missing)
    missingAutomatic = PackagePlan.unique(automatic)
    self.passedOver = PackagePlan.unique(passedOver)
    otherVersions = versions
  }

  private static let machinePrefixes = [
    "linux-image-", "linux-headers-", "linux-modules-", "linux-kbuild-", "linux-compiler-", "grub-", "shim-",
    "firmware-",
    "systemd-boot", "hotsync",
  ]
  private static let machineNames: Set = [
    "grub2", "grub-pc", "efibootmgr", "os-prober", "intel-microcode", "amd64-microcode", "iucode-tool", "mdadm", "lvm2",
    "cryptsetup", "cryptsetup-initramfs", "qemu-guest-agent", "open-vm-tools",
  ]

  private static func belongsToMachine(_ name: String) -> Bool {
    machineNames.contains(name) || machinePrefixes.contains { name.hasPrefix($0) }
  }

  private static func unique(_ names: [String]) -> [String] { Array(Set(names)).sorted() }
}

import HotsyncCatalog
import HotsyncSystem
import Testing

@Suite struct AttributeNamesTests {
  @Test(
    "what goes along, what goes along where it is wanted, and what stays on its machine",
    arguments: [
      ("user.a", ExtendedAttribute.Standing.ordinary), ("user.\n", .ordinary), ("security.capability", .ordinary),
      ("system.posix_acl_access", .ordinary), ("system.posix_acl_default", .ordinary), ("trusted.x", .trusted),
      ("trusted.overlay.opaque", .trusted), ("security.ima", .trusted), ("security.mine", .trusted),
      ("security.capability2", .trusted), ("security.selinux", .bound), ("security.evm", .bound),
      ("security.SMACK64MMAP", .bound), ("security.apparmor", .bound), ("trusted.SGI_ACL_DEFAULT", .bound),
      ("user.", .bound), ("trusted.", .bound), ("security.", .bound), ("user", .bound), ("", .bound),
      ("user.a\0", .bound), ("system.posix_acl_accessx", .bound), ("btrfs.compression", .bound),
    ])
  func standing(_ name: String, _ standing: ExtendedAttribute.Standing) {
    #expect(ExtendedAttribute.standing(of: Array(name.utf8)) == standing)
    #expect(ExtendedAttribute.isCarried(Array(name.utf8)) == (standing != .bound))
  }
}

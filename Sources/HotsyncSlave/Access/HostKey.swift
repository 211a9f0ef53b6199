import HotsyncSystem
import HotsyncTransport

/// The key by which this machine's sshd shows who it is.
enum HostKey {
  /// In the order in which clients prefer them.
  private static let names = ["ssh_host_ed25519_key.pub", "ssh_host_ecdsa_key.pub", "ssh_host_rsa_key.pub"]

  /// How to see it where it is not below the root.
  static let showing = "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub"

  /// The first that can be read and trusted below the root; nil where there is none.
  static func find(below root: borrowing Folder) -> PublicKey? {
    guard let path = RelativePath("etc/ssh"), let folder = try? root.folder(at: path) else { return nil }
    for name in names {
      guard let file = FileName(name),
        let text = try? Trust.openIfPresent(file, in: folder, shownAs: name)?.readAll(limit: PublicKey.lineLimit),
        let key = PublicKey(line: text)
      else { continue }
      return key
    }
    return nil
  }
}

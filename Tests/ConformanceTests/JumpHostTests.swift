import HotsyncSystem
import TestSupport
import Testing

@Suite struct JumpHostTests {
  /// A second sshd, which lets a key of its own in and passes connections on; and a file of ssh_config that leads by it.
  private func putJumpHost(before pair: Pair) throws -> SSHServer {
    let jump = try SSHServer(root: try pair.scratch.makeFolder("jump"))
    let place = Place(path: jump.root)
    try Pair.shell("ssh-keygen -q -t ed25519 -N '' -f \"$0\"", place.below("key").path)
    try place.makeFolder("root/.ssh")
    try place.write(place.read("key.pub"), to: "root/.ssh/authorized_keys", permissions: 0o600)
    let hostKey = try place.read("etc/ssh/ssh_host_ed25519_key.pub")
    try place.write("[127.0.0.1]:\(jump.port) \(hostKey)", to: "known_hosts")
    try pair.master.write(
      """
      Host jump
        HostName 127.0.0.1
        Port \(jump.port)
        User \(SSHServer.user)
        IdentityFile \(place.below("key").path)
        UserKnownHostsFile \(place.below("known_hosts").path)
        StrictHostKeyChecking yes
      Host standby
        ProxyCommand ssh -F "\(pair.master.path)/etc/hotsync/ssh_config" -W [%h]:%p jump

      """, to: "etc/hotsync/ssh_config")
    return jump
  }

  @Test("a slave behind a jump host is trusted and reached through it, and a file that others can write is refused")
  func jump() throws {
    let pair = try Pair.committed(over: .openssh)
    let jump = try putJumpHost(before: pair)
    try withExtendedLifetime(jump) {
      try pair.data.write("more", to: "more")
      #expect(try pair.expectInStep().result == "committed")
      #expect(jump.log.contains("Accepted publickey"))
      try pair.master.remove("etc/hotsync/known_hosts")
      let line = try #require(pair.line)
      let key = try RunningProgram.run("ssh-keygen", ["-lf", "\(line.server.root)/etc/ssh/ssh_host_ed25519_key.pub"])
      let fingerprint = try #require(key.outputText.split(separator: " ").dropFirst().first)
      let trusted = try pair.hotsync("trust", "standby", "--fingerprint", String(fingerprint))
      #expect(trusted.exitCode == 0, "\(trusted)")
      #expect(try pair.expectInStep().result == "unchanged")
      try pair.master.setPermissions(0o666, of: "etc/hotsync/ssh_config")
      try pair.expectUntouched(77, "others can write it")
    }
  }
}

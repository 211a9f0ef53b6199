import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// The namespace in which packages are installed, with a script in apt's place. Only root can make one.
@Suite("Installing without starting anything") struct QuietInstallationTests {
  private func quietly(_ script: String) throws -> (result: Tool.Result, state: ScratchFolder)? {
    guard Environment.isRoot, (try? Folder.open("/etc/cron.daily")) != nil else { return nil }
    let state = try ScratchFolder("quiet", in: ScratchFolder.memory)
    let installation = try QuietInstallation(
      state: try state.open(), root: try Folder.open("/"), clocks: .system)
    let result = try installation.quietly(["/bin/sh", "-c", script, "sh", "a name; with $HOME and 'blanks'"])
    return (result, state)
  }

  private static func isNamespaceRefused(_ result: Tool.Result) -> Bool {
    result.complaint.contains { $0.contains("unshare") && $0.contains("not permitted") }
  }

  @Test("a new file for cron comes to lie with us; cron's own folder does not see it, and what is there can be read")
  func cron() throws {
    let name = "hotsync-test-\(hexadecimal(Environment.randomBytes(6)))"
    guard let (result, state) = try quietly("ls /etc/cron.daily; echo run >/etc/cron.daily/\(name)"),
      !QuietInstallationTests.isNamespaceRefused(result)
    else { return }
    #expect(result.succeeded, "\(result.failure)")
    #expect((try? Descriptor.open("/etc/cron.daily/\(name)", .nameOnly)) == nil)
    #expect((try? Descriptor.open(state.path("packages/cron/cron.daily/\(name)"), .nameOnly)) != nil)
    let own = try Folder.open("/etc/cron.daily").names().map(\.description).filter { !$0.hasPrefix(".") }
    #expect(Set(shownLines(result.output)).isSuperset(of: own))
  }

  @Test("systemd is not to be found there, the programs that start services do nothing, and names are not looked into")
  func starting() throws {
    let script = """
      test ! -d /run/systemd/system || exit 11
      for tool in /usr/sbin/invoke-rc.d /usr/bin/deb-systemd-invoke /usr/sbin/update-rc.d; do
        test ! -e $tool || cmp -s $tool /usr/sbin/invoke-rc.d || exit 12
        test ! -e $tool || $tool cron start || exit 13
      done
      test ! -e /usr/sbin/policy-rc.d || { /usr/sbin/policy-rc.d cron start; test $? = 101; } || exit 14
      test "$1" = "a name; with \\$HOME and 'blanks'" || exit 15
      """
    guard let (result, _) = try quietly(script), !QuietInstallationTests.isNamespaceRefused(result) else { return }
    #expect(result.succeeded, "\(result.failure)")
  }

  @Test("outside of it nothing is changed, however it ends")
  func outside() throws {
    let before = try Descriptor.open("/proc/self/mounts").readAll(limit: 1 << 20)
    guard let (result, _) = try quietly("kill -9 $$") else { return }
    #expect(!result.succeeded)
    #expect(try Descriptor.open("/proc/self/mounts").readAll(limit: 1 << 20) == before)
  }
}

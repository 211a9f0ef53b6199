import HotsyncProtocol
import HotsyncSystem

/// Whom the slave serves: pure decisions over what was said.
enum HandshakeRules {
  /// - Parameter holder: who may take the epoch over, after a promotion that was rolled back.
  static func check(
    _ hello: Hello, connection: String, epoch: Epoch, holder: EpochHolder? = nil
  ) throws(ProtocolError) {
    guard hello.oldestVersion <= ProtocolVersion.current, hello.newestVersion >= ProtocolVersion.oldest,
      hello.oldestVersion <= hello.newestVersion
    else {
      throw ProtocolError(
        .incompatible, "cannot talk to", "hotsync \(shown(hello.program.utf8.prefix(40)))",
        cause: "it speaks versions \(hello.oldestVersion) to \(hello.newestVersion) of the protocol, this slave "
          + "\(ProtocolVersion.oldest) to \(ProtocolVersion.current)",
        next: "install the same version of hotsync on both machines")
    }
    guard hello.connection == connection else {
      throw ProtocolError(
        .refused, "cannot serve", "\"\(shown(hello.connection.utf8.prefix(64)))\"",
        cause: "this login is for the connection \"\(connection)\" only",
        next: "give the connection the same name on both machines, or authorize its own key")
    }
    if let refusal = Epoch.refusal(mine: hello.epoch, theirs: epoch) {
      let isHolder = holder?.mayTake(epoch, connection: connection) ?? false
      if isHolder, hello.adopts { return }
      throw ProtocolError(
        .fenced, "cannot take a cycle from", "this master", cause: refusal,
        next: isHolder
          ? "the promotion was rolled back, and this machine is to be master again: hotsync sync --adopt"
          : "leave this machine fenced; if it is to be master again, roll the promotion back first, on the other machine: "
            + "hotsync-promote --rollback")
    }
  }

  /// A master whose state is older than the slave's, or lost, must not silently replace what is newer. A seed is nobody's
  /// state: whoever comes first takes it over.
  static func checkPosition(
    _ hello: Hello, newest: Generation?, store: [UInt8]
  ) throws(ProtocolError) {
    guard hello.purpose == .cycle, !hello.adopts, let newest, !newest.isSeed else { return }
    let cause: String
    if hello.store == nil || hello.position.generation == 0 {
      cause = "this master remembers no cycle, and the slave holds generation \(newest.number)"
    } else if hello.store != store {
      cause = "this master's last cycle went to another store"
    } else if hello.position.generation < newest.number {
      cause =
        "this master remembers generation \(hello.position.generation), and the slave holds "
        + "generation \(newest.number)"
    } else {
      return
    }
    throw ProtocolError(
      .refused, "cannot take a cycle from", "this master",
      cause: cause + " of \(newest.time.rfc3339); it may have been restored or reinstalled",
      next: "if what is on this master now is what the slave shall have: hotsync sync --adopt")
  }
}

import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSystem
import HotsyncTransport

struct TrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Show the slave's host key and record it, once you have compared its fingerprint.")

  @Argument(help: "The connection; needed only where there are several.")
  var name: String?

  @Option(help: ArgumentHelp("What the key's fingerprint must be: no question is asked then.", valueName: "SHA256:…"))
  var fingerprint: String?

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let connection = try world.connection(name ?? chosen.connection, of: try world.configuration())
      let trust = try HostTrust(connection, rootPath: try world.rootPath())
      if let fingerprint { try trust.check(fingerprint) }
      if !trust.isRecorded {
        if fingerprint == nil { try confirm(trust, connection.name, world) }
        try trust.record()
      }
      tell(trust, connection.name, world)
      return .done
    }
  }

  /// Nobody's word but the operator's makes a key a trusted one.
  private func confirm(_ trust: HostTrust, _ name: String, _ world: CommandWorld) throws {
    let command = world.command("hotsync trust \(name) --fingerprint \(trust.fingerprint)")
    let isThat = "the slave of \"\(name)\" at \(trust.place)"
    guard Question.canBeAsked else {
      throw CommandError(
        .refused, "cannot trust", isThat,
        cause: "it shows the host key \(trust.fingerprint), and no terminal is there to ask whether that is right",
        next: "compare it at the slave's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then: \(command)")
    }
    var text = "The slave of \"\(name)\" at \(trust.place) shows the host key\n"
    text += "  \(trust.fingerprint) (\(trust.key.type))\n"
    if trust.isChanged {
      text +=
        "ANOTHER KEY WAS RECORDED BEFORE: \(trust.recorded.joined(separator: ", ")).\n"
        + "Either the slave was reinstalled, or another machine answers in its place.\n"
    }
    text += "At the slave's console, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub must show the same.\n"
    text += "Is it the same? Type yes to record it:"
    guard try Question(world.console).ask(text) == "yes" else {
      throw CommandError(
        .refused, "cannot trust", isThat, cause: "the answer was not yes; nothing was recorded",
        next: "compare the fingerprints, then: \(world.command("hotsync trust \(name)"))")
    }
  }

  private func tell(_ trust: HostTrust, _ name: String, _ world: CommandWorld) {
    if options.json {
      world.console.result(
        .object([
          ("connection", .string(name)), ("result", .string(trust.isRecorded ? "unchanged" : "recorded")),
          ("type", .string(trust.key.type)), ("fingerprint", .string(trust.fingerprint)),
        ]))
    } else if !options.quiet {
      world.console.result(
        "\(name): the host key \(trust.fingerprint) \(trust.isRecorded ? "was recorded already" : "is recorded")\n"
          + "  next:  \(world.command("hotsync check \(name)"))")
    }
  }
}

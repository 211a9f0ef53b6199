import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

/// Where the keys are that sshd lets in.
struct AuthorizedKeysOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The file that sshd reads; without it, that of the account the master logs in to.", valueName: "file"))
  var authorizedKeys: String?
}

struct AuthorizeVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "authorize", abstract: "Let a master's key run the agent of one connection, and nothing else.")

  @Option(help: ArgumentHelp("The master's public key; - for standard input.", valueName: "file"))
  var key: String?

  @OptionGroup var place: AuthorizedKeysOption
  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    if let name = chosen.connection { try AuthorizeVerb.requireConnection(name, on: machine) }
    let access = try machine.access(place.authorizedKeys)
    let text = try KeyInput.read(key, "hotsync-slave authorize --connection \(chosen.connection ?? "NAME")")
    return machine.console.present(try access.authorize(text))
  }

  /// This is the first command of many on a new slave: what must come before it is told.
  private static func requireConnection(_ name: String, on machine: Machine) throws {
    let names: [String]
    do { names = try machine.configuration().connections.map(\.name) } catch let error as ConfigError {
      guard error.kind == .configuration, error.cause == "no such file" else { throw error }
      throw CommandError(
        error.kind, error.operation, error.subject, cause: error.cause, next: machine.configuring(name, role: "role"))
    }
    if names.contains(name) { return }
    throw CommandError(
      .usage, "cannot find", "the connection \"\(shown(name.utf8))\"",
      cause: names.isEmpty ? "none is configured" : "configured are: \(names.joined(separator: ", "))",
      next: names.isEmpty
        ? machine.configuring(name, role: "connections.\(name).role")
        : "name one of these; for a new one besides: "
          + machine.configuring(name, role: "connections.\(name).role"))
  }
}

struct RevokeVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take keys of one connection out again: all, or one.")

  @Option(
    help: ArgumentHelp("Only this one: its file, - for standard input, or its fingerprint SHA256:….", valueName: "key"))
  var key: String?

  @OptionGroup var place: AuthorizedKeysOption
  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let access = try machine.access(place.authorizedKeys)
    if let key, key.hasPrefix("SHA256:"), RevokedKey(fingerprint: key) == nil {
      throw CommandError(
        .usage, "cannot use", "the fingerprint \(shown(key.utf8.prefix(100)))", cause: "it is none, or not whole",
        next: "hotsync-slave check prints those that are authorised")
    }
    let wanted = try key.map { key in
      try RevokedKey(fingerprint: key)
        ?? RevokedKey(text: KeyInput.read(key, "hotsync-slave revoke --connection \(chosen.connection ?? "NAME")"))
    }
    return machine.console.present(try access.revoke(wanted))
  }
}

/// A key that is handed over in a file or on standard input.
enum KeyInput {
  private static let limit = 65_536

  /// - Parameter path: as given; nil for standard input, unless a person sits there.
  static func read(_ path: String?, _ command: String) throws -> [UInt8] {
    if path == nil, Question.canBeAsked {
      throw CommandError(
        .usage, "cannot read", "the master's public key", cause: "none is given",
        next: "on the master: hotsync key show NAME; then here: \(command) --key - <<< 'ssh-ed25519 …'")
    }
    if let path, path != "-" { return try content(try open(path), path) }
    // By its number, as it may be a socket, which cannot be opened by a name.
    let input = Descriptor(owning: 0)
    let result = Result { try content(input, "standard input") }
    _ = input.release()
    return try result.get()
  }

  private static func open(_ path: String) throws -> Descriptor {
    do throws(SystemError) { return try Descriptor.open(path) } catch {
      throw CommandError(
        .usage, "cannot read", "the key \(shown(path.utf8))", cause: error.cause,
        next: "give the file of the master's public key, or - for standard input")
    }
  }

  private static func content(_ file: borrowing Descriptor, _ name: String) throws -> [UInt8] {
    guard let text = try file.readAll(limit: limit) else {
      throw CommandError(
        .refused, "cannot take", "the key in \(shown(name.utf8))", cause: "it is larger than \(limit >> 10) KiB",
        next: "give the one line that hotsync key show NAME prints on the master")
    }
    return text
  }
}

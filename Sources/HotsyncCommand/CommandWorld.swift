import ArgumentParser
public import HotsyncConfig
public import HotsyncReport
public import HotsyncSystem

public enum CommandDomain {}
/// Why a command cannot begin.
public typealias CommandError = Failure<CommandDomain>

/// What a command stands in: its console, its root, its configuration.
public struct CommandWorld: Sendable {
  public let console: Console
  /// Absolute.
  public let root: String

  /// Runs a command's body and ends the process with its exit code; errors are told in three parts.
  public static func run(
    _ program: String, _ options: GlobalOptions, _ body: (CommandWorld) throws -> HotsyncReport.ExitCode
  ) throws {
    Signals.ignoreBrokenPipes()
    Environment.raiseOpenFileLimit()
    let console = Console(program: program, options: options.consoleOptions)
    let code: HotsyncReport.ExitCode
    do {
      let world = CommandWorld(console: console, root: try Environment.absolutePath(options.root))
      // A root that is not there is wrong usage, whatever the command would have looked for below it.
      _ = try world.openRoot()
      code = console.exitCode(after: try body(world))
    } catch let error as ArgumentParser.ExitCode {
      throw error
    } catch let error as ValidationError {
      // The argument parser tells it, with the usage.
      throw error
    } catch { code = console.fail(error) }
    if code != .done { throw ArgumentParser.ExitCode(code.rawValue) }
  }

  public func openRoot() throws -> Folder {
    do throws(SystemError) { return try Folder.open(root) } catch {
      guard error.isMissing else { throw error }
      throw CommandError(
        .usage, "cannot open", "the root \(shown(root.utf8))", cause: error.cause,
        next: "give an existing folder: --root DIR")
    }
  }

  /// A command of ours as it is to be typed, with the root where it is not the machine's own.
  public func command(_ words: String) -> String {
    root == "/" ? words : "\(words) --root \(quotedForShell(root))"
  }

  /// What stands in front of the paths that lie below the root; empty for the machine's own root.
  public func rootPath() throws -> String {
    let root = try openRoot()
    if try root.isMachineRoot() { return "" }
    // However it was spelled: what is written down must be found again.
    guard let path = root.descriptor.currentPath() else { return self.root }
    return String(decoding: path, as: UTF8.self)
  }

  public func configuration() throws -> Configuration { try Configuration.load(root: root) }

  /// The connections that are meant: those named, or all.
  public func connections(
    _ names: [String], of configuration: Configuration
  ) throws -> [ConnectionConfiguration] {
    if names.isEmpty { return configuration.connections }
    return try names.map { name in
      guard let connection = configuration.connection(name) else {
        throw CommandError(
          .usage, "cannot find", "the connection \"\(shown(name.utf8))\"",
          cause: "configured are: \(configuration.connections.map(\.name).joined(separator: ", "))",
          next: "name one of these; if a command was meant: hotsync --help, or on the slave: hotsync-slave --help")
      }
      return connection
    }
  }

  /// The one connection that is meant, where only one can be.
  public func connection(
    _ name: String?, of configuration: Configuration
  ) throws -> ConnectionConfiguration {
    if let name { return try connections([name], of: configuration)[0] }
    guard let only = configuration.connections.first, configuration.connections.count == 1 else {
      throw CommandError(
        .usage, "cannot choose", "a connection",
        cause: configuration.connections.isEmpty
          ? "none is configured" : "there are \(configuration.connections.count)",
        next: "name it: --connection NAME")
    }
    return only
  }
}

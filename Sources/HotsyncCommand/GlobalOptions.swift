public import ArgumentParser
public import HotsyncReport

/// The options that every command of every executable has. They stand after the verb, or alone for the default verb.
public struct GlobalOptions: ParsableArguments, Sendable {
  @Option(help: ArgumentHelp("Where configuration, state, hooks and live paths lie.", valueName: "dir"))
  public var root = "/"

  @Flag(help: "Print one JSON document on standard output, and nothing else there.")
  public var json = false

  @Flag(help: "Say more on standard error.")
  public var verbose = false

  @Flag(help: "Say only what went wrong.")
  public var quiet = false

  @Flag(name: .customLong("no-progress"), help: "Show no progress.")
  public var noProgress = false

  public init() {}

  public var consoleOptions: Console.Options {
    Console.Options(json: json, verbose: verbose, quiet: quiet, progress: !noProgress, root: root)
  }
}

/// The option of every command that works on one connection.
public struct ConnectionOption: ParsableArguments, Sendable {
  @Option(help: ArgumentHelp("The connection; needed only where there are several.", valueName: "name"))
  public var connection: String?

  public init() {}
}

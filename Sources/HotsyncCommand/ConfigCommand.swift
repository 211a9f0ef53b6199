public import ArgumentParser

/// An executable, for the commands that several of them share.
public protocol Executable: Sendable {
  static var program: String { get }
}

/// `config …`, which is the same on both machines.
public struct ConfigCommand<Program: Executable>: ParsableCommand {
  public static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "config", abstract: "Look at the configuration, and change it.",
      subcommands: [Get.self, Set.self, Unset.self, Show.self, Check.self])
  }

  public init() {}

  struct Get: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "get", abstract: "Print one value.")
    }
    @Argument(help: "Dotted: connections.standby.slave_host") var key: String
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(Program.program, options) { try ConfigVerbs.get(key, $0) } }
  }

  struct Set: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "set", abstract: "Set values; each is YAML, so '[/home, /srv]' is a list.")
    }
    @Argument(help: "KEY VALUE, as often as wanted.") var words: [String]
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(Program.program, options) { try ConfigVerbs.set(words, $0) } }
  }

  struct Unset: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "unset", abstract: "Take values out again.")
    }
    @Argument(help: "Dotted keys.") var keys: [String]
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(Program.program, options) { try ConfigVerbs.unset(keys, $0) } }
  }

  struct Show: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "show", abstract: "Print the merged result, and where each value comes from.")
    }
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(Program.program, options) { try ConfigVerbs.show($0) } }
  }

  struct Check: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "check", abstract: "Say everything that is wrong with it.")
    }
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(Program.program, options) { try ConfigVerbs.check($0) } }
  }
}

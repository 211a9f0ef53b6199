import ArgumentParser
import HotsyncCommand

struct ConfigVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: ConfigVerbs.abstract, subcommands: [Get.self, Set.self, Unset.self, Show.self, Verify.self])

  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print one value.")
    @Argument(help: "Dotted: connections.standby.master_host") var key: String
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(HotsyncSlaveProgram.program, options) { try ConfigVerbs.get(key, $0) } }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Set values; each is YAML, so '[/home, /srv]' is a list.")
    @Argument(help: "KEY VALUE, as often as wanted.") var words: [String]
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(HotsyncSlaveProgram.program, options) { try ConfigVerbs.set(words, $0) } }
  }

  struct Unset: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take values out again.")
    @Argument(help: "Dotted keys.") var keys: [String]
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(HotsyncSlaveProgram.program, options) { try ConfigVerbs.unset(keys, $0) } }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the merged result, and where each value comes from.")
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(HotsyncSlaveProgram.program, options) { try ConfigVerbs.show($0) } }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "check", abstract: "Say everything that is wrong with it.")
    @OptionGroup var options: GlobalOptions
    func run() throws { try CommandWorld.run(HotsyncSlaveProgram.program, options) { try ConfigVerbs.check($0) } }
  }
}

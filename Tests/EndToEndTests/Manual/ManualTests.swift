import HotsyncReport
import TestSupport
import Testing

@testable import HotsyncConfig

/// docs/man says what the executables do, all of it and nothing else.
@Suite struct ManualTests {
  private static let programs = ["hotsync", "hotsync-slave", "hotsync-promote"]
  private static let pages = ["hotsync.8", "hotsync-slave.8", "hotsync-promote.8", "hotsync-hooks.5", "hotsync.yaml.5"]

  // MARK: Verbs and options

  @Test("the synopsis shows every verb, each with the options that only some verbs have", arguments: programs)
  func synopsis(_ name: String) throws {
    let (program, page) = (try HelpedProgram.asked(name), try ManualPage("\(name).8"))
    #expect(page.synopsis.keys.sorted() == program.verbs.keys.sorted())
    for (verb, options) in page.synopsis {
      #expect(options == program.ownOptions(of: verb), "\(name) \(verb)")
    }
  }

  @Test("every verb is told of, and every option of a verb that not all of them have", arguments: programs)
  func verbs(_ name: String) throws {
    let (program, page) = (try HelpedProgram.asked(name), try ManualPage("\(name).8"))
    #expect(page.verbs.keys.sorted() == program.verbs.keys.sorted())
    for (verb, options) in page.verbs {
      let own = program.ownOptions(of: verb)
      #expect(Set(options).isSubset(of: own), "\(name) \(verb): \(options)")
      // To choose the connection means the same everywhere, and is told once.
      #expect(Set(own).subtracting(options).isSubset(of: ["--connection"]), "\(name) \(verb): \(own)")
    }
    #expect(Set(page.options) == program.globalOptions.union(["--connection"]))
  }

  @Test("no page names an option that neither program has", arguments: pages)
  func namedOptions(_ name: String) throws {
    let known = try ManualTests.programs.flatMap { try HelpedProgram.asked($0).verbs.values.flatMap { $0 } }
    #expect(try ManualPage(name).namedOptions.subtracting(known) == [])
  }

  @Test("each page names the others that a reader may want", arguments: pages)
  func references(_ name: String) throws {
    let named = try ManualPage(name).section("SEE ALSO").joined()
    let others = name.hasSuffix(".8") ? ["hotsync.yaml.5"] : ["hotsync.8"]
    for other in others { #expect(named.contains(".Xr \(other.dropLast(2)) \(other.suffix(1))"), "\(other)") }
  }

  // MARK: Exit status

  @Test("every exit code is told of, and no other, and which of several counts", arguments: programs)
  func exitCodes(_ name: String) throws {
    let page = try ManualPage("\(name).8")
    #expect(page.tags("EXIT STATUS") == ExitCode.allCases.map { "\($0.rawValue)" })
    let text = page.section("EXIT STATUS").joined(separator: " ")
    let order = try #require(text.firstMatch(of: /first that occurred of ([0-9, ]+)/)).1
      .split { $0 == "," || $0 == " " }.compactMap { Int32($0).flatMap(ExitCode.init(rawValue:)) }
    #expect(Set(order) == Set(ExitCode.allCases).subtracting([.done, .usage]))
    for (one, next) in zip(order, order.dropFirst()) { #expect(ExitCode.ofSeveral([next, one]) == one) }
  }

  // MARK: Configuration

  @Test("every key of the configuration stands in the page with its default, and no other")
  func keys() throws {
    let page = try ManualPage("hotsync.yaml.5")
    var free: [String: String?] = [:]
    var fixed: [String: String] = [:]
    for row in Schema.rows {
      let standard: String? = if case .none = row.standard { nil } else { row.defaultText(row.path) }
      if case .effective = row.effect { free[row.key] = .some(standard) } else { fixed[row.key] = standard ?? "" }
    }
    #expect(page.keys.keys.sorted() == free.keys.sorted())
    for (key, standard) in free { #expect(page.keys[key] == .some(standard), "\(key)") }
    #expect(page.fixedKeys == fixed)
  }

  @Test("the examples of the configuration load")
  func configurations() throws {
    let page = try ManualPage("hotsync.yaml.5")
    let examples = page.blocks(in: page.section("EXAMPLES"))
    #expect(examples.count == 3)
    for example in examples {
      let scratch = try ScratchFolder()
      try Place(path: scratch.path).write(example.joined(separator: "\n") + "\n", to: "etc/hotsync/hotsync.yaml")
      #expect(try Configuration.load(root: scratch.path).connections.map(\.name) == ["standby"], "\(example)")
    }
  }

  // MARK: Examples

  /// Those that set a pair up name addresses: `QuickStartTests` types them as README.md has them.
  private static func isSetup(_ block: [String]) -> Bool { block.joined().contains("192.0.2.") }

  @Test("the commands that set a pair up are those of README.md", arguments: programs.prefix(2))
  func setup(_ name: String) throws {
    let readme = try Repository.place.read("README.md").replacing("…", with: "...")
    let commands = try ManualPage("\(name).8").commands.filter(ManualTests.isSetup).flatMap { $0 }
    #expect(commands.count > 3)
    for command in commands { #expect(readme.contains(command), "\(command)") }
  }

  @Test("the other commands do what they say, typed one after the other")
  func examples() throws {
    let pair = try Pair(transport: .local)
    try pair.master.write("a letter", to: "home/someone/letter")
    try pair.slave.makeFolder("srv")
    try type("hotsync.8", pair.master)
    try pair.data.write("more\n", to: "second.txt")
    try #require(pair.sync().result == "committed")
    try type("hotsync-slave.8", pair.slave)
    #expect(try pair.slave.read("srv/restored/srv/data/second.txt") == "more\n")
    #expect(try !pair.slave.holds("srv/old/srv/data/second.txt") && pair.slave.holds("srv/old/srv/data/first.txt"))
  }

  private func type(_ page: String, _ machine: Place) throws {
    let commands = try ManualPage(page).commands.filter { !ManualTests.isSetup($0) }.flatMap { $0 }
    #expect(commands.count > 7)
    for command in commands {
      // Where a restore goes to is the one path that is not below --root.
      let line = command.replacing("--to /", with: "--to '\(machine.path)'/") + " --root '\(machine.path)'"
      let path = "\(RunningProgram.productsFolder):/usr/bin:/bin"
      let result = try RunningProgram.run("/bin/bash", ["-c", line], environment: ["PATH": path])
      #expect(result.exitCode == 0, "\(line)\n\(result)")
    }
  }

  // MARK: Hooks

  @Test("a hook sees the variables that its page tells of, and no others")
  func variables() throws {
    let pair = try Pair(transport: .local)
    let file = "\(pair.scratch.path)/environment"
    for folder in ["hotsync.d", "hotsync/pre-sync.d", "hotsync/post-sync.d"] {
      try pair.master.writeScript("tr '\\0' '\\n' < /proc/$$/environ >> '\(file)'", to: "etc/\(folder)/tell")
    }
    #expect(try pair.sync().code == 0)
    let told = try Place(path: pair.scratch.path).read("environment").split(separator: "\n")
    let page = try ManualPage("hotsync-hooks.5").tags("ENVIRONMENT").map { String($0.dropFirst("Ev ".utf8.count)) }
    #expect(told.count == 3 * page.count)
    #expect(Set(told.map { String($0.prefix { $0 != "=" }) }) == Set(page))
  }
}

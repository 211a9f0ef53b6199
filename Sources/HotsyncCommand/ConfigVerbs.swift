import ArgumentParser
import HotsyncConfig
import HotsyncReport
import HotsyncSystem

/// What the verbs of `config` do.
enum ConfigVerbs {
  static func get(_ key: String, _ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    let value = try ConfigurationEditor(root: world.root).value(of: key)
    if world.console.options.json {
      world.console.result(.object([("key", .string(key)), ("value", .string(value))]))
    } else {
      world.console.result(value)
    }
    return .done
  }

  static func set(_ words: [String], _ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    guard words.count % 2 == 0 else {
      throw CommandError(
        .usage, "cannot set", "\(shown((words.last ?? "").utf8))", cause: "a value for it is missing",
        next: "give pairs: config set KEY VALUE [KEY VALUE …]")
    }
    let pairs = stride(from: 0, to: words.count, by: 2).map { (key: words[$0], value: words[$0 + 1]) }
    return tell(try ConfigurationEditor(root: world.root).set(pairs), world)
  }

  static func unset(_ keys: [String], _ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    tell(try ConfigurationEditor(root: world.root).unset(keys), world)
  }

  static func show(_ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    let text = try ConfigurationEditor(root: world.root).show()
    if world.console.options.json {
      world.console.result(.object([("configuration", .string(text))]))
    } else {
      world.console.result(text)
    }
    return .done
  }

  static func check(_ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    let problems = ConfigurationEditor(root: world.root).check()
    if world.console.options.json {
      world.console.result(document(problems))
    } else if problems.isEmpty {
      if !world.console.options.quiet { world.console.result("the configuration is sound") }
    } else {
      for problem in problems { world.console.tell(ErrorReport(problem.error)) }
    }
    return .ofSeveral(problems.map { ExitCode($0.error.kind) })
  }

  /// What is still missing after a change is no failure of the change.
  private static func tell(_ missing: [ConfigurationProblem], _ world: CommandWorld) -> HotsyncReport.ExitCode {
    if world.console.options.json {
      world.console.result(document(missing))
    } else if !world.console.options.quiet {
      for problem in missing {
        world.console.result("still missing: \(problem.error.cause)\n  next:  \(problem.error.nextStep)")
      }
      for command in SetupHint(world: world).commands() { world.console.result("next:  \(command)") }
    }
    return .done
  }

  private static func document(_ problems: [ConfigurationProblem]) -> JSONValue {
    .object([("problems", .array(problems.map { ErrorReport($0.error).json }))])
  }
}

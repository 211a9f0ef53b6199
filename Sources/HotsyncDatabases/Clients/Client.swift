import HotsyncSystem

/// A program of an engine's: its own client, or its server. It gets an argument vector and a clean environment, and as
/// root it can run with another user's rights.
struct Client: Sendable {
  /// Absolute.
  let path: String
  /// Whose rights it runs with; nil for our own.
  let user: UserAccount?
  /// Beside PATH and the language.
  var variables: [String: String] = [:]
  /// What stands in front of all its arguments.
  var firstArguments: [String] = []

  static let folders = ["/usr/bin", "/usr/local/bin", "/bin"]
  static let serverFolders = ["/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]

  /// The path of the first of these programs that lies in one of the folders.
  static func find(_ names: [String], in folders: [String]) -> String? {
    for name in names {
      for folder in folders {
        if let file = try? Descriptor.open("\(folder)/\(name)", .nameOnly).status(), file.kind != .folder {
          return "\(folder)/\(name)"
        }
      }
    }
    return nil
  }

  /// Root becomes the user that is asked for; who is not root runs as it is.
  ///
  /// - Throws: where there is no such user.
  static func rights(of user: String) throws(DatabaseError) -> UserAccount? {
    guard Environment.isRoot, user != "root", !user.isEmpty else { return nil }
    guard let account = UserAccount.named(user) else {
      throw DatabaseError(
        .configuration, "cannot become", "the user \(shown(Array(user.utf8)))", cause: "there is no such user here",
        next: "name another one in the configuration, or install the server that brings it")
    }
    return account
  }

  /// The program to start and its arguments. setpriv(1) drops what root has before the program begins, for good; a
  /// working folder that its user may not enter would make PostgreSQL's programs lose their way.
  func call(_ arguments: [String]) -> (program: String, arguments: [String]) {
    let own = firstArguments + arguments
    guard let user else { return (path, own) }
    return (
      "/usr/bin/env",
      [
        "--chdir=/", "/usr/bin/setpriv", "--reuid", "\(user.number)", "--regid", "\(user.group)", "--init-groups",
        "--no-new-privs", "--", path,
      ] + own
    )
  }

  var environment: [String: String] {
    ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"].merging(variables) { $1 }
  }

  /// As an output limit, for programs that write files of their own, which are held to it, too.
  static let writesFiles = 1 << 50

  /// Runs it to its end for what it prints.
  ///
  /// - Parameters:
  ///   - text: what it reads.
  ///   - what: what is done by it, as a message names it: "cannot ask", "mariadb".
  func run(
    _ arguments: [String], reading text: String = "", limit: Duration = .seconds(60), outputLimit: Int = 16 << 20,
    _ what: (operation: String, subject: String)
  ) throws(DatabaseError) -> [UInt8] {
    let input = try DatabaseError.telling { () throws(SystemError) in
      let file = try Descriptor.memoryFile()
      try file.write(Array(text.utf8), at: 0)
      return file
    }
    return try run(arguments, from: input, limit: limit, outputLimit: outputLimit, what)
  }

  /// The same, reading from a file where that stands.
  func run(
    _ arguments: [String], from input: borrowing Descriptor, limit: Duration, outputLimit: Int = 1 << 20,
    _ what: (operation: String, subject: String)
  ) throws(DatabaseError) -> [UInt8] {
    let (program, vector) = call(arguments)
    let slash = program.lastIndex(of: "/") ?? program.startIndex
    let tool = Tool(
      String(program[program.index(after: slash)...]), in: [String(program[..<slash])], variables: environment,
      limit: limit)
    let result: Tool.Result
    do throws(SystemError) {
      result = try tool.run(vector, input: input, outputLimit: outputLimit)
    } catch {
      throw DatabaseError(.failed, what.operation, what.subject, cause: "\(path): \(error.cause)", next: error.nextStep)
    }
    guard result.succeeded else { throw failure(result, what) }
    return result.output
  }

  private func failure(_ result: Tool.Result, _ what: (operation: String, subject: String)) -> DatabaseError {
    let said = Complaint.essence(result.complaint)
    let cause =
      switch result.ending {
      case nil: "\(name) took too long, and was ended"
      case .killed(let signal)?: "signal \(signal) ended \(name)" + (said.isEmpty ? "" : ": \(said)")
      case .exited(let code)?: said.isEmpty ? "\(name) ended with code \(code)" : said
      }
    return DatabaseError(.failed, what.operation, what.subject, cause: cause, next: Complaint.nextStep(said))
  }

  /// The program's own name.
  var name: String { String(path.split(separator: "/").last ?? "") }

  /// The version that it prints of itself.
  func version() throws(DatabaseError) -> Version {
    // What stands first among its arguments is for its work; a client of MariaDB's tells its version in the second
    // number.
    let printed = String(
      decoding: try Client(path: path, user: user).run(["--version"], outputLimit: 4_096, ("cannot ask", name)),
      as: UTF8.self)
    let distribution = printed.firstRange(of: "Distrib ").map { String(printed[$0.upperBound...]) } ?? printed
    guard let version = Version(in: distribution) else {
      throw DatabaseError(
        .failed, "cannot read", "the version of \(name)", cause: "it prints: \(shown(Array(printed.utf8.prefix(200))))",
        next: "run it: \(path) --version")
    }
    return version
  }
}

/// What clients say of their failures.
enum Complaint {
  /// The lines that say what went wrong, without those that show the statement: rows and password hashes stand there.
  static func essence(_ lines: [String]) -> String {
    var kept: [String] = []
    for line in lines {
      let isError = ["error", "fatal", "Got error", "Access denied"].contains { word in
        line.lowercased().contains(word.lowercased())
      }
      if isError || line.hasPrefix("Next: ") { kept.append(withoutStatement(line)) }
    }
    let text = (kept.isEmpty ? Array(lines.suffix(1)) : kept).prefix(3).joined(separator: "; ")
    return String(text.prefix(400))
  }

  /// A piece of the statement follows in some messages.
  private static func withoutStatement(_ line: String) -> String {
    guard let near = line.firstRange(of: " near '") else { return line }
    return String(line[..<near.lowerBound])
  }

  static func nextStep(_ said: String) -> String {
    let said = said.lowercased()
    if said.contains("access denied") || said.contains("authentication failed") || said.contains("no password supplied")
    {
      return "see the account in the configuration (defaults_file, user, run_as, passfile), then: hotsync check"
    }
    if said.contains("can't connect") || said.contains("could not connect") || said.contains("connection to server") {
      return "start the server, or see its socket in the configuration, then: hotsync check"
    }
    return "mend that, then run the command again"
  }
}

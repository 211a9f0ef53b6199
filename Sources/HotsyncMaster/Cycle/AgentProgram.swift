import HotsyncSystem

/// Where the embedded agent's program is: beside this one, else where packages put it.
enum AgentProgram {
  static func path() -> String {
    let name = "hotsync-slave"
    if let own = Environment.executablePath, let slash = own.lastIndex(of: "/") {
      let beside = own[...slash] + name
      if (try? Descriptor.open(String(beside))) != nil { return String(beside) }
    }
    return "/usr/bin/\(name)"
  }
}

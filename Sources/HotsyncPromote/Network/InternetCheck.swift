import HotsyncSystem

/// Whether the Internet answers: one of the places of `promote.internet_check` is enough.
struct InternetCheck {
  let targets: [String]
  var limit = Duration.seconds(4)
  var clocks = Clocks.system

  /// Where a target is asked.
  enum Question: Equatable {
    /// A server over TCP.
    case connect(host: String, port: UInt16)
    /// Only whether it is there.
    case ping(String)
  }

  /// The first that answered; nil where none did.
  func answering() -> String? { targets.first { ask(InternetCheck.question($0)) } }

  static func question(_ target: String) -> Question {
    let isSecure = target.hasPrefix("https://")
    guard isSecure || target.hasPrefix("http://") else { return .ping(target) }
    let place = target.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let standard: UInt16 = isSecure ? 443 : 80
    if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
      let host = place[place.index(after: place.startIndex)..<end]
      return .connect(host: String(host), port: port(place[place.index(after: end)...]) ?? standard)
    }
    return .connect(host: String(place.prefix { $0 != ":" }), port: port(place.drop { $0 != ":" }) ?? standard)
  }

  private static func port(_ text: Substring) -> UInt16? { text.hasPrefix(":") ? UInt16(text.dropFirst()) : nil }

  private func ask(_ question: Question) -> Bool {
    switch question {
    case .connect(let host, let port):
      guard let addresses = try? SocketAddress.all(of: host, port: port, atMost: limit) else { return false }
      return addresses.prefix(4).contains { address in
        (try? Descriptor.connect(to: address, atMost: limit, clocks: clocks)) != nil
      }
    case .ping(let host):
      // A name that begins with a dash would be an option.
      guard !host.hasPrefix("-") else { return false }
      let ping = Tool("ping", in: ["/usr/bin", "/bin"], limit: limit + .seconds(2))
      return (try? ping.run(["-n", "-c", "1", "-W", "3", host], outputLimit: 8_192))?.succeeded ?? false
    }
  }
}

import HotsyncSystem
import TestSupport

/// The bytes that all sockets of this network namespace have sent over loopback, from either end. Nobody else is in it,
/// so the difference of two readings is what a run sent.
struct WireCounter {
  /// IPv4, and TCP with its time stamps; loopback counts no more. The first segment of each side has eight more.
  static let headerBytes = 20 + 20 + 12

  private let bytes: Int
  private let packets: Int

  /// As they stand now.
  init() throws {
    let text = try Descriptor.open("/proc/net/dev", .reading).readAll(limit: 1 << 20) ?? []
    try self.init(text: String(decoding: text, as: UTF8.self))
  }

  /// - Parameter text: of `/proc/net/dev` (proc(5)): eight numbers of what came in, eight of what went out.
  init(text: String) throws {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].split(separator: " ") == ["lo"] else { continue }
      let numbers = parts[1].split(separator: " ").compactMap { Int($0) }
      guard numbers.count >= 10 else { break }
      (bytes, packets) = (numbers[8], numbers[9])
      return
    }
    throw SupportError("no loopback in /proc/net/dev")
  }

  /// What was given to sockets since then: the headers of each segment are taken off.
  func payload(since start: WireCounter) -> Int {
    bytes - start.bytes - (packets - start.packets) * WireCounter.headerBytes
  }
}

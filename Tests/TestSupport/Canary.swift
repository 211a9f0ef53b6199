import Glibc
import HotsyncSystem

/// A folder that nobody may touch, neither look into nor change: the kernel tells of all that is done in it (inotify(7)).
public final class Canary {
  /// What its files hold.
  public static let secret = "meant for nobody's eyes but its owner's\n"
  /// Its names, the same as in whatever is to be mistaken for it.
  public static let names = ["file", "other", "folder/file"]

  /// IN_ALL_EVENTS without those of closing: what was opened before is closed late where another test starts a program.
  private static let allEvents: UInt32 = 0xFE7

  public let path: String
  private let watch: Descriptor
  private let before: TreeSnapshot

  /// - Parameter path: of a folder that does not exist yet, beside others that do.
  public init(at path: String) throws {
    self.path = path
    try Pair.shell("mkdir -p \"$0/folder\" \"$0/empty\"; chmod 750 \"$0\" \"$0/folder\"", path)
    for name in Canary.names { try Place(path: path).write(Canary.secret, to: name, permissions: 0o640) }
    before = try TreeSnapshot(of: path)
    let number = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard number >= 0 else { throw SupportError("inotify: \(errno)") }
    watch = Descriptor(owning: number)
    for folder in [path, "\(path)/folder", "\(path)/empty"] {
      // SAFETY: the path lives through the call.
      guard unsafe inotify_add_watch(number, folder, Canary.allEvents) >= 0 else {
        throw SupportError("inotify: \(errno)")
      }
    }
  }

  /// What was done to it since it was made or last asked about; empty where nothing was.
  public func touches() throws -> [String] {
    let events = try events()
    let differences = try before.differences(to: TreeSnapshot(of: path), .all)
    // The comparison looks into it itself.
    _ = try self.events()
    return events + differences
  }

  private func events() throws -> [String] {
    var lines: [String] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count: Int
      do throws(SystemError) { count = try watch.read(into: &buffer, count: buffer.count) } catch {
        guard error.number == EAGAIN else { throw error }
        return lines
      }
      var start = 0
      // struct inotify_event: watch, mask, cookie, length (4 bytes each), name.
      while start + 16 <= count {
        let mask = (0..<4).reduce(0) { $0 | Int(buffer[start + 4 + $1]) << (8 * $1) }
        let length = (0..<4).reduce(0) { $0 | Int(buffer[start + 12 + $1]) << (8 * $1) }
        let name = buffer[(start + 16)..<min(count, start + 16 + length)].prefix { $0 != 0 }
        lines.append("event 0x\(String(mask, radix: 16)) of \(shown(name))")
        start += 16 + length
      }
    }
  }
}

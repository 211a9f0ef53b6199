/// A copy of `hotsync` beside an executable `hotsync-slave` that is a script: what answers is anything but a slave.
public final class ScriptedSlave {
  private let scratch: ScratchFolder
  /// The folder with both.
  public let programs: String

  public init() throws {
    scratch = try ScratchFolder("scripted")
    programs = try copyPrograms(to: scratch)
  }

  /// From now on the slave sends these bytes and then does what the lines of shell say.
  public func answer(_ bytes: [UInt8], then lines: String = "cat > /dev/null") throws {
    try scratch.write(bytes, to: "bin/answer")
    try Pair.shell("rm -f \"$0/hotsync-slave\"", programs)
    try Place(path: programs).writeScript("cat \"${0%/*}/answer\"\n\(lines)", to: "hotsync-slave")
  }
}

/// What kills the true slave at a named moment of the next cycle, once.
extension ScriptedSlave {
  /// - Parameters:
  ///   - after: lines of shell that run once it is dead.
  ///   - later: lines of shell before each slave that is started after it.
  public func killSlave(at point: String, after: String = ":", later: String = ":") throws {
    try Pair.shell(
      "cd \"$0\"; test -e true-slave || cp hotsync-slave true-slave; rm -f hotsync-slave; rm -rf killed", programs)
    try Place(path: programs).writeScript(
      """
      here=${0%/*}
      if mkdir "$here/killed" 2>/dev/null; then
        HOTSYNC_KILL_AT=\(point) "$here/true-slave" "$@"
        { \(after); } </dev/null >/dev/null 2>&1
        kill -KILL $$
      fi
      { echo again >>"$here/again"; \(later); } </dev/null >/dev/null 2>&1
      exec "$here/true-slave" "$@"
      """, to: "hotsync-slave")
  }

  /// How many slaves were started after the one that was killed.
  public func laterSlaves() throws -> Int {
    let place = Place(path: programs)
    return try place.holds("again") ? try place.read("again").split(separator: "\n").count : 0
  }
}

/// The slave's first words, made here byte by byte from docs/protocol.md.
public enum SlaveWords {
  public static let preamble = Array("HOTSYNC1".utf8)
  /// Preamble and welcome of an empty store.
  public static let greeting = preamble + welcome()
  /// Lines of shell. Who ends before the master's first words arrive was never there.
  public static let endAfterHello = "head -c 16 >/dev/null; exit 0"

  public static func frame(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let length = payload.count + 1
    return [0, 8, 16, 24].map { UInt8(length >> $0 & 0xFF) } + [type] + payload
  }

  private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
  private static let zeros = [UInt8](repeating: 0, count: 16)
  private static let noCatalog = zeros + [0]

  /// An empty store that speaks a version of the protocol.
  ///
  /// - Parameters:
  ///   - damaged: the list of damaged entries, from its count on.
  ///   - keyLength: in place of 192 bytes.
  public static func welcome(
    version: [UInt8] = [1], epoch: [UInt8] = [1], damaged: [UInt8] = [0], keyLength: Int = 192
  ) -> [UInt8] {
    let store = [UInt8](repeating: 7, count: 16)
    let key = (0..<keyLength).map { UInt8($0) }
    return frame(
      65,
      version + text("0.1.0") + text("host") + epoch + zeros + [0] + noCatalog + [0] + store + key
        + [0xFF, 0xFF, 0xFF, 0xFF, 0x0F] + damaged + [0])
  }

  public static func refusal(_ kind: String, _ words: [String]) -> [UInt8] {
    frame(66, text(kind) + words.flatMap(text))
  }
}

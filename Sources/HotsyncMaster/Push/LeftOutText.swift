import HotsyncReport
import HotsyncSystem

/// How an entry that could not be had is told.
enum LeftOutText {
  static func problem(_ path: RelativePath, _ reason: LeftOut, keepsOld: Bool) -> Problem {
    let kept = keepsOld ? "; the slave keeps its last version" : ""
    let (code, message, next) = text(reason)
    return Problem(code: code, path: ReportedPath(path), message: message + kept, nextStep: next, leftOut: true)
  }

  private static func text(_ reason: LeftOut) -> (code: String, message: String, next: String) {
    switch reason {
    case .vanished:
      ("vanished", "it went while the cycle was under way", "nothing, if it was meant to go; the next cycle sees to it")
    case .changed:
      (
        "changed", "it changed each time it was read",
        "nothing, if it rests sometimes; if it is always written to: exclude it, or dump it in a pre-sync hook"
      )
    case .unreadable(let error): ("unreadable", "it cannot be read: \(error.cause)", error.nextStep)
    case .oversized:
      ("oversized", "its attributes are larger than what is carried", "see them: getfattr -d -m - FILE")
    }
  }

  /// An attribute that could go along and does not; told of the first one of that name.
  static func problem(_ path: RelativePath, trustedAttribute name: [UInt8]) -> Problem {
    Problem(
      code: "attribute_skipped", path: ReportedPath(path),
      message: "its attribute \(shown(name)) does not go along, as data.trusted_xattrs is off",
      nextStep: "nothing, or, on both sides: hotsync config set connections.NAME.data.trusted_xattrs true; "
        + "then hotsync sync --full",
      leftOut: false)
  }

  /// How an entry is told that does not go to the slave.
  static func problem(_ path: RelativePath, _ reason: SkipReason) -> Problem {
    let (code, message, next, leftOut) = text(reason)
    return Problem(code: code, path: ReportedPath(path), message: message, nextStep: next, leftOut: leftOut)
  }

  private static func text(_ reason: SkipReason) -> (String, String, String, Bool) {
    switch reason {
    case .socket: ("socket_skipped", "a socket has no content to keep", "nothing: its program makes it anew", false)
    case .device:
      (
        "device_skipped", "device nodes are not carried, as data.devices is off",
        "exclude it, or, on both sides: hotsync config set connections.NAME.data.devices true", false
      )
    case .flags:
      (
        "flags_skipped", "its immutable or append-only flag does not go along, nor those of others, if there are any",
        "nothing; where the flags matter, set them again after a restore: chattr +i, chattr +a", false
      )
    case .otherFileSystem:
      (
        "mount_skipped", "another file system is mounted there, and one_file_system is on",
        "to keep what it holds, include it by its own path", false
      )
    case .tooDeep:
      ("too_deep", "it has more than 1,000 levels, or a path of more than 65,535 bytes", "move it up", true)
    case .oddOwner: ("odd_owner", "its owner is the id -1, which means none", "chown it to somebody", true)
    }
  }

  static func unreadableFolder(_ path: RelativePath, _ error: SystemError) -> Problem {
    Problem(
      code: error.isMissing ? "vanished" : "unreadable", path: ReportedPath(path),
      message: "the folder cannot be listed: \(error.cause); what the slave has below it stays",
      nextStep: error.nextStep, leftOut: true)
  }
}

import HotsyncSystem

/// How others than HotSync see two trees: nothing where they are alike. What lies beyond the 4,096 bytes of a path these
/// tools cannot name.
public enum IndependentLook {
  /// All of them; a line each thing that differs.
  public static func differences(_ first: String, _ second: String) throws -> [String] {
    try rsyncDifference(first, second).split(separator: "\n").map { "rsync: \($0)" }
      + compare(first, second, "getfacl", "getfacl --recursive --physical --numeric .")
      + compare(first, second, "getfattr", "getfattr --recursive --physical --no-dereference --encoding=hex -d -m- .")
      + spaceDifferences(first, second)
  }

  /// Both print a paragraph an entry, in the order of the folder's entries on the disk.
  private static func compare(_ first: String, _ second: String, _ name: String, _ command: String) throws -> [String] {
    let outputs = try [first, second].map { folder in
      let result = try RunningProgram.run("/bin/sh", ["-c", "cd \"$0\" && \(command)", folder])
      guard result.exitCode == 0 else { throw SupportError("\(command): \(result)") }
      guard result.output.count > 0 || name == "getfattr" else { throw SupportError("\(command) says nothing") }
      return Set(paragraphs(result.output))
    }
    return outputs[0].symmetricDifference(outputs[1]).sorted().map { "\(name): \($0)" }
  }

  private static func paragraphs(_ output: [UInt8]) -> [String] {
    // Names are escaped by both, so that a line break is one of theirs.
    String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .split(separator: "").map { $0.joined(separator: " ") }
  }

  /// Files with holes take the same space, within a block.
  private static func spaceDifferences(_ first: String, _ second: String) throws -> [String] {
    try Pair.shell("sync -f \"$0\"; sync -f \"$1\"", first, second)
    let left = try Folder.open(first)
    let right = try Folder.open(second)
    let block = try blockLength(first)
    return try walkTree(left).compactMap { entry in
      guard entry.status.kind == .regular, entry.status.blocks * 512 < entry.status.size,
        let other = try right.parentFolder(of: entry.path).statusIfPresent(entry.path.name)
      else { return nil }
      let (a, b) = (Int64(entry.status.blocks * 512), Int64(other.blocks * 512))
      return (a - b).magnitude <= block ? nil : "space: \(entry.path) takes \(a) bytes, \(b)"
    }
  }

  private static func blockLength(_ folder: String) throws -> UInt64 {
    let result = try RunningProgram.run("/usr/bin/stat", ["-f", "-c", "%S", folder])
    guard let length = UInt64(result.outputText.split(separator: "\n").first ?? "") else {
      throw SupportError("\(result)")
    }
    return length
  }
}

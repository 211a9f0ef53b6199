/// What a dry run says of one path.
public struct Change: Sendable, Equatable {
  public enum Action: String, Sendable {
    case create, change, delete, rename, metadata
  }

  public let action: Action
  /// `file`, `folder`, `link`, `fifo` or `device`.
  public let kind: String
  public let path: ReportedPath
  /// The file's new size in bytes; nil where there is none to tell.
  public let size: UInt64?
  /// Where a renamed one was before.
  public let former: ReportedPath?
  /// What of the metadata changes: `mode`, `owner`, `time`, `xattrs`.
  public let attributes: [String]

  public init(
    _ action: Action, kind: String, path: ReportedPath, size: UInt64? = nil, former: ReportedPath? = nil,
    attributes: [String] = []
  ) {
    self.action = action
    self.kind = kind
    self.path = path
    self.size = size
    self.former = former
    self.attributes = attributes
  }

  var json: JSONValue {
    .object(
      [("action", .string(action.rawValue)), ("kind", .string(kind))] + path.fields("path") + [("size", .known(size))]
        + (former?.fields("former_path") ?? [("former_path", .null)]) + [("attributes", .strings(attributes))])
  }

  /// `create    file      12.3 KiB  /srv/x`.
  var text: String {
    let detail = action == .metadata ? attributes.joined(separator: ",") : size.map(Units.size) ?? ""
    let place = former.map { "\($0) -> \(path)" } ?? "\(path)"
    return Change.padded(action.rawValue, 8) + "  " + Change.padded(harmless(kind), 6) + "  "
      + Change.padded(harmless(detail), 10, right: true) + "  " + place
  }

  private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - displayWidth(text)))
    return right ? padding + text : text + padding
  }
}

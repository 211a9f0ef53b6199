/// A folder that several share: it stays open as long as one of them has it.
public final class OpenFolder: Sendable {
  public let folder: Folder
  public init(_ folder: consuming Folder) { self.folder = folder }
}

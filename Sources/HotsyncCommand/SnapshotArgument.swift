public import HotsyncCatalog
public import HotsyncSystem

extension SnapshotName {
  /// As it stands on the command line.
  public init(argument text: String) throws(CommandError) {
    guard let name = SnapshotName(text) else {
      throw CommandError(
        .usage, "cannot use", "\"\(shown(text.utf8.prefix(100)))\" as the name of a snapshot",
        cause: SnapshotName.rule, next: "give another one, such as before-upgrade")
    }
    self = name
  }
}

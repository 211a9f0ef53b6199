/// Folders that no connection sends, wherever the list comes from that names them: a promotion replaces what it sends as whole
/// trees, and HotSync's own state must not go with that.
public enum ForbiddenFolders {
  /// Why a folder may not be included; nil where it may.
  ///
  /// - Parameter folder: absolute, without a slash at its end.
  /// - Parameter shown: the same as it is told to the operator.
  public static func objection(to folder: String, shownAs shown: String) -> String? {
    if ["", "/", "/usr", "/var", "/etc", "/boot"].contains(folder) {
      return "expected folders below /usr, /var, /etc or /boot, not these themselves, found \(shown)"
    }
    for forbidden in ["/proc", "/sys", "/dev", "/run", "/etc/hotsync"]
    where holds(folder, forbidden) || holds(forbidden, folder) {
      return "expected folders apart from \(forbidden), found \(shown)"
    }
    if holds("/.hotsync", folder) {
      return "expected folders apart from /.hotsync, where HotSync keeps dumps and facts, found \(shown)"
    }
    // HotSync's stores and state; `/var/lib/hotsync-state`, and any other that begins so.
    if holds(folder, "/var/lib/hotsync") || folder.hasPrefix("/var/lib/hotsync") {
      return "expected folders apart from HotSync's own /var/lib/hotsync, found \(shown)"
    }
    return nil
  }

  /// The same for what a promotion overlays file by file: `/etc` may be, HotSync's own in it is left out by itself.
  public static func objection(toOverlay folder: String, shownAs shown: String) -> String? {
    if folder == "/etc" || (holds("/etc", folder) && !holds("/etc/hotsync", folder)) { return nil }
    return objection(to: folder, shownAs: shown)
  }

  /// Whether `inner` is `outer` or lies below it.
  static func holds(_ outer: String, _ inner: String) -> Bool { inner == outer || inner.hasPrefix(outer + "/") }
}

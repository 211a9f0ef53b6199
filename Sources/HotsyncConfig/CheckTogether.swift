import HotsyncSystem

/// What only several keys together can get wrong.
extension Check {
  mutating func checkTogether(_ merged: Value) {
    if settings["role"] == nil && !hasProblem("role") {
      report(
        .missing, "role",
        ConfigError(
          .configuration, "cannot use", "the configuration in \(place), key role",
          cause: "it is not set, expected master or slave", next: command.setting("role", "master")))
    }
    for name in settings.connections {
      checkIncludes(of: name, merged.value(at: ["connections", name, "data", "include"]))
      checkOverlays(of: name, merged.value(at: ["connections", name, "config", "include"]))
      checkTransport(of: name)
    }
  }

  private var place: String { (root == "/" ? "" : root) + "/etc/hotsync" }

  private func hasProblem(_ key: String) -> Bool { problems.contains { $0.key == key } }

  private func text(_ key: String) -> String? {
    if case .text(let text)? = settings[key] { text } else { nil }
  }

  /// What a master needs before it can run a cycle. A connection that is switched off may lack it.
  private mutating func checkTransport(of name: String) {
    let key = "connections.\(name)"
    let role = text("\(key).role") ?? text("role")
    let isEnabled = text("status") != "disabled" && text("\(key).status") != "disabled"
    guard role == "master", isEnabled else { return }
    if text("\(key).transport") == "local" {
      if text("\(key).local_root") == nil {
        require(
          "\(key).local_root", "it is not set, expected the folder that is the slave's root",
          command.setting("\(key).local_root", "/mnt/standby"))
      }
    } else if text("\(key).slave_host") == nil {
      require(
        "\(key).slave_host", "it is not set, expected the slave's address or name",
        command.setting("\(key).slave_host", "ADDRESS"))
    }
    if case .list([])? = settings["\(key).data.include"] {
      require(
        "\(key).data.include", "it is empty, expected the folders to send",
        command.setting("\(key).data.include", "'[/home, /srv]'"))
    }
  }

  private mutating func require(_ key: String, _ cause: String, _ next: String) {
    guard !hasProblem(key) else { return }
    report(
      .missing, key,
      ConfigError(
        .configuration, "cannot use", "the configuration in \(place), key \(key)", cause: cause, next: next))
  }

  // MARK: Folders to send

  private mutating func checkIncludes(of name: String, _ value: Value?) {
    let key = "connections.\(name).data.include"
    guard case .list(let elements)? = settings[key], case .list(let written)? = value?.content else { return }
    let folders = elements.compactMap { if case .text(let path) = $0 { path } else { nil } }
    let next = command.setting(key, "'[/home, /srv]'")
    for (index, folder) in folders.enumerated() where index < written.count {
      let origin = written[index].origin
      if let objection = objection(to: folder, shownAs: label(written[index]), of: name) {
        refuse(key, origin, objection, next: next)
      } else if let other = folders[..<index].firstIndex(where: { holds($0, folder) || holds(folder, $0) }) {
        let cause =
          folders[other] == folder
          ? "\(label(written[index])) stands there twice"
          : "\(label(written[index])) and \(label(written[other])): one lies inside the other, "
            + "expected only the outer one"
        refuse(key, origin, cause, next: next)
      }
    }
  }

  private mutating func checkOverlays(of name: String, _ value: Value?) {
    let key = "connections.\(name).config.include"
    guard case .list(let elements)? = settings[key], case .list(let written)? = value?.content else { return }
    let folders = elements.compactMap { if case .text(let path) = $0 { path } else { nil } }
    for (index, folder) in folders.enumerated() where index < written.count {
      guard let objection = ForbiddenFolders.objection(toOverlay: folder, shownAs: label(written[index])) else {
        continue
      }
      refuse(key, written[index].origin, objection, next: command.setting(key, "'[/etc]'"))
    }
  }

  /// A folder as it was written, so that a reference to a secret stays one.
  private func label(_ value: Value) -> String {
    if case .scalar(let text, _) = value.content { printable(text) } else { "" }
  }

  private func objection(to folder: String, shownAs shownFolder: String, of name: String) -> String? {
    if let objection = ForbiddenFolders.objection(to: folder, shownAs: shownFolder) { return objection }
    if let store = text("store"), holds(folder, store) || holds(store, folder) {
      return "expected folders apart from the store \(printable(store)), found \(shownFolder)"
    }
    return objectionFromLocalRoot(folder, shownAs: shownFolder, name)
  }

  /// A slave's root on a mounted disk must not be sent into itself. `local_root` is taken as written, folders lie under
  /// our own root.
  private func objectionFromLocalRoot(_ folder: String, shownAs shownFolder: String, _ name: String) -> String? {
    guard let localRoot = text("connections.\(name).local_root") else { return nil }
    let real = (root == "/" ? "" : root) + folder
    if holds(real, localRoot) {
      return "expected folders that do not hold local_root \(printable(localRoot)), found \(shownFolder)"
    }
    let store = localRoot + (text("store") ?? "/var/lib/hotsync")
    return holds(store, real) || real.hasPrefix(localRoot + "/var/lib/hotsync")
      ? "expected folders apart from the store below local_root, found \(shownFolder)" : nil
  }

  private func holds(_ outer: String, _ inner: String) -> Bool { ForbiddenFolders.holds(outer, inner) }
}

/// `etc/hotsync.yaml` as it is installed: every key with its sentence and its default, all of them commented out.
enum ConfigurationSample {
  private static let head = """
    # HotSync's configuration: hotsync.yaml(5). Files in conf.d/ are read after this one, in the order of their names:
    # maps merge, everything else is replaced. `hotsync config set KEY VALUE` writes conf.d/90-local.yaml;
    # `hotsync config check` tells what is wrong. Durations: 90s, 15m, 1h, 7d. Sizes: 64KiB, 10MiB.
    # ${env:NAME} and ${file:PATH} fill in secrets.
    #
    # Lines that begin with # and a key, or with # and two spaces, show keys with their defaults or an example.

    """

  /// What to show where the default says little.
  private static let examples = [
    "role": "master", "slave_host": "192.0.2.20", "master_host": "192.0.2.10",
    "local_root": "/mnt/standby",
    "data.include": "[/home, /srv, /var/www]", "data.exclude": "[\"*.tmp\", \"/home/*/.cache\"]",
  ]

  static let text = head + section([], indentation: "")

  private static func section(_ path: [String], indentation: String) -> String {
    var text = ""
    for name in Schema.names(below: path) {
      let below = path + [name]
      if let row = Schema.row(at: below) {
        text += (indentation.isEmpty ? "\n# " : "#\(indentation)# ") + row.sentence + availability(row) + "\n"
        text += "#\(indentation)\(name): \(value(row))\n"
      } else {
        text += "\(indentation.isEmpty ? "\n" : "")#\(indentation)\(name == "NAME" ? "standby" : name):\n"
        text += section(below, indentation: indentation + "  ")
      }
    }
    return text
  }

  private static func availability(_ row: Schema.Row) -> String {
    switch row.effect {
    case .effective: ""
    case .onlyDefault: " (so far the default only)"
    }
  }

  private static func value(_ row: Schema.Row) -> String {
    let key = row.path.drop { $0 == "connections" || $0 == "NAME" }.joined(separator: ".")
    if row.path.first != "connections" && row.path.count > 1 { return row.defaultText(row.path) }
    return examples[key] ?? row.defaultText(["connections", "standby"])
  }
}

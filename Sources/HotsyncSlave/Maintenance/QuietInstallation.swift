import HotsyncFacts
import HotsyncSystem

/// Installs packages without starting or enabling anything that did not run here before, and without removing anything.
///
/// apt works in a mount namespace of its own, in which what starts, enables and schedules is out of reach: the programs by which packages
/// start their services do nothing there, a preset disables every unit, systemd is not to be seen, and new files for cron go
/// to a folder of ours. All of that ends with the namespace, however that ends.
struct QuietInstallation {
  struct Result {
    var installed: [String] = []
    var refused: [(name: String, why: String)] = []
    /// Units that were enabled in spite of all, and are not any more.
    var disabled: [String] = []
  }

  private let state: OpenFolder
  private let root: OpenFolder
  private let clocks: Clocks
  private let place: String

  private static let patience = Duration.seconds(3_600)
  private static let outputLimit = 1 << 20
  /// Of a maintenance: more are installed by the next ones.
  private static let mostAtOnce = 500
  private static let options = [
    "-q", "-y", "--no-remove", "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-confdef", "-o",
    "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=60",
  ]
  private static let variables = [
    "DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none", "NEEDRESTART_SUSPEND": "1",
    "HOME": "/root",
  ]

  /// - Parameter state: the connection's folder below `var/lib/hotsync-state`.
  init(state: borrowing Folder, root: borrowing Folder, clocks: Clocks) throws(StoreError) {
    let (folders, path) = try StoreError.telling { () throws(SystemError) -> ([OpenFolder], [UInt8]) in
      let folder = try state.makeOrOpenFolder(StoreLayout.name("packages"))
      try QuietInstallation.furnish(folder)
      let path = folder.descriptor.currentPath() ?? []
      return ([OpenFolder(folder), OpenFolder(try root.duplicate())], path)
    }
    (self.state, self.root) = (folders[0], folders[1])
    place = String(decoding: path, as: UTF8.self)
    self.clocks = clocks
  }

  /// What is laid over the system's own files in the namespace.
  private static func furnish(_ folder: borrowing Folder) throws(SystemError) {
    let nothing = Array("#!/bin/sh\nexit 0\n".utf8)
    let refusal = Array("#!/bin/sh\n# Do not start it: policy-rc.d, as Debian's policy has it.\nexit 101\n".utf8)
    try folder.replace(StoreLayout.name("nothing"), with: nothing, permissions: 0o755)
    try folder.replace(StoreLayout.name("refusal"), with: refusal, permissions: 0o755)
    let presets = try folder.makeOrOpenFolder(StoreLayout.name("presets"), permissions: 0o755)
    try presets.replace(StoreLayout.name("00-hotsync.preset"), with: Array("disable *\n".utf8), permissions: 0o644)
    _ = try folder.makeOrOpenFolder(StoreLayout.name("cron"))
  }

  // MARK: Installing

  func install(_ names: [String]) throws(StoreError) -> Result {
    var result = Result()
    let wanted = Array(names.prefix(QuietInstallation.mostAtOnce))
    // A source that cannot be reached is told by what cannot be had.
    _ = try apt(["update"])
    var possible = wanted
    if try !apt(["--simulate"], install: wanted).succeeded {
      possible = []
      for name in wanted {
        let trial = try apt(["--simulate"], install: possible + [name])
        if trial.succeeded {
          possible.append(name)
        } else {
          result.refused.append((name, QuietInstallation.why(trial)))
        }
      }
    }
    guard !possible.isEmpty else { return result }
    // With the network as it is: in the namespace names may not be resolved.
    try require(try apt(["--download-only"], install: possible), "download")
    let before = try units()
    try noteUnits(before)
    try require(try quietly(["dpkg", "--configure", "-a"]), "configure what an earlier run left")
    try require(
      try quietly(["apt-get"] + QuietInstallation.options + ["--no-download", "install", "--"] + possible), "install")
    result.installed = possible
    result.disabled = try disableNew(since: before)
    _ = try? Tool("systemctl", in: ["/usr/bin"], limit: .seconds(60)).run(["daemon-reload"], outputLimit: 4_096)
    return result
  }

  private func require(_ result: Tool.Result, _ what: String) throws(StoreError) {
    guard !result.succeeded else { return }
    throw StoreError(
      .failed, "cannot \(what)", "the master's packages", cause: QuietInstallation.why(result),
      next: "see what stands in the way: apt-get check; dpkg --audit; the next maintenance tries again")
  }

  /// apt's own words, which begin with `E:`, or the last lines that were said.
  private static func why(_ result: Tool.Result) -> String {
    let lines = result.complaint + shownLines(result.output)
    let errors = lines.filter { $0.hasPrefix("E: ") }.map { String($0.dropFirst(3)) }
    let depends = lines.filter { $0.contains("Depends:") || $0.contains("Conflicts:") || $0.contains("to be removed") }
    let said = Array((errors + depends).prefix(4))
    return said.isEmpty ? result.failure : said.joined(separator: "; ")
  }

  private func apt(_ verb: [String], install names: [String] = []) throws(StoreError) -> Tool.Result {
    let arguments = QuietInstallation.options + verb + (names.isEmpty ? [] : ["install", "--"] + names)
    return try run("apt-get", arguments)
  }

  private func run(_ program: String, _ arguments: [String]) throws(StoreError) -> Tool.Result {
    let tool = Tool(
      program, in: ["/usr/bin", "/usr/sbin", "/bin"], variables: QuietInstallation.variables,
      limit: QuietInstallation.patience, boundsFiles: false)
    return try StoreError.telling { () throws(SystemError) in
      try tool.run(arguments, outputLimit: QuietInstallation.outputLimit)
    }
  }

  // MARK: The namespace

  /// Runs a program where nothing can be started. The script is this text and nothing else: what comes from a master stands in
  /// its arguments only, which it does not look into.
  func quietly(_ words: [String]) throws(StoreError) -> Tool.Result {
    try run(
      "unshare",
      ["--mount", "--propagation", "private", "--", "/bin/sh", "-c", QuietInstallation.script, "sh", place] + words)
  }

  private static let script = """
    set -eu
    umask 022
    place=$1
    shift
    lay() { test ! -e "$2" || mount --bind "$place/$1" "$2"; }
    test ! -d /run/systemd || mount -t tmpfs -o mode=0755,size=1m none /run/systemd
    lay presets /usr/lib/systemd/system-preset
    lay refusal /usr/sbin/policy-rc.d
    for tool in /usr/sbin/invoke-rc.d /usr/bin/deb-systemd-invoke /usr/sbin/update-rc.d /usr/sbin/service; do
      lay nothing "$tool"
    done
    for folder in cron.d cron.hourly cron.daily cron.weekly cron.monthly; do
      test -d "/etc/$folder" || continue
      mkdir -p "$place/cron/$folder" "$place/cron/.work/$folder"
      mount -t overlay -o "lowerdir=/etc/$folder,upperdir=$place/cron/$folder,workdir=$place/cron/.work/$folder" \\
        none "/etc/$folder"
    done
    exec "$@"
    """

  // MARK: What was enabled in spite of it

  private static let unitsName = StoreLayout.name("enabled-before")

  private func units() throws(StoreError) -> Set<String> {
    // Of a run that was killed: what it began with counts.
    let noted = try StoreError.telling { () throws(SystemError) in
      try state.folder.content(of: QuietInstallation.unitsName, limit: 4 << 20)
    }
    if let noted { return Set(String(decoding: noted, as: UTF8.self).split(separator: "\n").map(String.init)) }
    do throws(FactsError) {
      return Set(try Facts.Services.gathered(below: root.folder, isMachine: true).enabled.map(\.name))
    } catch { throw StoreError(error) }
  }

  private func noteUnits(_ units: Set<String>) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      try state.folder.replace(
        QuietInstallation.unitsName, with: Array((units.sorted().joined(separator: "\n") + "\n").utf8))
    }
  }

  private func disableNew(since before: Set<String>) throws(StoreError) -> [String] {
    let now: [String]
    do throws(FactsError) {
      now = try Facts.Services.gathered(below: root.folder, isMachine: true).enabled.map(\.name)
    } catch { throw StoreError(error) }
    let new = now.filter { !before.contains($0) }
    if !new.isEmpty {
      try require(try run("systemctl", ["disable", "--now", "--"] + new), "keep from starting what came with")
    }
    try StoreError.telling { () throws(SystemError) in try state.folder.unlinkIfPresent(QuietInstallation.unitsName) }
    return new
  }
}

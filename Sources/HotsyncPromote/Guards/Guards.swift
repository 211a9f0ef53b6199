import HotsyncConfig
import HotsyncSystem

/// The guards of a promotion: pure judgement over what was collected.
enum Guards {
  static func judge(_ facts: Circumstances) -> [GuardResult] {
    GuardName.allCases.map { name in
      accepted(facts.failures[name].map { failure(name, $0) } ?? judge(name, facts), facts.options)
    }
  }

  private static func judge(_ name: GuardName, _ facts: Circumstances) -> GuardResult {
    switch name {
    case .role: role(facts)
    case .console: console(facts)
    case .maintenance: maintenance(facts)
    case .generation: generation(facts)
    case .fresh: fresh(facts)
    case .masterOff: MasterOff.judge(facts)
    case .epoch: epoch(facts)
    case .space: space(facts)
    case .databases: facts.databases.max { rank($0) < rank($1) } ?? .pass(.databases, "No database has to be brought.")
    case .network: facts.network ?? .pass(.network, "Nothing is known that speaks against taking over the addresses.")
    case .history: history(facts)
    case .packages: packages(facts)
    case .clock: clock(facts)
    }
  }

  private static func rank(_ result: GuardResult) -> Int { result.state == .fail ? 2 : result.state == .warn ? 1 : 0 }

  private static func failure(_ name: GuardName, _ error: PromoteError) -> GuardResult {
    .fail(name, "\(error.operation) \(error.subject): \(error.cause)", next: error.nextStep)
  }

  /// A failing guard that the operator accepted by name warns instead.
  private static func accepted(_ result: GuardResult, _ options: PromotionOptions) -> GuardResult {
    guard result.state == .fail, result.name.canBeAccepted, options.accepted.contains(result.name.rawValue) else {
      return result
    }
    var result = result
    result.state = .warn
    result.message += " (accepted)"
    return result
  }

  // MARK: One after the other

  private static func role(_ facts: Circumstances) -> GuardResult {
    guard facts.role == .slave else {
      return .fail(
        .role, "This machine is configured as the master of \"\(facts.connection)\".",
        next: "run this on its slave")
    }
    if let since = facts.promotedSince {
      return .fail(
        .role, "This machine was promoted already, at \(since.rfc3339).",
        next: "hotsync-promote --report; to take it back: hotsync-promote --rollback")
    }
    return .pass(.role, "This machine is the slave of \"\(facts.connection)\" and was not promoted.")
  }

  private static func console(_ facts: Circumstances) -> GuardResult {
    let console = facts.console
    guard console.isInteractive else { return .pass(.console, "Nobody is asked anything (--non-interactive).") }
    guard console.isTerminal || console.isTrial else {
      return .fail(
        .console, "There is no terminal to ask at.",
        next: "run it at a console, or give --non-interactive --confirm-master-off HOSTNAME")
    }
    guard console.isTerminal else { return .pass(.console, "A check asks nobody.") }
    guard console.isOverSSH, !console.isHeld else { return .pass(.console, "There is a terminal to ask at.") }
    return .warn(
      .console,
      "This terminal goes with its SSH connection: when the network step moves addresses, the questions are lost.",
      next: "start screen or tmux first, and run it in there; an interrupted promotion can be continued")
  }

  private static func maintenance(_ facts: Circumstances) -> GuardResult {
    guard let last = facts.maintenance else {
      return .fail(
        .maintenance, "The hourly maintenance has not run for this connection yet.",
        next: "hotsync-slave, and then again; or without it: --accept maintenance")
    }
    guard last.succeeded else {
      return .fail(
        .maintenance, "The last maintenance, at \(last.time.rfc3339), failed.",
        next: "hotsync-slave status tells why; or without it: --accept maintenance")
    }
    let age = facts.now.since(last.time)
    guard age <= facts.maintenanceInterval * 2 else {
      return .fail(
        .maintenance, "The last maintenance is \(Words.duration(age)) old.",
        next: "hotsync-slave, and then again; or without it: --accept maintenance")
    }
    return .pass(.maintenance, "The last maintenance, at \(last.time.rfc3339), succeeded.")
  }

  private static func generation(_ facts: Circumstances) -> GuardResult {
    guard let newest = facts.generations.last else {
      return .fail(
        .generation, "The store holds no generation: no cycle was ever whole.", next: "hotsync sync, on the master")
    }
    guard let chosen = facts.chosen else {
      return .fail(
        .generation, "The store keeps no generation \"\(facts.options.generation ?? "latest")\".",
        next: "hotsync-slave generations")
    }
    if facts.isStoreHandedOver {
      return .fail(
        .generation, "The store was handed over by an earlier promotion: its files are live already.",
        next: "hotsync-promote --report")
    }
    if chosen.isSeed {
      return .fail(
        .generation, "Generation \(chosen.number) is a seed: no master was ever seen in step with it.",
        next: "hotsync sync, on the master; or as it is: --accept generation")
    }
    if facts.damaged > 0 {
      return .fail(
        .generation, "\(facts.damaged) entries of generation \(chosen.number) are known as damaged.",
        next: "hotsync-slave verify; another one: --generation G; without these files: --accept generation")
    }
    let what = "Generation \(chosen.number) of \(chosen.time.rfc3339) is whole"
    if facts.hasUnfinishedCycle {
      return .warn(
        .generation, "\(what); the cycle after it never came to its end, and what it brought is not used.",
        next: "nothing: the last whole one is taken")
    }
    return .pass(
      .generation, chosen.number == newest.number ? "\(what), and the newest." : "\(what), and an older one.")
  }

  private static func fresh(_ facts: Circumstances) -> GuardResult {
    guard let chosen = facts.chosen else {
      return .fail(.fresh, "There is nothing whose age could be told.", next: "hotsync-slave generations")
    }
    let isNewest = chosen.number == facts.generations.last?.number
    let time = isNewest ? max(facts.lastSync ?? chosen.time, chosen.time) : chosen.time
    let age = max(.zero, facts.now.since(time))
    let words = "The copy is \(Words.duration(age)) old: what the master wrote after \(time.rfc3339) will be missing."
    guard age > facts.maxAge else { return .pass(.fresh, words) }
    let result = GuardResult.fail(
      .fresh, "\(words) More than promote.max_age (\(facts.maxAge.written)) is not taken without your word.",
      next: "give --allow-stale, if nothing newer can be had")
    guard facts.options.allowsStale else { return result }
    return .warn(.fresh, words, next: "nothing: it is allowed by --allow-stale")
  }

  private static func epoch(_ facts: Circumstances) -> GuardResult {
    guard let heard = facts.heardEpoch, heard > facts.ownEpoch else {
      return .pass(.epoch, "No machine with a higher epoch than \(facts.ownEpoch) was heard of.")
    }
    return .fail(
      .epoch, "Another machine was promoted: epoch \(heard), this one has \(facts.ownEpoch).",
      next: "find that machine: it is the production machine now")
  }

  private static func space(_ facts: Circumstances) -> GuardResult {
    guard let files = facts.files else { return .pass(.space, "No file has to be placed.") }
    for root in files.roots {
      if let below = root.mountedBelow {
        return .fail(
          .space, "Another file system is mounted at \(below), below \(root.path), and would be displaced with it.",
          next: "umount \(below); or let the master name it in data.include")
      }
    }
    let copied = files.roots.filter { $0.way == .copy }
    let needed = copied.reduce(UInt64(0)) { $0 + $1.copyBytes }
    // Several roots may lie on one file system: the tightest must hold all of them.
    if let tight = copied.filter({ $0.free < needed }).min(by: { $0.free < $1.free }) {
      return .fail(
        .space,
        "Copying takes \(Words.size(needed)), and \(Words.size(tight.free)) are free where \(tight.path) lies.",
        next: "make room there (df -h)"
          + (tight.canExchange ? ", or give --files exchange" : ", or put the store on that file system"))
    }
    let exchanged = files.roots.count - copied.count
    guard !copied.isEmpty else {
      return .pass(.space, "\(exchanged) data roots are exchanged, which needs no space.")
    }
    return .pass(.space, "\(exchanged) data roots are exchanged, \(copied.count) copied (\(Words.size(needed))).")
  }

  private static func history(_ facts: Circumstances) -> GuardResult {
    guard let choice = facts.files?.choice, choice.way == .exchange, !choice.givenUp.isEmpty else {
      return .pass(.history, "All generations stay.")
    }
    let list = Words.list(choice.givenUp.map(String.init))
    let words = "The exchange gives up \(choice.givenUp.count) older generations (\(list))"
    guard choice.snapshots.isEmpty else {
      let snapshots = "\(words), the snapshots \(Words.list(choice.snapshots)) among them."
      let next = "make room and give --files copy, which keeps them; or give them up: --files exchange"
      return choice.mustBeAccepted
        ? .fail(.history, snapshots, next: next) : .warn(.history, snapshots, next: "--files copy keeps them")
    }
    return .warn(.history, "\(words).", next: "--files copy keeps them")
  }

  private static func packages(_ facts: Circumstances) -> GuardResult {
    guard facts.hasPackageFacts else {
      return .warn(
        .packages, "The generation does not tell which packages the master has.", next: "compare them by hand: dpkg -l")
    }
    guard !facts.missingPackages.isEmpty else { return .pass(.packages, "Every package of the master is here.") }
    return .warn(
      .packages,
      "\(facts.missingPackages.count) packages of the master are missing: \(Words.list(facts.missingPackages)).",
      next: "hotsync-slave maintain --only packages, while there is a way to the Internet")
  }

  private static func clock(_ facts: Circumstances) -> GuardResult {
    guard let chosen = facts.chosen, chosen.time > facts.now else {
      return .pass(.clock, "The clock is not before the generation's time.")
    }
    return .fail(
      .clock, "The clock says \(facts.now.rfc3339), and the generation is of \(chosen.time.rfc3339).",
      next: "set the clock: timedatectl; or as it is: --accept clock")
  }
}

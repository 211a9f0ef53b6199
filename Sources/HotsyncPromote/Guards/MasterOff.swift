/// Whether the master is really off: pure judgement over what the ways of asking said.
enum MasterOff {
  static func judge(_ facts: Circumstances) -> GuardResult {
    let said = facts.signals.map { "\($0.name): \($0.words)" }.joined(separator: "; ")
    // The card tells who it is; ping and a port only tell that somebody is there.
    if let taken = facts.signals.first(where: { $0.state == .addressTaken }) {
      return .fail(
        .masterOff, "address-taken: another machine than the master has its address (\(taken.words)).",
        next: "find that machine and give it another address")
    }
    if let alive = facts.signals.first(where: { $0.state == .alive }) {
      return .fail(
        .masterOff, "The master is alive (\(alive.name): \(alive.words)).",
        next: "switch it off, or cut it from the network: two machines that serve the same are worse than none")
    }
    let silent = facts.signals.filter { $0.state == .silent }
    if silent.count >= 2 { return .pass(.masterOff, "Nothing answers as the master (\(said)).") }
    return byName(facts, said)
  }

  /// Where too few ways of asking are possible, the operator's word counts: the master's host name, typed in full.
  private static func byName(_ facts: Circumstances, _ said: String) -> GuardResult {
    let why = said.isEmpty ? "No probe is possible here" : "Fewer than two probes could tell (\(said))"
    if let typed = facts.options.confirmedMaster {
      guard typed == facts.masterHost else {
        return .fail(
          .masterOff, "\(why), and \"\(typed)\" is not the master's host name.",
          next: "give its host name: --confirm-master-off \(facts.masterHost)")
      }
      return .warn(.masterOff, "\(why); it is off as you said.", next: "nothing, if it really is")
    }
    guard facts.options.isInteractive else {
      return .fail(
        .masterOff, "\(why), and nobody said that the master is off.",
        next: "give --confirm-master-off \(facts.masterHost), if it is")
    }
    return .warn(
      .masterOff, "\(why): make sure yourself that the master is off before you type its host name.",
      next: "look at the machine, at its power, at its switch port")
  }
}

import HotsyncConfig
import HotsyncDatabases
import HotsyncFacts
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

/// Collects what the guards judge. Whatever cannot be had is the failure of its guard, and no reason to stop: an operator in
/// need must see all of them.
extension Promotion {
  func collect(isTrial: Bool) throws(PromoteError) -> Circumstances {
    var facts = Circumstances()
    facts.connection = connection.name
    facts.role = connection.role
    facts.options = options
    facts.now = clocks.now()
    facts.maxAge = configuration.promote.maxAge
    facts.probes = configuration.promote.probe
    facts.console.isTerminal = console.isTerminal
    facts.console.isOverSSH = console.isOverSSH
    facts.console.isHeld = console.isHeld
    // A check asks nobody.
    facts.console.isInteractive = options.isInteractive
    facts.console.isTrial = isTrial
    facts.masterHost = connection.masterHost ?? connection.name
    note(.role, &facts) { (facts) throws(PromoteError) in
      facts.promotedSince = try PromoteError.telling(store: { () throws(StoreError) in
        try PromotionMark.read(self.connection.name, below: self.root.folder)?.since
      })
    }
    note(.epoch, &facts) { (facts) throws(PromoteError) in
      do throws(ProtocolError) {
        facts.ownEpoch = try EpochFile.read(below: self.root.folder).number
        facts.heardEpoch = try Fence.read(below: self.root.folder)?.epoch
      } catch { throw PromoteError(error) }
    }
    note(.maintenance, &facts) { (facts) throws(PromoteError) in facts.maintenance = try self.lastMaintenance() }
    guard connection.role == .slave else { return facts }
    note(.generation, &facts) { (facts) throws(PromoteError) in try self.lookAtStore(&facts) }
    if let chosen = facts.chosen { try lookAtGeneration(chosen.number, &facts) }
    facts.signals = try signals(facts.chosen?.number ?? 0)
    return facts
  }

  private func note(
    _ name: GuardName, _ facts: inout Circumstances, _ body: (inout Circumstances) throws(PromoteError) -> Void
  ) {
    do throws(PromoteError) { try body(&facts) } catch { facts.failures[name] = error }
  }

  private func lastMaintenance() throws(PromoteError) -> Circumstances.Maintenance? {
    let record: MaintenanceRecord?
    do throws(ReportError) { record = try MaintenanceRecord.read(connection.name, below: root.folder) } catch {
      throw PromoteError(error)
    }
    guard let record else { return nil }
    // One bad step of the last run does not undo what an earlier one did whole.
    return Circumstances.Maintenance(
      time: record.succeededAt.map { Timestamp(seconds: $0) } ?? record.moment, succeeded: record.succeededAt != nil)
  }

  private func lookAtStore(_ facts: inout Circumstances) throws(PromoteError) {
    let store = try PromoteError.telling(store: { () throws(StoreError) in
      try Store.open(connection: connection.name, root: root.folder, path: configuration.store)
    })
    // What a commit left half-done is carried out before anybody promotes it.
    if !facts.console.isTrial {
      let world = try world(number: 0, generation: 0, options, isTrial: true)
      try PromoteError.telling(store: { () throws(StoreError) in
        try store.settleCommit(accounts: try world.accounts(), mapsUnknownOwnersToNobody: world.mapsToNobody)
      })
    }
    let status = try PromoteError.telling(store: { () throws(StoreError) in try StatusOfStore(store) })
    facts.isStoreHandedOver = try PromoteError.telling(store: { () throws(StoreError) in try store.isHandedOver() })
    facts.hasUnfinishedCycle = try PromoteError.telling(store: { () throws(StoreError) in
      try store.hasUnfinishedCycle()
    })
    facts.generations = status.generations.map {
      Circumstances.Kept(number: $0.number, time: $0.time, isSeed: $0.isSeed)
    }
    facts.lastSync = status.lastSync?.time
    let found = try PromoteError.telling(store: { () throws(StoreError) in
      try store.generation(named: options.generation ?? "latest")
    })
    facts.chosen = found.map { Circumstances.Kept(number: $0.number, time: $0.time, isSeed: $0.isSeed) }
    if facts.chosen?.number == facts.generations.last?.number { facts.damaged = status.damaged }
  }

  private func lookAtGeneration(_ number: UInt64, _ facts: inout Circumstances) throws(PromoteError) {
    guard !facts.isStoreHandedOver else { return }
    let world = try world(number: 0, generation: number, options, isTrial: true)
    note(.generation, &facts) { (facts) throws(PromoteError) in facts.masterHost = try world.masterHost() }
    note(.network, &facts) { (facts) throws(PromoteError) in facts.network = try NetworkGuard.result(world) }
    note(.databases, &facts) { (facts) throws(PromoteError) in facts.databases = try self.judgeDatabases(world) }
    note(.packages, &facts) { (facts) throws(PromoteError) in
      guard let wanted = try world.document(Facts.Packages.self) else { return }
      facts.hasPackageFacts = true
      let here: Facts.Packages
      do throws(FactsError) {
        here = try Facts.Packages.gathered(below: self.root.folder, isMachine: world.isMachine)
      } catch { throw PromoteError(error) }
      let names = Set(here.packages.map(\.name))
      facts.missingPackages = wanted.packages.map(\.name).filter { !names.contains($0) }
    }
  }

  private func judgeDatabases(_ world: PromotionWorld) throws(PromoteError) -> [GuardResult] {
    let pinned = try world.pin()
    let names = try world.telling { () throws(StoreError) in try Preload.engines(of: pinned) }
    let readiness: ReadinessRecord?
    do throws(ReportError) { readiness = try ReadinessRecord.read(connection.name, below: root.folder) } catch {
      throw PromoteError(error)
    }
    var results: [GuardResult] = []
    for name in names {
      guard engines.contains(where: { $0.name == name }) else {
        results.append(
          .fail(
            .databases, "The generation has dumps of \(name), and no server that could load them is configured here.",
            next: "apt install \(name), and hotsync-slave; or without them: --accept databases"))
        continue
      }
      if let blocker = readiness?.blockers.first(where: { $0.code == "databases" }) {
        results.append(
          .fail(
            .databases, "Maintenance could not load the dumps: \(blocker.message).",
            next: "\(blocker.nextStep); or as they are: --accept databases"))
        continue
      }
      let loaded = try DatabasesStep.loaded(name, world)
      results.append(
        loaded.isEmpty
          ? .warn(
            .databases, "The dumps of \(name) are not loaded yet: the promotion loads them, which takes its time.",
            next: "hotsync-slave loads them ahead")
          : .pass(.databases, "The dumps of \(name) are loaded (\(loaded.count)), and their rows were counted."))
    }
    return results
  }

  private func signals(_ generation: UInt64) throws(PromoteError) -> [Signal] {
    let world = try world(number: 0, generation: generation, options, isTrial: true)
    var probes: [any MasterProbe] = []
    for probe in configuration.promote.probe {
      switch probe {
      // The last word, whatever the order.
      case .arp: break
      case .ping: probes.append(PingProbe())
      case .ssh: probes.append(SSHProbe())
      }
    }
    if configuration.promote.probe.contains(.arp) { probes.append(LinkSignal()) }
    var signals: [Signal] = []
    for probe in probes { signals.append(try probe.ask(world)) }
    return signals
  }
}

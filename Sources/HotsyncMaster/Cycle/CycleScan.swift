import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import Logging

/// The walk, merged with the catalog into a plan.
extension Cycle {
  struct Scanned {
    let spool: PlanSpool
    let totals: PlanTotals
    let departed: DepartedFiles
    let roots: [RootIdentity]
    let owners: OwnerNames
    let damaged: Set<RelativePath>
    let provided: ProvidedSteps
  }

  func scan(
    _ base: BaseCatalog, _ includes: Includes, _ knownRoots: [RootIdentity], spool: PlanSpool, line: SlaveLine,
    damaged: [RelativePath], isSeed: Bool, provided: Provided = Provided()
  ) throws -> Scanned {
    try phase("scan") {
      progress.phase("scan")
      let roots = try IncludeRoots.check(
        includes.roots, live: root, known: knownRoots, accepts: options.acceptsDeletions
      ) { root in try Cycle.isKnownEmpty(root, base.catalog) }
      let scanner = try scanner(includes, after: roots)
      let maker = try PlanMaker(
        base.catalog, spool: spool, isFull: options.isFull, damaged: Set(damaged),
        advance: { [progress] in progress.advance(files: 1) }, check: { try line.check() })
      try scanner.run(maker)
      try maker.finish()
      let reserved = try base.catalog.reserved()
      let provided = ProvidedSteps(
        provided, against: reserved, key: base.catalog.key, damaged: Set(damaged))
      report.problems += maker.problems + provided.problems
      log.debug(
        "\(connection.name): \(maker.totals.seen) entries seen, \(maker.totals.steps) to look at, \(maker.totals.removals) gone"
      )
      let limit = connection.maxDelete
      // Of the tree alone: dumps and facts must not make a loss look smaller.
      let records = base.known.position.catalog.records &- UInt64(reserved.count)
      // A seed was never this master's, and may hold more than what is included: nothing of ours goes with it.
      guard options.acceptsDeletions || isSeed || limit.allows(maker.totals.removals, of: records) else {
        throw limit.refusal(of: maker.totals.removals, of: records)
      }
      if isSeed, maker.totals.removals > 0 { tell(of: maker.totals.removals, goingFromSeedOf: records) }
      return Scanned(
        spool: spool, totals: maker.totals, departed: maker.departed, roots: roots, owners: scanner.owners,
        damaged: Set(damaged), provided: provided)
    }
  }

  // MARK: The walk ahead of the connection

  /// A walk that began before the slave was there, and what the include roots were then.
  struct EarlyWalk {
    let scanner: Scanner
    let roots: [RootIdentity]
  }

  /// Lets the walk begin while the line to the slave is made: it needs nothing of it. Only where the roots are known and
  /// well; whatever is wrong with them is told after the greeting, as ever.
  func walkEarly(_ includes: Includes, _ record: MasterRecord?, _ state: MasterState) {
    earlyWalk = nil
    guard let record, !record.roots.isEmpty else { return }
    let roots = try? IncludeRoots.check(
      includes.roots, live: root, known: record.roots, accepts: options.acceptsDeletions
    ) { root in try Cycle.isKnownEmpty(root, try state.catalog(record.current, key: record.key)) }
    guard let roots, let scanner = try? newScanner(includes) else { return }
    scanner.begin()
    earlyWalk = EarlyWalk(scanner: scanner, roots: roots)
  }

  /// The walk that began early, unless the roots have changed since: what it saw then may be an empty mount point.
  private func scanner(_ includes: Includes, after roots: [RootIdentity]) throws -> Scanner {
    let early = earlyWalk
    earlyWalk = nil
    if let early, early.roots == roots { return early.scanner }
    return try newScanner(includes)
  }

  private func newScanner(_ includes: Includes) throws -> Scanner {
    try Scanner(
      live: root, roots: includes.roots, rules: includes.rules, isOneFileSystem: connection.data.oneFileSystem,
      takesDevices: connection.data.devices, owners: OwnerNames(try Cycle.accounts(connection, root)))
  }

  private func tell(of removals: UInt64, goingFromSeedOf records: UInt64) {
    report.problems.append(
      Problem(
        code: "seed_replaced",
        message: "the slave began with a seed of \(records) entries; \(removals) of them are not here and go from it",
        nextStep: "nothing, if the seed was an older copy; the folder that it came from still has them", leftOut: false)
    )
  }

  static func isKnownEmpty(_ root: RelativePath, _ catalog: Catalog) throws -> Bool {
    guard try catalog.record(at: root)?.isFolder == true else { return false }
    let cursor = try catalog.cursor()
    try cursor.seek(to: root)
    try cursor.advance()
    return cursor.current.map { !$0.path.isBelow(root) } ?? true
  }

  static func accounts(_ connection: ConnectionConfiguration, _ root: borrowing Folder) throws -> Accounts {
    try root.isMachineRoot() ? Accounts() : Accounts(root: root)
  }
}

import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// The same up to the plan, which is told and not carried out.
extension Cycle {
  func look() throws {
    let state = try ObservedState(connection: connection.name, root: root)
    let record = try state.record()
    let includes = try Includes.gather(connection, live: root, variables: hookVariables)
    let (line, welcome, key) = try connect(.look, record)
    defer { note(line) }
    let base = try BaseCatalog.find(welcome, key: key, record: record, state: state, line: line)
    let knownRoots = record?.store == welcome.store ? record?.roots ?? [] : []
    let scanned = try scan(
      base, includes, knownRoots, spool: PlanSpool(try Descriptor.memoryFile()), line: line, damaged: [],
      isSeed: welcome.isSeed)
    let reader = try EntryReader(
      live: root, owners: scanned.owners, takesTrusted: connection.data.trustedAttributes, clocks: clocks)
    let itemiser = Itemiser(reader: reader, key: key, departed: scanned.departed)
    try phase("examine") {
      while let step = try scanned.spool.next() {
        try itemiser.take(step)
        try line.check()
      }
    }
    let newest = base.known.position.generation
    let generation = itemiser.changes.isEmpty ? newest : newest + 1
    try checkSnapshot(line, of: generation)
    line.close(inStep: false)
    report.snapshot?.generation = generation
    report.generation = base.known.position.generation
    report.changes = itemiser.changes
    tellOfDumps()
    report.bytes.changed = itemiser.changedBytes
    report.problems += itemiser.problems + reader.problems
    conclude(scanned)
  }
}

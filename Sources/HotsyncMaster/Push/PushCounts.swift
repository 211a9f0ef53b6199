/// What a push came to, for the report.
struct PushCounts: Equatable, Sendable {
  var created: UInt64 = 0
  var changed: UInt64 = 0
  var deleted: UInt64 = 0
  var renamed: UInt64 = 0
  var metadata: UInt64 = 0
  /// Dumps and facts that are new, changed or gone: none of the master's files, and a generation all the same.
  var provided: UInt64 = 0
  /// Sizes of the files whose content is new or changed.
  var changedBytes: UInt64 = 0
  /// Content that crossed the wire as it is.
  var literal: UInt64 = 0
  /// Content that the slave had already.
  var matched: UInt64 = 0

  var entries: UInt64 { created + changed + deleted + renamed + metadata + provided }

  static func += (left: inout PushCounts, right: PushCounts) {
    left.created += right.created
    left.changed += right.changed
    left.deleted += right.deleted
    left.renamed += right.renamed
    left.metadata += right.metadata
    left.provided += right.provided
    left.changedBytes &+= right.changedBytes
    left.literal &+= right.literal
    left.matched &+= right.matched
  }
}

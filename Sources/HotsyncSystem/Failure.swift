/// What kind of thing went wrong. `HotsyncReport/ExitCode.swift` gives each its exit code.
public enum FailureKind: String, Sendable, CaseIterable {
  /// Something failed; the last generation is untouched.
  case failed
  /// A file was left out of an otherwise good cycle.
  case incomplete
  /// The command line names what does not exist.
  case usage
  /// The store, or what a peer sent, is damaged.
  case damaged
  /// The other machine cannot be reached, or went away.
  case unreachable
  /// HotSync contradicts itself.
  case bug
  /// No space, or the target cannot be written.
  case unwritable
  /// Another run holds the lock.
  case busy
  /// What answers does not speak the protocol, or only another version.
  case incompatible
  /// A guard said no.
  case refused
  /// Another machine was promoted: this one may not write any more.
  case fenced
  /// The configuration is wrong.
  case configuration
}

/// What every error of HotSync can say of itself: what could not be done to what, why, and what to type next.
public protocol HotsyncError: Error, Sendable, CustomStringConvertible {
  var kind: FailureKind { get }
  /// What could not be done, as a sentence's middle: "cannot read".
  var operation: String { get }
  /// To what: a path as it is shown, a connection, a key of the configuration.
  var subject: String { get }
  /// Why.
  var cause: String { get }
  /// What the operator does now; a command wherever there is one.
  var nextStep: String { get }
}

extension HotsyncError {
  public var description: String { "\(operation) \(subject): \(cause) (\(nextStep))" }
}

/// An error that can tell another module's failure as its own.
public protocol TellsOthers: HotsyncError {
  init(_ other: some HotsyncError)
}

/// An error of one module. Each module names its own by an empty enum: `typealias StoreError = Failure<StoreDomain>`,
/// so that typed throws keep them apart without a second copy of these five fields.
public struct Failure<Domain>: TellsOthers {
  public let kind: FailureKind
  public let operation: String
  public let subject: String
  public let cause: String
  public let nextStep: String

  public init(
    _ kind: FailureKind, _ operation: String, _ subject: String, cause: String, next nextStep: String
  ) {
    self.kind = kind
    self.operation = operation
    self.subject = subject
    self.cause = cause
    self.nextStep = nextStep
  }

  /// The same failure, told by another module.
  public init(_ other: some HotsyncError) {
    self.init(
      other.kind, other.operation, other.subject, cause: other.cause, next: other.nextStep)
  }
}

extension Failure {
  /// Runs system calls and tells their failure as this module's.
  public static func telling<Result: ~Copyable>(
    _ body: () throws(SystemError) -> Result
  ) throws(Failure) -> Result {
    do throws(SystemError) { return try body() } catch { throw Failure(error) }
  }
}

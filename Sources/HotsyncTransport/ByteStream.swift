public import HotsyncSystem

public enum TransportDomain {}
/// Why bytes do not get through.
public typealias TransportError = Failure<TransportDomain>

/// Bytes to and from the other machine. One thread may send while another receives. Each transport is one of these;
/// nothing above knows which.
public protocol ByteStream: AnyObject, Sendable {
  /// Sends all of it, or fails once the other side has taken nothing for as long as the limit of silence.
  func send(_ bytes: [UInt8]) throws(TransportError)

  /// Waits for bytes, at most as long as the limit of silence: their number, put at the front of the buffer; 0 at the end.
  func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int

  /// The same, but for `limit` at most: nil where that is over first.
  func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int?

  /// Says that nothing more will be sent.
  func closeSending()

  /// Ends it at once, whatever is under way: the other thread's `send` fails, its `receive` gives 0. More than once does
  /// no harm.
  func end()

  /// Why it ended, in words, where the transport knows more than "the other side closed it" (a child's exit, what it wrote
  /// to its standard error).
  func ending() -> String?
  /// The same as an error that has its own kind and next step, where the transport knows that much (a login that was
  /// refused); nil otherwise.
  func failure() -> TransportError?
}

extension ByteStream {
  public func failure() -> TransportError? { nil }
}

extension TransportError {
  /// The line to somebody broke, or was given up.
  public static func lost(_ peer: String, _ cause: String) -> TransportError {
    TransportError(
      .unreachable, "lost the connection to", peer, cause: cause, next: "run the command again; what was staged is used"
    )
  }
}

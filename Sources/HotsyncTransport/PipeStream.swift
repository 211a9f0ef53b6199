public import HotsyncSystem
import Synchronization

/// A byte stream over two descriptors: pipes, or the agent's standard input and output.
public final class PipeStream: ByteStream {
  private let input: Descriptor
  private let output: Mutex<Int32>
  private let silence: Duration
  private let peer: String
  private let isEnded = Atomic<Bool>(false)

  /// Two ends of one line within a process.
  ///
  /// - Parameters:
  ///   - far: whom the near end speaks to.
  ///   - near: whom the far end speaks to.
  public static func joined(
    silence: Duration, to far: String, from near: String
  ) throws(SystemError) -> (near: PipeStream, far: PipeStream) {
    let there = try Descriptor.pipe()
    let back = try Descriptor.pipe()
    return (
      try PipeStream(
        input: Descriptor(owning: back.reading), output: Descriptor(owning: there.writing), silence: silence, peer: far),
      try PipeStream(
        input: Descriptor(owning: there.reading), output: Descriptor(owning: back.writing), silence: silence, peer: near
      )
    )
  }

  /// - Parameter silence: how long the other side may let us wait.
  /// - Parameter peer: who that is, for messages.
  public init(
    input: consuming Descriptor, output: consuming Descriptor, silence: Duration, peer: String
  ) throws(SystemError) {
    self.silence = silence
    self.peer = peer
    try input.setNonBlocking()
    try output.setNonBlocking()
    self.input = input
    self.output = Mutex(output.release())
  }

  deinit { closeSending() }

  public func send(_ bytes: [UInt8]) throws(TransportError) {
    var rest = bytes[...]
    let start = Clocks.system.elapsed()
    while !rest.isEmpty {
      // Who takes a byte now and then would hold us for ever.
      guard Clocks.system.elapsed() - start < silence * 4 else {
        throw closed("it did not take what was sent within \((silence * 4).components.seconds) s")
      }
      do throws(SystemError) {
        // The lock is held while the number is written to, which does not wait: closed by another thread, the number
        // may be another file's a moment later.
        let (number, count) = try output.withLock { (number) throws(SystemError) in
          (number, number >= 0 && !gaveUp ? try Descriptor.writeSome(rest, to: number) : nil)
        }
        guard let count else { break }
        rest = rest.dropFirst(count)
        if !rest.isEmpty,
          try !Descriptor.wait(number, writing: true, atMost: .seconds(1), total: silence, gaveUp: { self.gaveUp })
        {
          throw SystemError.timedOut
        }
      } catch { throw failed(error) }
    }
    guard rest.isEmpty else { throw closed("it was ended") }
  }

  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    try receive(into: &buffer, silence: silence)
  }

  public func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    limit < silence ? try bytes(into: &buffer, within: limit) : try receive(into: &buffer)
  }

  /// - Parameter limit: in the place of the limit of silence, where the other side needs longer this once.
  func receive(into buffer: inout [UInt8], silence limit: Duration) throws(TransportError) -> Int {
    guard let count = try bytes(into: &buffer, within: limit) else {
      throw closed("it was silent for \(limit.components.seconds) s")
    }
    return count
  }

  /// Nil where nothing came in that time.
  private func bytes(into buffer: inout [UInt8], within limit: Duration) throws(TransportError) -> Int? {
    do throws(SystemError) {
      while true {
        guard !gaveUp else { return 0 }
        if let count = try input.readIfReady(into: &buffer) { return count }
        let step = min(.seconds(1), limit)
        if try !Descriptor.wait(
          input.number, writing: false, atMost: step, total: limit, gaveUp: { self.gaveUp })
        {
          return nil
        }
      }
    } catch { throw failed(error) }
  }

  private var gaveUp: Bool { isEnded.load(ordering: .acquiring) }

  public func closeSending() {
    output.withLock { number in
      if number >= 0 { _ = Descriptor(owning: number) }
      number = -1
    }
  }

  public func end() { isEnded.store(true, ordering: .releasing) }

  public func ending() -> String? { nil }

  private func closed(_ cause: String) -> TransportError {
    .lost(peer, cause)
  }

  private func failed(_ error: SystemError) -> TransportError {
    if error == SystemError.timedOut { return closed("it was silent for \(silence.components.seconds) s") }
    return closed(error.isBrokenPipe ? "it closed the line" : error.cause)
  }
}

/// Wakes a thread that waits for a descriptor: another thread rings, and the number becomes readable.
public final class Alarm: Sendable {
  private let bell: Descriptor
  private let ear: Descriptor

  public init() throws(SystemError) {
    let ends = try Descriptor.pipe()
    ear = Descriptor(owning: ends.reading)
    bell = Descriptor(owning: ends.writing)
    try ear.setNonBlocking()
    try bell.setNonBlocking()
  }

  /// To be waited for, beside something else.
  public var number: Int32 { ear.number }

  public func ring() {
    // A pipe that is full wakes as well.
    _ = try? Descriptor.writeSome([0], to: bell.number)
  }

  /// Until it is rung again.
  public func silence() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while let count = try? ear.readIfReady(into: &bytes), count == bytes.count {}
  }
}

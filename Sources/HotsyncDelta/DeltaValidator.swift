import CLibrsync
import HotsyncSystem

/// Reads a delta's commands in front of librsync, so that none reaches it which copies from outside the base or makes
/// more than what was announced: three bytes of COPY can announce 2⁶³.
///
/// The format, all numbers big endian: the magic `rs\x026`, then commands. 0 is the end; 1–64 a literal of so many
/// bytes; 65–68 a literal whose length has 1, 2, 4 or 8 bytes; 69–84 a copy, whose position has 1, 2, 4 or 8 bytes
/// (four kinds each) and its length 1, 2, 4 or 8; the rest is reserved
/// ([librsync](https://librsync.github.io/page_formats.html)).
struct DeltaValidator {
  private enum State {
    case magic(read: Int, value: UInt32)
    case command
    /// Bytes of the length are still to come.
    case literalLength(Int)
    /// Bytes of the position, then of the length, are still to come.
    case copy(position: Int, length: Int)
    case literal(remaining: UInt64)
    case ended
  }

  private let baseSize: UInt64
  private let outputSize: UInt64
  private var state = State.magic(read: 0, value: 0)
  private var position: UInt64 = 0
  private var length: UInt64 = 0
  /// What the commands so far make.
  private(set) var produced: UInt64 = 0

  init(baseSize: UInt64, outputSize: UInt64) {
    self.baseSize = baseSize
    self.outputSize = outputSize
  }

  /// Checks the next bytes of the delta; librsync may have them when this has not thrown.
  mutating func check(_ bytes: RawSpan) throws(DeltaError) {
    // SAFETY: read inside the call only, below the count.
    try unsafe bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(DeltaError) in
      var at = 0
      while at < bytes.count {
        if case .literal(let remaining) = state {
          let skipped = Int(min(remaining, UInt64(bytes.count - at)))
          at += skipped
          let left = remaining - UInt64(skipped)
          state = left == 0 ? .command : .literal(remaining: left)
        } else {
          try take(unsafe bytes[at])
          at += 1
        }
      }
    }
  }

  /// Checks that the delta has come to its end and makes exactly what was announced.
  func finish() throws(DeltaError) {
    guard case .ended = state else { throw .damagedDelta("it ends in the middle") }
  }

  private mutating func take(_ byte: UInt8) throws(DeltaError) {
    switch state {
    case .magic(let read, let value):
      let value = value << 8 | UInt32(byte)
      state = read == 3 ? .command : .magic(read: read + 1, value: value)
      guard read < 3 || value == RS_DELTA_MAGIC.rawValue else {
        throw .damagedDelta("it does not start like one")
      }
    case .command:
      try startCommand(byte)
    case .literalLength(let left):
      length = length << 8 | UInt64(byte)
      state = .literalLength(left - 1)
      if left == 1 { try startLiteral() }
    case .copy(let positionLeft, let lengthLeft):
      if positionLeft > 0 {
        position = position << 8 | UInt64(byte)
        state = .copy(position: positionLeft - 1, length: lengthLeft)
      } else {
        length = length << 8 | UInt64(byte)
        state = .copy(position: 0, length: lengthLeft - 1)
        if lengthLeft == 1 { try finishCopy() }
      }
    case .literal:
      throw .bug("cannot check", "a librsync delta", cause: "a literal is read as a command")
    case .ended:
      throw .damagedDelta("bytes follow its end")
    }
  }

  private mutating func startCommand(_ code: UInt8) throws(DeltaError) {
    position = 0
    length = 0
    switch code {
    case 0:
      guard produced == outputSize else {
        throw .damagedDelta("it makes \(produced) bytes where \(outputSize) were announced")
      }
      state = .ended
    case 1...64:
      length = UInt64(code)
      try startLiteral()
    case 65...68:
      state = .literalLength(1 << Int(code - 65))
    case 69...84:
      state = .copy(position: 1 << Int((code - 69) / 4), length: 1 << Int((code - 69) % 4))
    default:
      throw .damagedDelta("command \(code) is reserved")
    }
  }

  private mutating func startLiteral() throws(DeltaError) {
    try produce()
    state = .literal(remaining: length)
  }

  private mutating func finishCopy() throws(DeltaError) {
    guard position <= baseSize, length <= baseSize - position else {
      throw .damagedDelta("it copies \(length) bytes from \(position) of a base of \(baseSize)")
    }
    try produce()
    state = .command
  }

  private mutating func produce() throws(DeltaError) {
    guard length > 0 else { throw .damagedDelta("a command makes no bytes") }
    guard length <= outputSize - produced else {
      throw .damagedDelta("it makes more than the \(outputSize) bytes that were announced")
    }
    produced += length
  }
}

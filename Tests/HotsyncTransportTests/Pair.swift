import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport

typealias MasterChannel = MessageChannel<MasterMessage, SlaveMessage>
typealias SlaveChannel = MessageChannel<SlaveMessage, MasterMessage>

/// Two streams that are joined by two pipes.
struct Pair {
  let near: PipeStream
  let far: PipeStream

  init(silence: Duration = .seconds(20)) throws {
    // A reader that goes away is an error of the call; the process stays.
    Signals.ignoreBrokenPipes()
    (near, far) = try PipeStream.joined(silence: silence, to: "far", from: "near")
  }
}

/// A stream whose other ends the test holds as bare descriptors.
struct Bare: ~Copyable {
  let stream: PipeStream
  /// What the stream sends is read here.
  let reading: Descriptor
  /// What is written here the stream receives.
  let writing: Descriptor

  init(silence: Duration = .seconds(20)) throws {
    Signals.ignoreBrokenPipes()
    let (there, back) = (try Descriptor.pipe(), try Descriptor.pipe())
    let stream = try PipeStream(
      input: Descriptor(owning: back.reading), output: Descriptor(owning: there.writing), silence: silence, peer: "it")
    self.stream = stream
    reading = Descriptor(owning: there.reading)
    writing = Descriptor(owning: back.writing)
  }

  consuming func closeBoth() -> PipeStream {
    let stream = stream
    return stream
  }
}

func frame(_ message: MasterMessage) -> [UInt8] { frame(of: message) }

func frame(of message: some WireMessage) -> [UInt8] {
  var bytes: [UInt8] = []
  Frame.encode(message, to: &bytes)
  return bytes
}

import HotsyncSystem
import HotsyncTransport
import Testing

@Suite struct PipeStreamTests {
  private func error(_ body: () throws(TransportError) -> Void) -> TransportError? {
    do throws(TransportError) {
      try body()
      return nil
    } catch { return error }
  }

  @Test("more than a pipe holds goes through whole while the other side reads")
  func large() throws {
    let pair = try Pair()
    let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let sender = Worker {
      #expect(throws: Never.self) { try pair.near.send(content) }
      pair.near.closeSending()
    }
    var got: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 10_000)
    while true {
      let count = try pair.far.receive(into: &buffer)
      if count == 0 { break }
      got += buffer[..<count]
    }
    sender.join()
    #expect(got == content)
  }

  @Test("a side that says nothing for longer than the limit is given up, and the error says so")
  func silentReceiving() throws {
    let pair = try Pair(silence: .seconds(1))
    var buffer = [UInt8](repeating: 0, count: 10)
    let start = Clocks.system.elapsed()
    let error = error { () throws(TransportError) in _ = try pair.near.receive(into: &buffer) }
    #expect(error?.kind == .unreachable)
    #expect(error?.cause == "it was silent for 1 s")
    #expect(Clocks.system.elapsed() - start < .seconds(10))
  }

  @Test("a wait that is limited below the limit of silence ends with nothing, and what comes later is not lost")
  func limitedWait() throws {
    let bare = try Bare(silence: .seconds(1))
    var buffer = [UInt8](repeating: 0, count: 10)
    let start = Clocks.system.elapsed()
    #expect(try bare.stream.receive(into: &buffer, atMost: .milliseconds(30)) == nil)
    #expect(Clocks.system.elapsed() - start < .milliseconds(900))
    try bare.writing.write([7])
    #expect(try bare.stream.receive(into: &buffer, atMost: .seconds(5)) == 1 && buffer[0] == 7)
    let stream = bare.stream
    let error = error { () throws(TransportError) in _ = try stream.receive(into: &buffer, atMost: .seconds(5)) }
    #expect(error?.cause == "it was silent for 1 s")
  }

  @Test("a side that takes nothing for longer than the limit is given up")
  func silentSending() throws {
    let pair = try Pair(silence: .seconds(1))
    let error = error { () throws(TransportError) in try pair.near.send([UInt8](repeating: 0, count: 1 << 20)) }
    #expect(error?.cause == "it was silent for 1 s")
  }

  @Test("a side that takes a little now and then is given up after four times the limit")
  func slowSending() throws {
    let pair = try Pair(silence: .seconds(1))
    let start = Clocks.system.elapsed()
    let done = Flag()
    let reader = Worker {
      var buffer = [UInt8](repeating: 0, count: 4_096)
      while !done.isSet {
        _ = try? pair.far.receive(into: &buffer, atMost: .milliseconds(10))
        sleepMilliseconds(200)
      }
    }
    let error = error { () throws(TransportError) in try pair.near.send([UInt8](repeating: 0, count: 1 << 20)) }
    done.set()
    reader.join()
    #expect(error?.kind == .unreachable && error?.cause == "it did not take what was sent within 4 s")
    #expect(Clocks.system.elapsed() - start > .seconds(3) && Clocks.system.elapsed() - start < .seconds(30))
  }

  @Test("a slow side is not a silent one: the limit counts from the last byte")
  func slow() throws {
    let bare = try Bare(silence: .seconds(2))
    let number = bare.writing.number
    let writer = Worker {
      for byte in UInt8(0)..<5 {
        sleepMilliseconds(700)
        _ = try? Descriptor.writeSome([byte], to: number)
      }
    }
    var got: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 10)
    while got.count < 5 { got += buffer[..<(try bare.stream.receive(into: &buffer))] }
    writer.join()
    #expect(got == [0, 1, 2, 3, 4])
  }

  @Test("a side that went away is the end when receiving and an error when sending")
  func broken() throws {
    let stream = try Bare().closeBoth()
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try stream.receive(into: &buffer) == 0)
    let error = error { () throws(TransportError) in try stream.send([1]) }
    #expect(error?.kind == .unreachable)
    #expect(error?.cause == "it closed the line")
  }

  @Test("a side that goes away while we wait to send is an error at once")
  func brokenWhileSending() throws {
    let bare = try Bare()
    let stream = bare.stream
    let sender = Worker {
      let error = error { () throws(TransportError) in try stream.send([UInt8](repeating: 0, count: 1 << 20)) }
      #expect(error?.cause == "it closed the line")
    }
    sleepMilliseconds(50)
    _ = bare.closeBoth()
    sender.join()
  }

  @Test("end() from another thread lets a waiting receive return and a waiting send fail, soon")
  func ended() throws {
    let pair = try Pair(silence: .seconds(60))
    let start = Clocks.system.elapsed()
    let receiver = Worker {
      var buffer = [UInt8](repeating: 0, count: 10)
      #expect((try? pair.near.receive(into: &buffer)) == 0)
    }
    let sender = Worker {
      let error = error { () throws(TransportError) in try pair.near.send([UInt8](repeating: 0, count: 1 << 20)) }
      #expect(error?.cause == "it was ended")
    }
    sleepMilliseconds(50)
    pair.near.end()
    pair.near.end()
    receiver.join()
    sender.join()
    #expect(Clocks.system.elapsed() - start < .seconds(20))
    #expect(error { () throws(TransportError) in try pair.near.send([1]) }?.cause == "it was ended")
  }

  @Test("closing the sending side while another thread sends fails that send and writes into no other file")
  func closedWhileSending() throws {
    for _ in 0..<20 {
      let pair = try Pair()
      let sender = Worker {
        let error = error { () throws(TransportError) in try pair.near.send([UInt8](repeating: 1, count: 1 << 20)) }
        #expect(error?.kind == .unreachable)
      }
      let reader = Worker {
        var buffer = [UInt8](repeating: 0, count: 500)
        for _ in 0..<100 { _ = try? pair.far.receive(into: &buffer) }
        pair.near.closeSending()
        pair.near.closeSending()
        // What is opened now may get the number that was closed.
        guard let ends = try? Descriptor.pipe() else { return }
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        try? reading.setNonBlocking()
        sleepMilliseconds(5)
        #expect((try? reading.readIfReady(into: &buffer)) == .some(nil))
        _ = writing.number
      }
      reader.join()
      pair.near.end()
      sender.join()
    }
  }
}

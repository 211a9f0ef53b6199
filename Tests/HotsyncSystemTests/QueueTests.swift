import HotsyncSystem
import Synchronization
import Testing

@Suite struct QueueTests {
  @Test(
    "what one thread puts another takes, in order and whole, through a queue of any capacity",
    arguments: [1, 2, 7, 2_000])
  func order(_ capacity: Int) {
    let queue = BoundedQueue<Int>(capacity: capacity)
    let producer = Worker {
      for number in 0..<20_000 { queue.put(number) }
      queue.close()
    }
    var got: [Int] = []
    while let number = queue.take() { got.append(number) }
    producer.join()
    #expect(got == Array(0..<20_000))
  }

  @Test("who puts into a full queue waits until there is room")
  func full() {
    let queue = BoundedQueue<Int>(capacity: 3)
    let put = Atomic<Int>(0)
    let producer = Worker { for number in 0..<100 where queue.put(number) { put.wrappingAdd(1, ordering: .relaxed) } }
    for number in 0..<100 {
      #expect(queue.take() == number)
      #expect(put.load(ordering: .relaxed) <= number + 1 + 3 + 1)
    }
    producer.join()
  }

  @Test("a closed queue wakes who waits, takes nothing more, and gives what it has")
  func closing() {
    let empty = BoundedQueue<Int>(capacity: 1)
    let taker = Worker { #expect(empty.take() == nil) }
    empty.close()
    taker.join()
    let full = BoundedQueue<Int>(capacity: 1)
    #expect(full.put(1))
    let putter = Worker { #expect(!full.put(2)) }
    full.close()
    putter.join()
    #expect(full.take() == 1)
    #expect(full.take() == nil)
  }

  @Test("what was taken is kept alive no longer, though the queue never runs empty")
  func retention() {
    final class Living: Sendable {
      let count = Atomic<Int>(0)
    }
    final class Element: Sendable {
      let living: Living
      init(_ living: Living) {
        self.living = living
        living.count.wrappingAdd(1, ordering: .relaxed)
      }
      deinit { living.count.wrappingSubtract(1, ordering: .relaxed) }
    }
    let living = Living()
    let queue = BoundedQueue<Element>(capacity: 4)
    for _ in 0..<2 { queue.put(Element(living)) }
    for _ in 0..<3_000 {
      queue.put(Element(living))
      _ = queue.take()
      #expect(living.count.load(ordering: .relaxed) <= 4)
    }
  }
}

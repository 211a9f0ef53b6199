/// A queue between two threads that holds at most `capacity` of weight (an element weighs 1 unless said otherwise); who
/// puts waits while it is full, who takes waits while it is empty.
public final class BoundedQueue<Element: Sendable>: Sendable {
  private struct Content {
    // What was taken is nil at once, so that no more than `capacity` elements are ever kept alive.
    var elements: [(element: Element, weight: Int)?] = []
    var head = 0
    var weight = 0
    var isClosed = false

    mutating func takeFirst() -> Element? {
      guard head < elements.count, let (element, weight) = elements[head] else { return nil }
      elements[head] = nil
      self.weight -= weight
      head += 1
      if head == elements.count || head > 1_024 {
        elements.removeFirst(head)
        head = 0
      }
      return element
    }
  }

  private let capacity: Int
  private let content = Monitor(Content())

  public init(capacity: Int) { self.capacity = capacity }

  /// False where the queue was closed meanwhile; the element is dropped then.
  @discardableResult
  public func put(_ element: Element, weight: Int = 1) -> Bool {
    content.wait { content in
      if content.isClosed { return false }
      // One that is heavier than all that fits goes alone.
      guard content.weight == 0 || content.weight + weight <= capacity else { return nil }
      content.elements.append((element, weight))
      content.weight += weight
      return true
    }
  }

  /// Nil once the queue is closed and empty.
  public func take() -> Element? {
    content.wait { content -> Element?? in
      if let element = content.takeFirst() { return .some(element) }
      return content.isClosed ? .some(nil) : nil
    }
  }

  /// Nothing more comes in; what is there can still be taken.
  public func close() { content.withLock { $0.isClosed = true } }
}

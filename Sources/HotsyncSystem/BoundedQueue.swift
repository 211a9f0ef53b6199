/// A queue between two threads that holds at most `capacity` elements; who puts waits while it is full, who takes waits
/// while it is empty.
public final class BoundedQueue<Element: Sendable>: Sendable {
  private struct Content {
    // What was taken is nil at once, so that no more than `capacity` elements are ever kept alive.
    var elements: [Element?] = []
    var head = 0
    var isClosed = false

    mutating func takeFirst() -> Element? {
      guard head < elements.count, let element = elements[head] else { return nil }
      elements[head] = nil
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
  public func put(_ element: Element) -> Bool {
    content.wait { content in
      if content.isClosed { return false }
      guard content.elements.count - content.head < capacity else { return nil }
      content.elements.append(element)
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

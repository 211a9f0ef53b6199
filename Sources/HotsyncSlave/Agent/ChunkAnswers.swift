import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport

/// Cuts stretches of the mirror's files into chunks, for the master to find what has moved.
struct ChunkAnswers {
  let store: Store
  let channel: AgentChannel

  /// Chunks in one message: some 100 KiB.
  private static let chunksInMessage = 10_000

  func answer(_ request: ChunkRequest) throws {
    // Without the file there is nothing to find: all of the new one comes.
    if let file = try? store.mirror.openRegular(at: request.base) { try send(request, file) }
    try channel.send(.chunksEnd(id: request.id))
    try channel.flush()
  }

  private func send(_ request: ChunkRequest, _ file: borrowing Descriptor) throws {
    let cutter = ChunkCutter(key: store.key)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var chunks: [Chunk] = []
    chunks.reserveCapacity(ChunkAnswers.chunksInMessage)
    var position = request.stretch.offset
    while position < request.stretch.end {
      let count = Int(min(UInt64(buffer.count), request.stretch.end - position))
      let got = try file.read(into: &buffer, count: count, at: position)
      let isLast = got < count || position + UInt64(got) == request.stretch.end
      position += UInt64(
        try cutter.cut(buffer[..<got], isLast: isLast) { (_, chunk) throws in
          chunks.append(chunk)
          if chunks.count == ChunkAnswers.chunksInMessage { try send(&chunks, request.id) }
          return true
        })
      if got < count { break }
    }
    if !chunks.isEmpty { try send(&chunks, request.id) }
  }

  private func send(_ chunks: inout [Chunk], _ id: UInt64) throws {
    try channel.send(.chunks(id: id, chunks))
    chunks.removeAll(keepingCapacity: true)
  }
}

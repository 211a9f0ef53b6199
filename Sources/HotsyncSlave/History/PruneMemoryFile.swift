import HotsyncPlan
import HotsyncSystem

/// The file `pruned`: what the last prune left.
extension Store {
  private static let prunedName = StoreLayout.name("pruned")

  func pruneMemory() throws(StoreError) -> PruneMemory? {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try top.content(of: Store.prunedName, limit: 4_096)
    }
    guard let bytes else { return nil }
    let words = try SealedText.open(bytes, key: key, "the note of the last prune").flatMap { $0.split(separator: " ") }
    guard words.count == 4, words[0] == "left", let left = Int(words[1]), words[2] == "accepted",
      let accepted = UInt64(words[3])
    else { throw .damaged("the note of the last prune", "it means nothing") }
    return PruneMemory(left: left, accepted: accepted)
  }

  func note(_ memory: PruneMemory) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      try top.replace(
        Store.prunedName, with: SealedText.seal("left \(memory.left)\naccepted \(memory.accepted)\n", key: key))
    }
  }
}

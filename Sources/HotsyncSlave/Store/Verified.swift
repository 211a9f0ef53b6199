public import HotsyncSystem

/// The file `verified`: which generations were read against their digests in full, and when.
extension Store {
  private static let verifiedName = StoreLayout.name("verified")
  private static let verifiedSubject = "the list of verified generations"

  public func verified() throws(StoreError) -> [UInt64: Timestamp] {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try top.content(of: Store.verifiedName, limit: GenerationList.limit)
    }
    guard let bytes else { return [:] }
    var times: [UInt64: Timestamp] = [:]
    for line in try SealedText.open(bytes, key: key, Store.verifiedSubject) {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = UInt64(words[0]), let seconds = Int64(words[1]) else {
        throw .damaged(Store.verifiedSubject, "a line of it means nothing")
      }
      times[number] = Timestamp(seconds: seconds)
    }
    return times
  }

  /// Notes what a verification found sound, and takes out what it found damaged.
  func noteVerified(_ sound: [UInt64], damaged: Set<UInt64>, at time: Timestamp) throws(StoreError) {
    // A list that cannot be read is replaced by what is known now.
    var times = (try? verified()) ?? [:]
    let listed = Set(try generations().all.map(\.number))
    times = times.filter { listed.contains($0.key) && !damaged.contains($0.key) }
    for number in sound { times[number] = time }
    let text = times.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.seconds)\n" }.joined()
    try StoreError.telling { () throws(SystemError) in
      try top.replace(Store.verifiedName, with: SealedText.seal(text, key: key))
    }
  }
}

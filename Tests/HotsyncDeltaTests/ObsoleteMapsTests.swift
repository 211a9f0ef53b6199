import HotsyncDelta
import HotsyncSystem
import Testing

@Suite struct ObsoleteMapsTests {
  private func digest(_ text: String) -> Digest { testKey.digest(of: Array(text.utf8)) }

  @Test("the map of a content goes with its last path, not with a new owner, time or name")
  func kept() {
    var maps = ObsoleteMaps()
    let size = LargeFile.minimum
    maps.lose(digest("changed"), size: size)
    maps.gain(digest("its new content"), size: size)
    // First gone, then there under another name; and the other way round.
    maps.lose(digest("moved down"), size: size)
    maps.gain(digest("moved down"), size: size)
    maps.gain(digest("moved up"), size: size)
    maps.lose(digest("moved up"), size: size)
    maps.lose(digest("small"), size: size - 1)
    #expect(maps.digests == [digest("changed")])
  }
}

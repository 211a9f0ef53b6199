import HotsyncCatalog

/// How many whole chunks of a large content so many bytes are sent and staged in: `push-large` and `stage` come once for each.
public func wholeChunks(in bytes: Int) -> Int { bytes / Limits.dataChunk }

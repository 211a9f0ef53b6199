import HotsyncCatalog
public import HotsyncSystem

/// One state of a path, told by the oldest kept generation that has it.
public struct PathVersion: Sendable, Equatable {
  public enum Kind: String, Sendable { case file, folder, link, fifo, device, deleted }

  public let generation: UInt64
  public let time: Timestamp
  public let kind: Kind
  /// Of a file.
  public let size: UInt64?
  /// The permission bits; nil for a link and what is deleted.
  public let mode: UInt16?
  /// Of a file's content.
  public let digest: [UInt8]?
}

/// Tells what kept generations have at one path, from their catalogs alone. Segments are shared by generations and never
/// change: each is asked once.
public struct PathHistory {
  private let pinned: PinnedGeneration
  private var answers: [FileName: [RelativePath: SegmentEntry?]] = [:]

  /// - Parameter pinned: the newest generation, so that a commit that was cut off has come to its end.
  public init(_ pinned: PinnedGeneration) { self.pinned = pinned }

  /// All versions, newest first. What differs only in its time of modification is one version; a further name of a file has
  /// the versions of that file. Where generations before have the path and one has not, it is deleted there.
  ///
  /// - Throws: kind `.usage` where no kept generation has the path.
  public mutating func versions(of path: RelativePath) throws(StoreError) -> [PathVersion] {
    var versions: [PathVersion] = []
    var last: Record?
    for generation in try pinned.store.generations().all {
      let state: Record?
      do throws(StoreError) { state = try self.state(of: path, in: generation) } catch {
        // A prune may have dropped the generation since the list was read.
        guard try pinned.store.generations().all.contains(where: { $0.number == generation.number }) else { continue }
        throw error
      }
      if state == last { continue }
      last = state
      versions.append(PathVersion(generation, state))
    }
    guard !versions.isEmpty else { throw try unknown(path) }
    return versions.reversed()
  }

  private func unknown(_ path: RelativePath) throws(StoreError) -> StoreError {
    let hint = try NearestPath(pinned.catalog).find(path)
    return StoreError(
      .usage, "cannot tell the history of", path.description, cause: "no kept generation holds it",
      next: hint.map { "the nearest that the newest holds: \($0)" } ?? "see which are kept: hotsync-slave generations")
  }

  /// What counts of a path's record in a generation; nil where it has none.
  private mutating func state(of path: RelativePath, in generation: Generation) throws(StoreError) -> Record? {
    guard var record = try record(at: path, in: generation) else { return nil }
    if case .hardLink(let leader) = record.content {
      guard let first = try self.record(at: leader, in: generation) else {
        throw .damaged(
          "the catalog of generation \(generation.number)", "\(path) is a link to \(leader), which it does not hold")
      }
      record = Record(path: path, content: first.content, metadata: first.metadata)
    }
    record.metadata.modified = .zero
    return record
  }

  private mutating func record(at path: RelativePath, in generation: Generation) throws(StoreError) -> Record? {
    for name in generation.segments.reversed() {
      if let entry = try entry(at: path, in: name) { return entry.record }
    }
    return nil
  }

  private mutating func entry(at path: RelativePath, in name: FileName) throws(StoreError) -> SegmentEntry? {
    if let known = answers[name]?[path] { return known }
    let answer: SegmentEntry?
    do throws(CatalogError) {
      // Only while it is asked: a store may keep more segments than a process may open files.
      answer = try Catalog.open([name], in: pinned.store.catalogFolder, key: pinned.store.key)
        .segments.first?.entry(at: path)
    } catch { throw StoreError(error) }
    answers[name, default: [:]][path] = .some(answer)
    return answer
  }
}

extension PathVersion {
  fileprivate init(_ generation: Generation, _ record: Record?) {
    self.generation = generation.number
    time = generation.time
    switch record?.content {
    case .regular: kind = .file
    case .folder: kind = .folder
    // A link to a link is one: `state` has looked behind further names.
    case .symbolicLink, .hardLink: kind = .link
    case .fifo: kind = .fifo
    case .device: kind = .device
    case nil: kind = .deleted
    }
    mode = kind == .link ? nil : record?.metadata.permissions
    if case .regular(let size, let digest) = record?.content {
      self.size = size
      self.digest = digest.bytes
    } else {
      size = nil
      digest = nil
    }
  }
}

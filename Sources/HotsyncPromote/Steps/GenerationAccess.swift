import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
public import HotsyncSlave
public import HotsyncSystem

/// The store, the generation and the accounts of a promotion.
extension PromotionWorld {
  public func store() throws(PromoteError) -> Store {
    do throws(StoreError) {
      return try Store.open(connection: connection.name, root: root.folder, path: configuration.store)
    } catch { throw PromoteError(error) }
  }

  /// The generation that is promoted, also where the mirror's folders are live already.
  public func pin() throws(PromoteError) -> PinnedGeneration {
    let store = try store()
    return try telling { () throws(StoreError) in
      try PinnedGeneration.open(
        store, "\(generation)", accounts: try accounts(), mapsUnknownOwnersToNobody: mapsToNobody, evenHandedOver: true,
        leavesNoTrace: isTrial)
    }
  }

  var mapsToNobody: Bool { connection.unknownOwner == .nobody }

  /// The users and groups that count here.
  func accounts() throws(StoreError) -> Accounts {
    let (folder, isMachine) = (root, isMachine)
    return try StoreError.telling { () throws(SystemError) in
      try isMachine ? Accounts() : Accounts(root: folder.folder)
    }
  }

  /// Nil where the root has no users of its own: numbers count then.
  func accountsIfAny() throws(StoreError) -> Accounts? {
    if isMachine { return Accounts() }
    guard let path = RelativePath("etc/passwd") else { return nil }
    let folder = root
    let isThere = try StoreError.telling { () throws(SystemError) -> Bool in
      do throws(SystemError) {
        _ = try folder.folder.open(at: path)
        return true
      } catch {
        if error.isMissing { return false }
        throw error
      }
    }
    return isThere ? try accounts() : nil
  }

  /// Runs what a store does and tells its failure as a promotion's.
  func telling<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(PromoteError) -> Result {
    do throws(StoreError) { return try body() } catch { throw PromoteError(error) }
  }

  /// A document of the facts, checked; nil where the generation has none.
  func document<Document: FactsDocument>(_ type: Document.Type) throws(PromoteError) -> Document? {
    guard let bytes = try facts(Document.name) else { return nil }
    do throws(FactsError) { return try Document(decoding: bytes) } catch { throw PromoteError(error) }
  }

  /// The master's host name as its facts tell it, else as the configuration names it.
  public func masterHost() throws(PromoteError) -> String {
    if let machine = try document(Facts.Machine.self) { return machine.hostName }
    return connection.masterHost ?? connection.name
  }
}

extension PinnedGeneration {
  /// The facts of a subject, as they were stored.
  func fact(_ subject: String) throws(PromoteError) -> [UInt8]? {
    guard let name = FileName("\(subject).json"), let path = ReservedPaths.facts.appending(name) else { return nil }
    do throws(StoreError) { return try content(at: path, limit: UInt64(Facts.limit)) } catch {
      throw PromoteError(error)
    }
  }
}

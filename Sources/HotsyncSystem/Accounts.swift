import Glibc
import Synchronization

/// The users and groups of a machine: from `<root>/etc/passwd` and `group` below a root of its own, from the name service
/// on the machine itself. A root that has no such files has numbers only.
public final class Accounts: Sendable {
  public enum Kind: Sendable { case user, group }

  private struct Table: Sendable {
    var names: [UInt32: String?] = [:]
    var numbers: [String: UInt32?] = [:]
  }

  private let usesNameService: Bool
  private let tables: Mutex<(users: Table, groups: Table)>

  /// The accounts of the machine itself.
  public init() {
    usesNameService = true
    tables = Mutex((Table(), Table()))
  }

  /// The accounts of a root: nothing but what its two files say.
  public init(root: borrowing Folder) throws(SystemError) {
    usesNameService = false
    tables = Mutex((try Accounts.table(root, "etc/passwd"), try Accounts.table(root, "etc/group")))
  }

  private static func table(_ root: borrowing Folder, _ path: String) throws(SystemError) -> Table {
    var table = Table()
    do throws(SystemError) {
      guard let path = RelativePath(path) else { return table }
      let content = try root.open(at: path).readAll(limit: 16 << 20) ?? []
      for line in content.split(separator: UInt8(ascii: "\n")) {
        let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count >= 3, let number = UInt32(String(decoding: fields[2], as: UTF8.self)) else { continue }
        let name = String(decoding: fields[0], as: UTF8.self)
        // The first line of a number or a name counts, as for the name service.
        if table.names[number] == nil { table.names[number] = name }
        if table.numbers[name] == nil { table.numbers[name] = number }
      }
    } catch {
      guard error.isMissing else { throw error }
    }
    return table
  }

  /// The name of a number; nil where it has none.
  public func name(of number: UInt32, _ kind: Kind) -> String? {
    withTable(kind) { table in
      if let known = table.names[number] { return known }
      let found = usesNameService ? Accounts.askName(number, kind) : nil
      table.names[number] = .some(found)
      return found
    }
  }

  /// The number of a name; nil where it has none.
  public func number(of name: String, _ kind: Kind) -> UInt32? {
    withTable(kind) { table in
      if let known = table.numbers[name] { return known }
      let found = usesNameService ? Accounts.askNumber(name, kind) : nil
      table.numbers[name] = .some(found)
      return found
    }
  }

  private func withTable<Result: Sendable>(_ kind: Kind, _ body: (inout Table) -> Result) -> Result {
    tables.withLock { tables in
      switch kind {
      case .user: body(&tables.users)
      case .group: body(&tables.groups)
      }
    }
  }

  // The name service's calls answer in static memory, which all threads share.
  private static let nameService = Mutex(())

  private static func askName(_ number: UInt32, _ kind: Kind) -> String? {
    nameService.withLock { _ in
      // SAFETY: the answer is copied while the lock is held.
      switch kind {
      case .user: unsafe getpwuid(number).map { unsafe String(cString: $0.pointee.pw_name) }
      case .group: unsafe getgrgid(number).map { unsafe String(cString: $0.pointee.gr_name) }
      }
    }
  }

  private static func askNumber(_ name: String, _ kind: Kind) -> UInt32? {
    nameService.withLock { _ in
      // SAFETY: the answer is copied while the lock is held.
      switch kind {
      case .user: unsafe getpwnam(name).map { unsafe $0.pointee.pw_uid }
      case .group: unsafe getgrnam(name).map { unsafe $0.pointee.gr_gid }
      }
    }
  }
}

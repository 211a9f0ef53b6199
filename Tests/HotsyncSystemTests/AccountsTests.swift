import HotsyncSystem
import TestSupport
import Testing

@Suite struct AccountsTests {
  @Test("a root's own files tell, the first line of a name or number counts, and odd lines are passed over")
  func ofRoot() throws {
    let scratch = try ScratchFolder()
    let etc = try scratch.folder.makeOrOpenFolder(.of("etc"))
    let users =
      "root:x:0:0:::\ntoor:x:0:0:::\nanna:x:1000:1000:::\nanna:x:1001:1:::\n\nbad\nx:y:-1:\nz:y:99999999999:\n# c\n"
    try etc.replace(.of("passwd"), with: Array(users.utf8))
    try etc.replace(.of("group"), with: Array("wheel:x:0:anna\nstaff:x:50:".utf8))
    let accounts = try Accounts(root: scratch.folder)
    #expect(accounts.name(of: 0, .user) == "root")
    #expect(accounts.number(of: "toor", .user) == 0)
    #expect(accounts.number(of: "anna", .user) == 1000)
    #expect(accounts.name(of: 1001, .user) == "anna")
    #expect(accounts.name(of: 0, .group) == "wheel")
    #expect(accounts.number(of: "staff", .group) == 50)
    #expect(accounts.number(of: "anna", .group) == nil)
    #expect(accounts.name(of: .max, .user) == nil)
    // The machine's own accounts do not shine through.
    #expect(accounts.name(of: 1, .user) == nil)
    #expect(accounts.number(of: "daemon", .user) == nil)
  }

  @Test("a root without the files has numbers only")
  func empty() throws {
    let scratch = try ScratchFolder()
    let accounts = try Accounts(root: scratch.folder)
    #expect(accounts.name(of: 0, .user) == nil)
    #expect(accounts.number(of: "root", .group) == nil)
  }

  @Test("the file of accounts is not read through a link that leads out of the root")
  func link() throws {
    let scratch = try ScratchFolder()
    let etc = try scratch.folder.makeOrOpenFolder(.of("etc"))
    try etc.makeSymbolicLink(.of("passwd"), to: Array("/etc/passwd".utf8))
    #expect(throws: SystemError.self) { _ = try Accounts(root: scratch.folder) }
  }

  @Test("the machine itself knows its root, asked twice too")
  func machine() {
    let accounts = Accounts()
    for _ in 0..<2 {
      #expect(accounts.name(of: 0, .user) == "root")
      #expect(accounts.number(of: "root", .group) == 0)
      #expect(accounts.name(of: 3_999_999_999, .user) == nil)
    }
  }
}

import HotsyncFacts
import Testing

@Suite("What a slave lacks of its master's accounts and packages")
struct PlanTests {
  private func user(_ name: String, _ id: UInt32, _ group: UInt32) -> Facts.Accounts.User {
    Facts.Accounts.User(
      name: name, id: id, group: group, comment: "", home: "/home/\(name)", shell: "/bin/sh", password: "x", ageing: nil
    )
  }

  private func accounts(
    _ users: [(String, UInt32, UInt32)], _ groups: [(String, UInt32, [String])]
  ) -> Facts.Accounts {
    Facts.Accounts(
      users: users.map { user($0.0, $0.1, $0.2) }, groups: groups.map { .init(name: $0.0, id: $0.1, members: $0.2) })
  }

  @Test("an account that is missing gets the master's number where that is free, and one of its kind where it is not")
  func numbers() {
    let master = accounts(
      [("anna", 1_000, 1_000), ("berta", 1_001, 1_001), ("daemon1", 110, 112)],
      [("anna", 1_000, []), ("berta", 1_001, []), ("daemon1", 112, [])])
    let own = accounts([("other", 1_000, 1_000), ("ntp", 110, 110)], [("other", 1_000, []), ("ntp", 110, [])])
    let plan = OwnerPlan(master: master, own: own)
    // 1,001 is berta's on the master: nobody else gets it.
    #expect(
      plan.users.map { "\($0.name) \($0.id) \($0.group)" } == ["anna 1002 1002", "berta 1001 1001", "daemon1 100 112"])
    #expect(plan.groups.map { "\($0.name) \($0.id)" } == ["anna 1002", "berta 1001", "daemon1 112"])
    #expect(plan.mapped.isEmpty)
  }

  @Test("accounts of the same name are the same, whatever their numbers; nothing is made for them")
  func mapping() {
    let master = accounts([("anna", 1_000, 1_000)], [("anna", 1_000, []), ("staff", 50, ["anna"])])
    let own = accounts([("anna", 1_005, 1_005)], [("anna", 1_005, []), ("staff", 50, ["anna"])])
    let plan = OwnerPlan(master: master, own: own)
    #expect(plan.isEmpty)
    #expect(
      plan.mapped == [
        .init(name: "anna", isGroup: true, masterID: 1_000, ownID: 1_005),
        .init(name: "anna", isGroup: false, masterID: 1_000, ownID: 1_005),
      ])
  }

  @Test("memberships that are missing are added, those of people whom nobody knows are not")
  func memberships() {
    let master = accounts([("anna", 1_000, 100)], [("users", 100, []), ("staff", 50, ["anna", "ghost"])])
    let own = accounts([("anna", 1_000, 100)], [("users", 100, []), ("staff", 50, [])])
    let plan = OwnerPlan(master: master, own: own)
    #expect(plan.memberships == [.init(user: "anna", group: "staff")])
    #expect(plan.commands == [["gpasswd", "--add", "anna", "--", "staff"]])
  }

  @Test("no command has a password in it, and every name stands behind its options")
  func commands() {
    let plan = OwnerPlan(
      master: accounts([("anna", 1_000, 1_000)], [("anna", 1_000, [])]), own: accounts([], []))
    #expect(
      plan.commands == [
        ["groupadd", "--gid", "1000", "--", "anna"],
        [
          "useradd", "--uid", "1000", "--gid", "1000", "--no-create-home", "--home-dir", "/home/anna", "--shell",
          "/bin/sh",
          "--comment", "", "--", "anna",
        ],
      ])
  }

  private func package(
    _ name: String, _ version: String = "1", automatic: Bool = false, architecture: String = "amd64"
  ) -> Facts.Packages.Package {
    .init(name: name, version: version, architecture: architecture, isHeld: false, isAutomatic: automatic)
  }

  @Test("what somebody chose is asked for; what came by itself, belongs to a machine or to another architecture is not")
  func packages() {
    let master = Facts.Packages(
      packages: [
        package("nginx"), package("libssl3", automatic: true), package("linux-image-amd64"), package("grub-pc"),
        package("wine32", architecture: "i386"), package("hotsync"), package("tzdata", architecture: "all"),
        package("bash", "2"),
      ], sources: [])
    let own = Facts.Packages(packages: [package("bash", "1"), package("extra")], sources: [])
    let plan = PackagePlan(master: master, own: own, architecture: "amd64")
    #expect(plan.missing == ["nginx", "tzdata"])
    #expect(plan.missingAutomatic == ["libssl3"])
    #expect(plan.passedOver == ["grub-pc", "hotsync", "linux-image-amd64", "wine32"])
    #expect(plan.otherVersions == [.init(name: "bash", master: "2", own: "1")])
    #expect(!plan.isInStep)
    #expect(PackagePlan(master: master, own: master, architecture: "amd64").isInStep)
  }
}

import HotsyncReport
import HotsyncSystem
import Testing

@Suite("One line tells Nagios how old a copy is")
struct NagiosLineTests {
  private func slave(_ ages: [String: Int64?]) -> NagiosLine {
    let connections = ages.sorted { $0.key < $1.key }.map { name, age in
      var connection = SlaveStatusReport.Connection(name: name)
      connection.lastSync = age.map { .init(generation: 1, time: .zero, age: .seconds($0)) }
      return connection
    }
    return NagiosLine(SlaveStatusReport(role: "slave", connections: connections))
  }

  @Test("the age decides, and the thresholds stand beside it")
  func ages() {
    #expect(slave(["standby": 312]).text == "HOTSYNC OK: standby is 312 s old | 'age'=312s;1800;3600;0;")
    #expect(
      [slave(["a": 1_800]), slave(["a": 1_801]), slave(["a": 3_600]), slave(["a": 3_601])].map(\.code) == [0, 1, 1, 2])
  }

  @Test("the worst of several counts, and one that never had a cycle is critical")
  func several() {
    let line = slave(["a": 10, "b": nil])
    #expect(line.code == 2)
    #expect(line.text == "HOTSYNC CRITICAL: a is 10 s old, b was never in step | 'age_a'=10s;1800;3600;0;")
    #expect(slave([:]).code == 3)
  }

  @Test("a fenced or disabled connection on the master is told as what it is")
  func master() {
    var fenced = MasterStatusReport.Connection(name: "a", status: "enabled", transport: "local")
    fenced.fenced = true
    fenced.age = .seconds(5)
    let disabled = MasterStatusReport.Connection(name: "b", status: "disabled", transport: "local")
    let line = NagiosLine(MasterStatusReport(role: "master", connections: [fenced, disabled]))
    #expect(line.code == 2 && line.text.hasPrefix("HOTSYNC CRITICAL: a is fenced"))
  }
}

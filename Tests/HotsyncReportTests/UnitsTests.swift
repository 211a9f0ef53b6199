import HotsyncSystem
import Testing

@testable import HotsyncReport

@Suite("Numbers read as an administrator expects")
struct UnitsTests {
  @Test(
    "a size has one digit behind the point and never 1024 of a unit",
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (12_595, "12.3 KiB"), (1_048_524, "1023.9 KiB"),
      (1_048_575, "1.0 MiB"), (1_073_741_824, "1.0 GiB"), (UInt64.max, "16.0 EiB"),
    ] as [(UInt64, String)])
  func sizes(bytes: UInt64, text: String) { #expect(Units.size(bytes) == text) }

  @Test(
    "a duration has the two largest units that matter",
    arguments: [
      (0, "0 ms"), (40, "40 ms"), (99, "99 ms"), (100, "0.1 s"), (3_214, "3.2 s"), (59_949, "59.9 s"),
      (59_951, "1 min 0 s"), (250_000, "4 min 10 s"), (3_599_700, "1 h 0 min"), (7_500_000, "2 h 5 min"),
      (273_600_000, "3 d 4 h"),
    ] as [(Int64, String)])
  func durations(milliseconds: Int64, text: String) {
    #expect(Units.duration(.milliseconds(milliseconds)) == text)
  }

  @Test(
    "an age is told in one unit, and a clock that is ahead is told too",
    arguments: [
      (-60, "in the future: check the clocks"), (0, "just now"), (1, "1 second ago"), (59, "59 seconds ago"),
      (725, "12 minutes ago"), (7_200, "2 hours ago"), (100_000, "27 hours ago"), (172_800, "2 days ago"),
    ] as [(Int64, String)])
  func ages(seconds: Int64, text: String) { #expect(Units.age(.seconds(seconds)) == text) }

  @Test("numbers are grouped by three")
  func counts() {
    #expect(Units.count(0) == "0" && Units.count(999) == "999" && Units.count(1_000) == "1,000")
    #expect(Units.count(1_234_567) == "1,234,567")
    #expect(Units.count(1, "file") == "1 file" && Units.count(2, "file") == "2 files")
  }

  @Test("no saving is claimed where there is none")
  func savings() {
    #expect(Units.saving(100, 0) == nil && Units.saving(100, 100) == nil && Units.saving(0, 10) == nil)
    #expect(Units.saving(1_000, 250) == "4.0 times less" && Units.saving(1_000, 999) == nil)
    #expect(Units.saving(.max, .max / 3) == "3.0 times less")
    #expect(Units.saving(.max, 1) == "18,446,744,073,709,551,615 times less")
  }

  @Test(
    "seconds are decimal to the millisecond",
    arguments: [
      (Duration.milliseconds(3_210), "3.21"), (.seconds(0), "0"), (.milliseconds(1), "0.001"),
      (.milliseconds(-1_500), "-1.5"), (.seconds(100), "100"),
    ])
  func seconds(duration: Duration, text: String) { #expect(JSONValue.seconds(duration).text == text) }

  @Test("a JSON string escapes what a terminal might act on")
  func strings() {
    #expect(JSONValue.string("\"\\\n\t\u{1B}\u{7F}\u{9B}\u{202E}ü漢😀").text == #""\"\\\n\t\u001b\u007f\u009b\u202eü漢😀""#)
    #expect(JSONValue.string("\u{E0001}").text == #""\udb40\udc01""#)
  }

  @Test("wide signs take two columns of a table")
  func widths() {
    var table = TextTable([("a", .left), ("b", .left)])
    table.add(["漢字", "x"])
    table.add(["e\u{301}", "y\n"])
    #expect(table.text == "a     b\n漢字  x\ne\u{301}     y\\x0a")
    #expect(fitting("漢字漢字", columns: 5) == "漢字")
  }
}

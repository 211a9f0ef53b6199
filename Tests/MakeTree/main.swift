// Makes and changes trees for scripts: see `usage`.
import Glibc
import HotsyncSystem
import TestSupport

let usage = """
  make-tree --seed S --files N [--plain] [--largest BYTES] DIR   make a tree of N files in DIR
  make-tree --seed S --mutate PERCENT DIR                        change the content of that share of its files
  make-tree --seed S --edits N DIR                               do N random edits of all kinds, and list them
  make-tree --seed S --edit FILE --count N --length BYTES        overwrite N pieces of one file
  make-tree --differences DIR DIR                                compare two trees byte by byte; 1 where they differ
  """

func fail(_ message: String, code: Int32) -> Never {
  try? Descriptor(owning: 2).write(Array("make-tree: \(message)\n".utf8))
  exit(code)
}

struct Arguments {
  var values: [String: String] = [:]
  var places: [String] = []

  init(_ arguments: some Sequence<String>) {
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
      if ["--plain", "--differences"].contains(argument) {
        values[argument] = ""
      } else if argument.hasPrefix("--") {
        guard let value = rest.next() else { fail("\(argument) needs a value\n\(usage)", code: 64) }
        values[argument] = value
      } else {
        places.append(argument)
      }
    }
  }

  func number<Number: LosslessStringConvertible>(_ name: String) -> Number? {
    guard let text = values[name] else { return nil }
    guard let number = Number(text) else { fail("\(name) is no number: \(text)", code: 64) }
    return number
  }
}

func run(_ arguments: Arguments) throws {
  let seed: UInt64 = arguments.number("--seed") ?? 1
  let files: Int? = arguments.number("--files")
  let share: Double? = arguments.number("--mutate")
  let edits: Int? = arguments.number("--edits")
  if let file = arguments.values["--edit"] {
    let (count, length): (Int, Int) = (arguments.number("--count") ?? 100, arguments.number("--length") ?? 4_096)
    try TreeMutation.edit(file, seed: seed, count: count, length: length)
    print("\(count) pieces of \(length) bytes")
  } else if arguments.values["--differences"] != nil, arguments.places.count == 2 {
    let lines = try TreeSnapshot(of: arguments.places[0]).differences(to: TreeSnapshot(of: arguments.places[1]))
    for line in lines { print(line) }
    if !lines.isEmpty { exit(1) }
  } else if let place = arguments.places.first, let share {
    print("\(try TreeMutation.mutate(place, seed: seed, percent: share)) files changed")
  } else if let place = arguments.places.first, let edits {
    var script = EditScript(seed: seed)
    for line in try script.apply(edits, to: place) { print(line) }
  } else if let place = arguments.places.first, let files {
    let features: TreeMaker.Features = arguments.values["--plain"] == nil ? .possible : .plain
    let made = try TreeMaker.make(
      in: place, seed: seed, files: files, features: features, largestSize: arguments.number("--largest") ?? 4 << 20)
    print(
      "\(made.files) files, \(made.hardLinks) hard links, \(made.symbolicLinks) symbolic links, "
        + "\(made.folders) folders, \(made.bytes) bytes"
    )
  } else {
    fail("it is not clear what to do\n\(usage)", code: 64)
  }
}

do { try run(Arguments(CommandLine.arguments.dropFirst())) } catch { fail("\(error)", code: 1) }

import HotsyncSystem
import Synchronization
import TestSupport

/// The processes of this process namespace: the benchmark itself, sshd, and what runs.
struct ProcessFacts {
  let processID: Int32
  let name: String
  let parent: Int32
  /// The most memory that it held so far, in bytes (VmHWM of proc(5)); nil for one that has ended.
  let peak: Int?

  static func all() -> [ProcessFacts] {
    let names = (try? Folder.open("/proc").names()) ?? []
    return names.compactMap { name in
      // Most of /proc is no process.
      guard let first = name.bytes.first, first >= 0x30, first <= 0x39 else { return nil }
      return Int32(String(decoding: name.bytes, as: UTF8.self)).flatMap(ProcessFacts.init)
    }
  }

  /// Nil where there is no such process any more.
  init?(of processID: Int32) {
    guard let bytes = try? Descriptor.open("/proc/\(processID)/status", .reading).readAll(limit: 65_536) else {
      return nil
    }
    var (name, parent, peak): (String, Int32, Int?) = ("", 0, nil)
    for line in bytes.split(separator: 0x0A) {
      switch line.first {
      case UInt8(ascii: "N") where line.starts(with: Array("Name:\t".utf8)):
        name = String(decoding: line.dropFirst(6), as: UTF8.self)
      case UInt8(ascii: "P") where line.starts(with: Array("PPid:\t".utf8)):
        parent = Int32(String(decoding: line.dropFirst(6), as: UTF8.self)) ?? 0
      case UInt8(ascii: "V") where line.starts(with: Array("VmHWM:".utf8)):
        let digits = line.filter { $0 >= 0x30 && $0 <= 0x39 }
        peak = Int(String(decoding: digits, as: UTF8.self)).map { $0 * 1_024 }
      default: break
      }
    }
    (self.processID, self.name, self.parent, self.peak) = (processID, name, parent, peak)
  }
}

/// Looks every few milliseconds how much memory the processes have taken, until it is told to stop.
final class PeakSampler: Sendable {
  private struct State {
    var peaks: [String: Int] = [:]
    var isOver = false
  }

  private final class Shared: Sendable {
    let state = Mutex(State())
  }

  private let shared = Shared()
  private let worker: Mutex<Worker?>
  private static let interval = Duration.milliseconds(10)

  init() {
    let (shared, own) = (shared, Environment.processID)
    worker = Mutex(
      Worker {
        while !shared.state.withLock({ $0.isOver }) {
          for facts in ProcessFacts.all() where facts.processID != own {
            guard let peak = facts.peak else { continue }
            shared.state.withLock { $0.peaks[facts.name] = max($0.peaks[facts.name] ?? 0, peak) }
          }
          Worker.pause(PeakSampler.interval)
        }
      })
  }

  /// The most that a process of each name held.
  func stop() -> [String: Int] {
    shared.state.withLock { $0.isOver = true }
    worker.withLock { $0.take()?.join() }
    return shared.state.withLock { $0.peaks }
  }
}

import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import Testing

@Suite struct HostilePayloadTests {
  private func isRefused(_ type: UInt8, _ body: (inout ByteWriter) -> Void) -> Bool {
    let frame = frame(type: type, payload(body))
    let kind =
      type < 64 ? refusal(of: frame, as: MasterMessage.self)?.kind : refusal(of: frame, as: SlaveMessage.self)?.kind
    return kind == .damaged
  }

  @Test("numbers longer than they need to be, and beyond 64 bits, are refused")
  func numbers() {
    // signatureEnd holds one number and nothing else.
    func refused(_ bytes: [UInt8]) -> Bool { isRefused(73) { $0.raw(bytes) } }
    #expect(!refused([0]))
    #expect(!refused([UInt8](repeating: 0xFF, count: 9) + [1]))
    #expect(refused([0x80, 0]))
    #expect(refused([0xFF, 0x80, 0]))
    #expect(refused([UInt8](repeating: 0x80, count: 9) + [0]))
    #expect(refused([UInt8](repeating: 0xFF, count: 9) + [2]))
    #expect(refused([UInt8](repeating: 0xFF, count: 9) + [0x81, 0]))
    #expect(refused([UInt8](repeating: 0xFF, count: 11)))
    #expect(refused([0x80]))
  }

  @Test("half a chunk, none, and one that is too long are refused, and requests for too long a stretch")
  func chunks() {
    func refused(_ bytes: [UInt8]) -> Bool { isRefused(83) { $0.raw([0] + bytes) } }
    let digest = [UInt8](repeating: 1, count: 8)
    #expect(!refused([0xFF, 0x1F] + digest))
    #expect(refused([0x00, 0x20] + digest))
    #expect(refused([0xFF, 0xFF] + digest))
    #expect(refused([]))
    #expect(refused([0, 0] + digest.dropLast()))
    #expect(refused([0, 0] + digest + [0]))
    func request(_ offset: UInt64, _ length: UInt64) -> Bool {
      isRefused(24) { writer in
        writer.integer(1)
        writer.data(Array("a".utf8))
        writer.integer(offset)
        writer.integer(length)
      }
    }
    #expect(!request(0, Limits.deltaWindow))
    #expect(request(0, Limits.deltaWindow + 1))
    #expect(request(Limits.fileSize, 1))
  }

  @Test("a stream larger than a file can be, one without its digest, and a fifth form of content are refused")
  func streams() {
    func opened(_ form: UInt8, _ base: UInt64, _ more: [UInt8] = []) -> Bool {
      isRefused(5) { writer in
        writer.integer(1)
        writer.byte(form)
        writer.data(Array("a".utf8))
        writer.integer(base)
        writer.raw(more)
      }
    }
    #expect(!opened(4, 0))
    #expect(!opened(4, Limits.fileSize))
    #expect(opened(4, Limits.fileSize + 1))
    #expect(opened(4, 0, [0]))
    #expect(opened(5, 0))
    #expect(opened(0, 0))
    func closed(_ size: UInt64, digest: Int = 16) -> Bool {
      isRefused(26) { writer in
        writer.integer(size)
        writer.raw([UInt8](repeating: 1, count: digest))
      }
    }
    #expect(!closed(0))
    #expect(!closed(Limits.fileSize))
    #expect(closed(Limits.fileSize + 1))
    #expect(closed(1, digest: 15))
    #expect(closed(1, digest: 17))
  }

  @Test("paths that lead outside, or could not be made, are refused wherever a path stands")
  func paths() {
    let name = [UInt8](repeating: 0x61, count: 255)
    let deep = Array(repeating: Array("a".utf8), count: 1_000).joined(separator: Array("/".utf8))
    var bad = ["", "/", "/a", "..", "../a", "a/..", "a/../b", ".", "./a", "a/.", "a/./b", "a//b", "a/", "a\0b"].map {
      Array($0.utf8)
    }
    bad += [name + [0x61], Array("a/".utf8) + name + [0x61], deep + Array("/a".utf8)]
    bad.append([UInt8](repeating: 0x61, count: RelativePath.maximumLength + 1))
    let good = [Array("...".utf8), Array("..a".utf8), Array("a\n\u{1B}\\".utf8), [0xFF, 0xFE], name, Array(deep)]
    for path in bad { #expect(refusals(path) == [true, true, true, true, true, true], "\(shown(path))") }
    for path in good { #expect(refusals(path) == [false, false, false, false, false, false], "\(shown(path))") }
    #expect(isRefused(76) { writer in for text in ["c", "/a", "m", "n"] { writer.text(text) } })
  }

  /// Whether each kind of message refuses the path: remove, content, signature, entry, moved from, catalog.
  private func refusals(_ path: [UInt8]) -> [Bool] {
    let stretch = Stretch(offset: 0, length: 64)
    func zeroMetadata(_ writer: inout ByteWriter) { writer.raw([0, 0, 0, 0, 0, 0, 0, 0]) }
    return [
      isRefused(15) { $0.data(path) },
      isRefused(5) {
        $0.raw([0, 1])
        $0.data(path)
        $0.raw([0, 0])
      },
      isRefused(4) {
        $0.byte(0)
        $0.data(path)
        $0.integer(stretch.offset)
        $0.integer(stretch.length)
        $0.integer(64)
        $0.integer(8)
      },
      isRefused(13) {
        $0.byte(0)
        $0.data(path)
        $0.byte(2)
        zeroMetadata(&$0)
      },
      isRefused(13) {
        $0.raw([2, 0])
        $0.data(path)
        $0.text("z")
        $0.byte(2)
        zeroMetadata(&$0)
      },
      isRefused(67) {
        $0.byte(1)
        $0.data(path)
        $0.byte(2)
        zeroMetadata(&$0)
      },
    ]
  }

  @Test("legal names with odd bytes arrive as they were sent")
  func oddNames() throws {
    let names: [[UInt8]] = [[1], [0x7F], [0xC3, 0x28], Array("-rf".utf8), Array(" ".utf8), Array("…\u{202E}".utf8)]
    for name in names {
      let message = MasterMessage.remove(try #require(RelativePath(name)))
      #expect(try decoded(encoded(message), as: MasterMessage.self) == [message])
    }
  }

  @Test("counts that announce more than follows are refused")
  func counts() {
    for count in [2, 1 << 20, 1 << 40, UInt64.max] {
      #expect(
        isRefused(67) {
          $0.integer(count)
          $0.text("a")
          $0.raw([4])
          $0.text("A")
        })
      #expect(
        isRefused(78) {
          $0.integer(count)
          $0.byte(1)
        })
      #expect(
        isRefused(69) {
          $0.integer(count)
          $0.raw([1, 1])
          $0.digest(.zero)
        })
      // The attributes of a folder.
      #expect(
        isRefused(13) {
          $0.byte(0)
          $0.text("d")
          $0.raw([2, 0, 0, 0, 0, 0, 0, 0])
          $0.integer(count)
        })
    }
  }

  @Test("unknown values of every enumeration are refused")
  func enumerations() throws {
    #expect(
      isRefused(5) {
        $0.raw([0, 0])
        $0.text("a")
        $0.raw([0, 0])
      })
    #expect(
      isRefused(5) {
        $0.raw([0, 3])
        $0.text("a")
        $0.raw([0, 0])
      })
    #expect(
      isRefused(13) {
        $0.byte(4)
        $0.text("d")
        $0.raw([2, 0, 0, 0, 0, 0, 0, 0, 0])
      })
    for kind in [0, 8, 255] as [UInt8] {
      #expect(
        isRefused(13) {
          $0.byte(0)
          $0.text("d")
          $0.byte(kind)
          $0.raw([0, 0, 0, 0, 0, 0, 0, 0])
        })
    }
    #expect(isRefused(66) { for text in ["sad", "a", "b", "c", "d"] { $0.text(text) } })
    // The flag of an announcement, the purpose of a greeting.
    #expect(isRefused(3) { $0.raw([0, 0, 0, 2]) })
    var hello = encoded(MasterMessage.hello(try Samples.hello(purpose: .look, store: nil, adopts: false)))
    let purpose = 4 + 1 + 2 + 10 + 8
    #expect(hello[purpose] == 2)
    for value in [0, 4, 255] as [UInt8] {
      hello[purpose] = value
      #expect(refusal(of: hello, as: MasterMessage.self, handshakeDone: false)?.kind == .incompatible)
    }
    // Where a greeting's generation came from.
    var welcome = encoded(SlaveMessage.welcome(try Samples.welcome(time: nil)))
    let origin = 4 + 1 + 1 + 16 + 6 + 17 + 18
    #expect(welcome[origin] == 0)
    for value in [3, 255] as [UInt8] {
      welcome[origin] = value
      #expect(refusal(of: welcome, as: SlaveMessage.self, handshakeDone: false)?.kind == .incompatible)
    }
  }

  @Test("numbers over their limits are refused")
  func limits() {
    let half = Limits.number
    for (value, refused) in [(half, false), (half + 1, true), (.max, true)] {
      #expect(isRefused(71) { $0.integer(value) } == refused)
      #expect(isRefused(74) { $0.integer(value) } == refused)
      #expect(
        isRefused(5) {
          $0.integer(value)
          $0.byte(1)
          $0.text("a")
          $0.raw([0, 0])
        } == refused)
    }
    // A stretch ends within what a file can be.
    #expect(
      !isRefused(7) {
        $0.integer(Limits.fileSize - 1)
        $0.integer(1)
      })
    #expect(
      isRefused(7) {
        $0.integer(Limits.fileSize - 1)
        $0.integer(2)
      })
    #expect(
      isRefused(7) {
        $0.integer(Limits.fileSize + 1)
        $0.integer(0)
      })
    #expect(
      isRefused(6) {
        $0.integer(Limits.fileSize - 1)
        $0.raw([1, 2])
      })
    #expect(
      !isRefused(6) {
        $0.integer(Limits.fileSize - 2)
        $0.raw([1, 2])
      })
    // What is staged of a content is part of it.
    #expect(
      isRefused(5) {
        $0.raw([0, 1])
        $0.text("a")
        $0.raw([5, 6])
      })
    #expect(
      isRefused(5) {
        $0.raw([0, 2])
        $0.text("a")
        $0.raw([9, 5, 6])
      })
    #expect(
      isRefused(3) {
        $0.integer(Limits.records + 1)
        $0.raw([0, 0, 0])
      })
    #expect(
      isRefused(3) {
        $0.byte(0)
        $0.integer(Limits.records + 1)
        $0.raw([0, 0])
      })
  }

  @Test("what is said to be staged of a patch comes in order, in runs of a node at most")
  func stagedRuns() {
    func refused(count: UInt64? = nil, _ stretches: (UInt64, UInt64)...) -> Bool {
      isRefused(79) {
        $0.integer(1)
        $0.text("a")
        $0.integer(count ?? UInt64(stretches.count))
        for (offset, length) in stretches {
          $0.integer(offset)
          $0.integer(length)
          $0.digest(.zero)
        }
      }
    }
    let node = Limits.stagedRun
    #expect(!refused((0, node), (node, node), (3 * node, 1)))
    #expect(refused())
    #expect(refused((0, 0)))
    #expect(refused((0, node + 1)))
    #expect(refused((4_096, 4_096), (0, 4_096)))
    #expect(refused((0, 4_097), (4_096, 4_096)))
    #expect(refused((Limits.fileSize - 1, 2)))
    for count in [2, UInt64(BegunPatch.runsInMessage) + 1, .max] { #expect(refused(count: count, (0, 1))) }
  }

  @Test("a signature of too small or too many blocks is refused before librsync is asked")
  func signatures() {
    func refused(length: UInt64, block: UInt64, strong: UInt64) -> Bool {
      isRefused(4) {
        $0.byte(0)
        $0.text("a")
        $0.byte(0)
        $0.integer(length)
        $0.integer(block)
        $0.integer(strong)
      }
    }
    #expect(!refused(length: Limits.deltaWindow, block: 1_024, strong: 8))
    #expect(refused(length: Limits.deltaWindow + 1, block: 2_048, strong: 8))
    #expect(refused(length: Limits.deltaWindow, block: 1_000, strong: 8))
    #expect(refused(length: 1, block: 63, strong: 8))
    #expect(refused(length: 1, block: 0, strong: 8))
    #expect(refused(length: 1, block: 64, strong: 7))
    #expect(refused(length: 1, block: 64, strong: 33))
    #expect(refused(length: 1, block: UInt64(Limits.frame) + 1, strong: 8))
  }

  @Test("a small file's bytes are as many as its record says, and of a regular file")
  func smallFiles() throws {
    let record = try Samples.regular(size: 2)
    for content in [[], [1], [1, 2, 3]] as [[UInt8]] {
      #expect(refusal(of: encoded(MasterMessage.file(record, number: 0, content[...])), as: MasterMessage.self) != nil)
    }
    let folder = try Samples.record("d", .folder)
    #expect(refusal(of: encoded(MasterMessage.file(folder, number: 0, [])), as: MasterMessage.self) != nil)
  }

  @Test("names of snapshots that are none are refused wherever one stands, as is a list out of order or over its limit")
  func snapshots() throws {
    func refusals(_ name: [UInt8]) -> [Bool] {
      [
        isRefused(22) {
          $0.data(name)
          $0.byte(1)
        }, isRefused(23) { $0.data(name) },
        isRefused(80) {
          $0.byte(1)
          $0.data(name)
          $0.raw([1, 0, 2, 0, 0])
        },
      ]
    }
    let long = String(repeating: "a", count: 65)
    for name in ["", "1", "-a", "a b", "a/b", "..", "a\n", "a\0", "latest", "LATEST-1", "2026-11-20", "ä", long] {
      #expect(refusals(Array(name.utf8)) == [true, true, true], "\(name)")
    }
    #expect(refusals([0x61, 0xFF]) == [true, true, true])
    for name in ["a", "Z9._-", String(repeating: "a", count: 64)] {
      #expect(refusals(Array(name.utf8)) == [false, false, false], "\(name)")
    }
    for value in [Limits.number + 1, .max] {
      #expect(
        isRefused(22) {
          $0.text("a")
          $0.integer(value)
        })
      #expect(isRefused(81) { $0.integer(value) })
    }
    func list(_ names: [String], count: UInt64? = nil) -> Bool {
      isRefused(80) {
        $0.integer(count ?? UInt64(names.count))
        for name in names {
          $0.text(name)
          $0.raw([1, 0, 2, 0, 0])
        }
      }
    }
    let most = (0..<Limits.snapshots).map { "n\(10_000 + $0)" }
    #expect(!list(most) && list(most + ["z"]))
    #expect(list(["b", "a"]) && list(["a", "a"]))
    for count in [2, 1 << 20, UInt64.max] { #expect(list(["a"], count: count)) }
  }

  @Test("records of a catalog come in order, each path once")
  func catalogOrder() throws {
    let (first, second) = (try Samples.record("a", .folder), try Samples.record("b", .folder))
    #expect(refusal(of: encoded(SlaveMessage.catalog([second, first])), as: SlaveMessage.self)?.kind == .damaged)
    #expect(refusal(of: encoded(SlaveMessage.catalog([first, first])), as: SlaveMessage.self)?.kind == .damaged)
  }
}

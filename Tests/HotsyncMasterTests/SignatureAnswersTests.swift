import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import Testing

@testable import HotsyncMaster

struct SignatureAnswersTests {
  private func answers(_ ids: UInt64..., length: UInt64 = 8) -> SignatureAnswers {
    var answers = SignatureAnswers()
    for id in ids { answers.expect(RequestedSignature(id: id, length: length)) }
    return answers
  }

  @Test("signatures that were asked for ahead are kept until each is wanted, whatever comes between")
  func kept() throws {
    var answers = answers(1, 2)
    #expect(try answers.take(.signature(id: 1, [1, 2])))
    #expect(try answers.take(.signature(id: 2, [3])))
    #expect(answers.take(1) == nil)
    #expect(try answers.take(.signatureEnd(id: 1)))
    #expect(try answers.take(.signatureEnd(id: 2)))
    #expect(answers.take(2) == [3])
    #expect(answers.take(1) == [1, 2])
    #expect(answers.isEmpty)
  }

  @Test("what was not asked for ahead belongs to somebody else")
  func unasked() throws {
    var answers = answers(1)
    #expect(try !answers.take(.signature(id: 7, [1])))
    #expect(try !answers.take(.signatureEnd(id: 7)))
    #expect(try !answers.take(.sealed(generation: 1)))
    #expect(!answers.isEmpty)
  }

  @Test("a signature that goes beyond what it can be ends the conversation")
  func bounded() throws {
    var answers = answers(1, length: 4)
    #expect(try answers.take(.signature(id: 1, [1, 2, 3, 4])))
    #expect(throws: ProtocolError.self) { try answers.take(.signature(id: 1, [5])) }
  }

  @Test("of a signature that is not wanted any more nothing is kept, and its end is waited for")
  func givenUp() throws {
    var answers = answers(1, 2)
    #expect(try answers.take(.signatureEnd(id: 1)))
    answers.giveUp(1)
    answers.giveUp(2)
    #expect(!answers.isEmpty)
    #expect(try answers.take(.signature(id: 2, [UInt8](repeating: 0, count: 100)[...])))
    #expect(try answers.take(.signatureEnd(id: 2)))
    #expect(answers.isEmpty)
  }

  @Test("what was asked for counts until it has come, wanted or not")
  func room() throws {
    var answers = SignatureAnswers()
    var id: UInt64 = 0
    while answers.hasRoom {
      answers.expect(RequestedSignature(id: id, length: 1_024))
      id += 1
    }
    #expect(id == UInt64(SignatureAnswers.countLimit))
    for number in 0..<id { answers.giveUp(number) }
    #expect(!answers.hasRoom && answers.unwanted == Int(id))
    #expect(try answers.take(.signatureEnd(id: 0)))
    #expect(answers.hasRoom && !answers.isHalfEmpty && answers.unwanted == Int(id) - 1)
    var large = SignatureAnswers()
    large.expect(RequestedSignature(id: 1, length: UInt64(SignatureAnswers.bytesLimit)))
    #expect(!large.hasRoom)
    #expect(try large.take(.signatureEnd(id: 1)) && !large.hasRoom)
    #expect(large.take(1) != nil && large.hasRoom && large.isEmpty)
  }

  @Test("asked signatures come in the order of their paths")
  func order() throws {
    var asked = AskedSignatures()
    for id in 0..<3 as Range<UInt64> {
      asked.append(RequestedSignature(id: id, length: 1_024), for: try #require(RelativePath("f\(id)")))
    }
    #expect(asked.take(try #require(RelativePath("f1"))) == nil)
    #expect(asked.take(try #require(RelativePath("f0")))?.id == 0)
    #expect(asked.take(try #require(RelativePath("f1")))?.id == 1)
  }
}

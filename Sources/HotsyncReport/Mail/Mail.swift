public import HotsyncSystem

/// A mail to whoever looks after this machine, sent through the system's own sendmail(8).
public struct Mail: Sendable, Equatable {
  /// As in the header: `root`, `a@example.org, b@example.org`.
  public let recipient: String
  public let subject: String
  public let lines: [String]

  public init(to recipient: String, subject: String, lines: [String]) {
    self.recipient = recipient
    self.subject = subject
    self.lines = lines
  }

  /// Header and body (RFC 5322). Whatever names and errors put into them, each stays one line and shows nothing but
  /// itself.
  public var text: String {
    func header(_ text: String) -> String {
      let line = harmless(text).utf8.prefix(Mail.lineLimit).map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }
      return String(decoding: line, as: UTF8.self)
    }
    let head = [
      "To: \(header(recipient))", "Subject: \(header(subject))", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit", "",
    ]
    let body = lines.flatMap { harmlessLines($0).split(separator: "\n", omittingEmptySubsequences: false) }
    return (head + body.map { String($0.prefix(Mail.lineLimit / 4)) }).joined(separator: "\n") + "\n"
  }

  /// A line of mail has at most 998 bytes.
  private static let lineLimit = 900
  private static let patience = Duration.seconds(60)

  /// Whether mail can be sent from this root: on the machine's own always tried, below another one only where somebody put a
  /// sendmail there.
  public static func canBeSent(from root: borrowing Folder) -> Bool {
    if (try? root.isMachineRoot()) == true { return true }
    guard let path = RelativePath("usr/sbin/sendmail") else { return false }
    return (try? root.openRegular(at: path)) != nil
  }

  /// Hands it to `<root>/usr/sbin/sendmail`.
  public func send(from root: borrowing Folder) throws(ReportError) {
    do throws(SystemError) {
      let isMachine = try root.isMachineRoot()
      let place = isMachine ? "" : String(decoding: root.descriptor.currentPath() ?? [], as: UTF8.self)
      let input = try Descriptor.memoryFile()
      try input.write(Array(text.utf8), at: 0)
      // Its queue and its log are files of its own, of any size.
      let sendmail = Tool(
        "sendmail", in: ["\(place)/usr/sbin"] + (isMachine ? ["/usr/lib"] : []), limit: Mail.patience,
        boundsFiles: false)
      let result = try sendmail.run(["-t", "-i"], input: input, outputLimit: 4_096)
      guard !result.succeeded else { return }
      throw SystemError(number: 0, operation: "", subject: result.failure)
    } catch {
      throw ReportError(
        .failed, "cannot send", "a mail to \(recipient)",
        cause: error.number == 0 ? "sendmail \(error.subject)" : "/usr/sbin/sendmail: \(error.cause)",
        next: "install and try a mail system (apt install dma; echo test | mail root), or: config set mail_to ''")
    }
  }
}

import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem
import HotsyncTransport

/// The agent. Its standard input and output are the line to the master and carry nothing but the protocol.
struct ServeVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Be the agent of one connection, on standard input and output.")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  /// How long the line may be silent, and the master take to greet, where the configuration does not tell.
  private static let deadlines = Deadlines()

  private struct Setting {
    let connection: ConnectionConfiguration
    let context: AgentContext
    let store: Store
    let epoch: Epoch
    let holder: EpochHolder?
    let accounts: Accounts
  }

  func validate() throws {
    if chosen.connection == nil { throw ValidationError("serve needs --connection NAME") }
  }

  func run() throws {
    // Standard output belongs to the master: no document goes there, whatever was asked for.
    var plain = options
    plain.json = false
    try CommandWorld.run(HotsyncSlaveProgram.program, plain) { world in
      try carryOut(on: try Machine(world, chosen.connection))
    }
  }

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    Environment.keepFilesPrivate()
    let setting = Result { try set(up: machine) }
    let connection = try? setting.get().connection
    let deadlines =
      connection.map { Deadlines(connect: $0.connectTimeout, silence: $0.silenceTimeout) }
      ?? ServeVerb.deadlines
    let stream = try PipeStream(
      input: Descriptor(owning: 0), output: Descriptor(owning: 1), silence: deadlines.silence, peer: "the master")
    let channel = AgentChannel(stream, deadlines: deadlines)
    switch setting {
    case .failure(let error):
      // The master hears it too, once it has said who it is.
      _ = try? channel.receive()
      try? Agent.refuse(error, over: channel)
      throw error
    case .success(let setting):
      try Agent(
        setting.context, store: setting.store, channel: channel, epoch: setting.epoch, holder: setting.holder,
        accounts: setting.accounts
      ).run()
      return .done
    }
  }

  private func set(up machine: Machine) throws -> Setting {
    let configuration = try machine.configuration()
    let connection = try machine.connection(in: configuration)
    guard connection.isEnabled else {
      throw CommandError(
        .refused, "cannot serve", "the connection \"\(connection.name)\"", cause: "it is disabled on the slave",
        next: "on the slave: hotsync-slave config set status enabled connections.\(connection.name).status enabled")
    }
    let root = OpenFolder(try machine.root.duplicate())
    let context = AgentContext(
      connection: connection.name, program: Version.number,
      deletionLimit: connection.maxDelete,
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody,
      takesDevices: connection.data.devices, takesTrustedAttributes: connection.data.trustedAttributes,
      readiness: try ServeVerb.readiness(connection.name, below: machine.root),
      mayServe: { [name = connection.name] () throws(StoreError) in
        try PromotionMark.requireNone(name, below: root.folder)
      })
    return Setting(
      connection: connection, context: context, store: try machine.store(of: connection, in: configuration),
      epoch: try EpochFile.read(below: machine.root), holder: try EpochHolder.read(below: machine.root),
      accounts: try machine.accounts())
  }

  /// What maintenance wrote down, for the master's status.
  private static func readiness(_ connection: String, below root: borrowing Folder) throws -> SlaveReadiness? {
    try ReadinessRecord.read(connection, below: root).map { record in
      SlaveReadiness(
        time: record.moment, isReady: record.isReady,
        blockers: record.blockers.map { .init(code: $0.code, message: $0.message, nextStep: $0.nextStep) },
        estimatedSeconds: record.estimatedSeconds.map { UInt64(max(0, min($0, 1e9))) })
    }
  }
}

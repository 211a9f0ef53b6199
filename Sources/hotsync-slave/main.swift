import HotsyncCommand
import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem
import HotsyncTransport

// Stand-in until the commands come.
let words = CommandLine.arguments
let root = words[words.firstIndex(of: "--root")! + 1]
let folder = try Folder.open(root)
Signals.ignoreBrokenPipes()
if words[1] == "apply" {
  _ = try Store.create(connection: "standby", root: folder, path: "/var/lib/hotsync")
} else {
  let stream = try PipeStream(input: Descriptor(owning: 0), output: Descriptor(owning: 1), silence: .seconds(120), peer: "the master")
  let channel = AgentChannel(stream)
  let store = try Store.open(connection: "standby", root: folder, path: "/var/lib/hotsync")
  let context = AgentContext(connection: "standby", storePath: "/var/lib/hotsync", program: "0.1.0", deletionLimit: .percent(50), mapsUnknownOwnersToNobody: false)
  try Agent(context, store: store, channel: channel, epoch: .first, accounts: Accounts(root: folder)).run()
}

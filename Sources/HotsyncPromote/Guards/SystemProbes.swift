import HotsyncConfig
import HotsyncSystem

/// Asks the master's host with ping(8).
struct PingProbe: MasterProbe {
  var name: String { "ping" }

  func ask(_ world: PromotionWorld) throws(PromoteError) -> Signal {
    guard let host = world.connection.masterHost else { return Signal(name, .impossible, "master_host is not set") }
    let tool = Tool("ping", in: ["/usr/bin", "/bin", "/usr/sbin", "/sbin"], limit: .seconds(8))
    do throws(SystemError) {
      let result = try tool.run(["-n", "-q", "-c", "3", "-i", "0.3", "-W", "2", "--", host], outputLimit: 16 << 10)
      switch result.ending {
      case .exited(0)?: return Signal(name, .alive, "\(host) answers")
      case .exited(1)?: return Signal(name, .silent, "\(host) does not answer")
      default: return Signal(name, .impossible, result.complaint.first ?? "ping could not ask")
      }
    } catch { return Signal(name, .impossible, error.isMissing ? "there is no ping here" : error.cause) }
  }
}

/// Knocks at the master's SSH port.
struct SSHProbe: MasterProbe {
  var name: String { "ssh" }

  private static let patience = Duration.seconds(5)

  func ask(_ world: PromotionWorld) throws(PromoteError) -> Signal {
    guard let host = world.connection.masterHost else { return Signal(name, .impossible, "master_host is not set") }
    let port: UInt16 = 22
    let addresses: [SocketAddress]
    do throws(NameError) {
      addresses = try SocketAddress.all(of: host, port: port, atMost: SSHProbe.patience)
    } catch { return Signal(name, .impossible, error.cause) }
    var last = Signal(name, .impossible, "\(host) has no address")
    for address in addresses.prefix(4) {
      do throws(SystemError) {
        _ = try Descriptor.connect(to: address, atMost: SSHProbe.patience)
        return Signal(name, .alive, "port \(port) of \(host) is open")
      } catch { last = signal(error, host, port) }
      if last.state == .alive { return last }
    }
    return last
  }

  private func signal(_ error: SystemError, _ host: String, _ port: UInt16) -> Signal {
    switch error.number {
    // ECONNREFUSED: somebody is there to refuse.
    case 111: Signal(name, .alive, "port \(port) of \(host) is closed, which something alive there says")
    // ETIMEDOUT, EHOSTUNREACH, EHOSTDOWN
    case 110, 113, 112: Signal(name, .silent, "port \(port) of \(host) does not answer")
    default: Signal(name, .impossible, error.cause)
    }
  }
}

import HotsyncConfig
import HotsyncProtocol
import HotsyncTransport

/// What the configuration says of the line to the slave.
extension ConnectionConfiguration {
  /// Between two folders of one machine, packing costs more time than it saves.
  var packing: Packing {
    switch compression {
    case .none: .never
    case .zstd: .always
    case .auto: transport == .local ? .never : .auto
    }
  }

  var deadlines: Deadlines { Deadlines(connect: connectTimeout, silence: silenceTimeout) }
}

extension SlaveStream {
  /// The stream, held to `bandwidth_limit`.
  func openLimited(identity: String? = nil) throws -> any ByteStream {
    let stream = try open(identity: identity)
    guard let limit = connection.bandwidthLimit else { return stream }
    return LimitedStream(stream, bytesPerSecond: limit)
  }
}

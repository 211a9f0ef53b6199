import HotsyncConfig
import HotsyncDatabases
import HotsyncSystem

/// An engine whose databases a connection dumps.
struct ConfiguredEngine {
  let engine: any DatabaseEngine
  /// `status: enabled`: a server that is not there is an error.
  let isRequired: Bool
}

extension Cycle {
  /// Those that the configuration does not switch off.
  func engines() -> [ConfiguredEngine] {
    #if DEBUG
      if let planted = PlantedEngine() { return [ConfiguredEngine(engine: planted, isRequired: false)] }
    #endif
    return []
  }
}

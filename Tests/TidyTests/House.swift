/// The map of the house: which module stands in which row. Imports go downwards only.
enum House {
  static let rows: [String: Int] = [
    "HotsyncSystem": 0,
    "HotsyncCatalog": 1, "HotsyncDelta": 1,
    "HotsyncPlan": 2, "HotsyncProtocol": 2, "HotsyncConfig": 2, "HotsyncFacts": 2,
    "HotsyncDatabases": 3, "HotsyncReport": 3, "HotsyncTransport": 3,
    "HotsyncMaster": 4, "HotsyncSlave": 4, "HotsyncPromote": 4, "HotsyncCommand": 4,
    "hotsync": 5, "hotsync-slave": 5, "hotsync-promote": 5,
  ]

  /// Within a row nobody imports a neighbour, but for these: importer, then what it may import.
  static let neighbours = [["HotsyncPromote", "HotsyncSlave"]]

  static let cModules: Set<String> = ["CLibrsync", "CLibssh2", "CZstd", "CXxhash", "CHotsyncShims"]
  static let cImporters: Set<String> = ["HotsyncSystem", "HotsyncDelta", "HotsyncProtocol", "HotsyncTransport"]

  /// The data path: Foundation costs too much there, in size and for each file.
  static let withoutFoundation: Set<String> = [
    "HotsyncSystem", "HotsyncDelta", "HotsyncCatalog", "HotsyncPlan", "HotsyncProtocol", "HotsyncTransport",
    "HotsyncMaster", "HotsyncSlave",
  ]

  static let fileLimit = 400
  static let functionLimit = 80
}

public import HotsyncSystem

extension Facts.Schedules: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Schedules {
    try Facts.Schedules(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] { places }

  init(gathering source: Source) throws(FactsError) {
    self.init(
      files: try source.files(at: Facts.Schedules.places).filter { $0.objection(in: Facts.Schedules.places) == nil })
  }
}

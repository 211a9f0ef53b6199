import HotsyncSystem

/// Users and groups of the master that this machine lacks.
enum AccountsPlan {
  static func actions(_ world: PromotionWorld) throws(PromoteError) -> [Action] { [] }
}

import HotsyncSystem

/// The file `format`: version of the layout, the store's UUID, the secret of its digests.
struct StoreFormat {
  static let version = 2

  let uuid: [UInt8]
  let key: HashKey

  /// A new store's, from random bytes.
  static func new(random: (Int) -> [UInt8]) -> StoreFormat {
    StoreFormat(uuid: random(16), key: HashKey(bytes: random(HashKey.byteCount))!)
  }

  var text: String {
    let facts = "hotsync-store \(StoreFormat.version)\nuuid \(hexadecimal(uuid))\nkey \(hexadecimal(key.bytes))\n"
    return facts + "end \(key.digest(of: Array(facts.utf8)).hexadecimal)\n"
  }

  /// - Throws: kind `.damaged` for another version and for what is none.
  static func parse(_ bytes: [UInt8], of connection: String) throws(StoreError) -> StoreFormat {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
    guard let first = lines.first, first.count == 2, first[0] == "hotsync-store" else {
      throw .damaged("the store of \"\(connection)\"", "its file \"format\" is not one of hotsync's")
    }
    guard first[1] == "\(version)" else {
      throw StoreError(
        .damaged, "cannot use", "the store of \"\(connection)\"",
        cause: "its format is \(shown(first[1].utf8.prefix(20))), and this program knows format \(version)",
        next: "install the version of hotsync that wrote it, or a newer one")
    }
    guard lines.count == 4, lines[1].count == 2, lines[2].count == 2, lines[1][0] == "uuid", lines[2][0] == "key",
      let uuid = parseHexadecimal(lines[1][1]), uuid.count == 16,
      let secret = parseHexadecimal(lines[2][1]), let key = HashKey(bytes: secret),
      Array(StoreFormat(uuid: uuid, key: key).text.utf8) == bytes
    else { throw .damaged("the store of \"\(connection)\"", "its file \"format\" is cut short or altered") }
    return StoreFormat(uuid: uuid, key: key)
  }
}

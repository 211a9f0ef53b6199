public import HotsyncSystem

/// `CACHEDIR.TAG`, by which a program says that a folder holds nothing but what it can make again
/// ([Cache Directory Tagging Specification](https://bford.info/cachedir/)).
public enum CacheDirectoryTag {
  public static let name = FileName("CACHEDIR.TAG")!

  /// How many bytes of the file `isValid(firstBytes:)` wants to see.
  public static let signatureLength = signature.count
  private static let signature = Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)

  /// Whether a regular file that begins so is a tag. The name alone says nothing.
  public static func isValid(firstBytes: some Sequence<UInt8>) -> Bool {
    firstBytes.starts(with: signature)
  }
}

/// `.nobackup`: the folder that holds it is left out, whatever the file holds.
public enum NoBackupMark {
  public static let name = FileName(".nobackup")!
}

/// Every limit that is held against a peer or a file, in one place. None can be raised by the other side.
public enum Limits {
  /// A frame's type and payload, in bytes.
  public static let frame = 1 << 20
  /// The same before the handshake is done.
  public static let handshakeFrame = 64 << 10
  /// A chunk of file content in one frame.
  public static let dataChunk = 960 << 10
  /// A symbolic link's target (PATH_MAX - 1).
  public static let linkTarget = 4_095
  /// A user's or group's name.
  public static let ownerName = 256
  /// Extended attributes of one entry, their names (XATTR_NAME_MAX) and values (XATTR_SIZE_MAX).
  public static let attributes = 4_096
  public static let attributeName = 255
  public static let attributeValue = 65_536
  /// All attributes of one entry together: what still fits a frame with its record.
  public static let attributeBytes = 512 << 10
  /// The largest file: 256 TiB. A hole costs no byte to announce, but a digest for each MiB, on either side.
  public static let fileSize: UInt64 = 1 << 48
  /// Entries of one connection.
  public static let records: UInt64 = 100_000_000
  /// A message or a name in a refusal.
  public static let text = 4_096
  /// Blocks in one signature.
  public static let signatureBlocks = 1 << 17
  /// Bytes of base that one signature covers.
  public static let deltaWindow: UInt64 = 128 << 20
  /// Ranges of one patch.
  public static let patchRanges = 1 << 20
  /// Numbers that go up by one: of contents, generations, epochs. Half of what fits, so that the next always does.
  public static let number = UInt64.max / 2
  /// A snapshot's name.
  public static let snapshotName = 64
  /// Snapshots of one store; and how many there may be for a master to make one more, so that some are left for the operator.
  public static let snapshots = 1_200
  public static let snapshotsOfMaster = 1_000
  /// Damaged entries told in one greeting, and the bytes of their paths together.
  public static let damagedPaths = 1_024
  public static let damagedPathBytes = 32 << 10
  /// Staged contents that a slave offers after a broken cycle.
  public static let stagedContents = 1 << 22
  /// Paths of begun contents that a slave offers, all together.
  public static let begunPathBytes = 16 << 20
  /// Bytes of one staged run of a patch, and how many runs all patches of a broken cycle have together.
  public static let stagedRun: UInt64 = 1 << 20
  public static let stagedRuns = 1 << 20
  /// What a packed frame may hold: a frame of full length with the four bytes before it.
  public static let unpacked = frame + 4
  /// The window that zstd may look back on there.
  public static let unpackingWindow: UInt64 = 1 << 20
  /// What all packed frames of a stream hold together: so many times the stream's bytes, and this much besides.
  public static let expansion: UInt64 = 1_024
  public static let freeExpansion: UInt64 = 16 << 20
  /// How long a conversation may go on in which nobody says anything but that it is alive.
  public static let idleConversation = Duration.seconds(6 * 3_600)
}

import HotsyncConfig
import HotsyncSystem

/// What the guards judge: collected once, before anything is decided.
struct Circumstances: Sendable {
  struct Console: Sendable {
    var isTerminal = false
    /// The terminal goes with an SSH connection.
    var isOverSSH = false
    /// It is held by screen or tmux.
    var isHeld = false
    var isInteractive = true
    /// Nobody is going to be asked: `--check`.
    var isTrial = false
  }

  struct Maintenance: Sendable {
    var time: Timestamp
    var succeeded: Bool
  }

  struct Kept: Sendable {
    var number: UInt64
    var time: Timestamp
    var isSeed: Bool
  }

  var connection = ""
  var role = Role.slave
  /// Since when this machine is promoted already.
  var promotedSince: Timestamp?
  var console = Console()
  var maintenance: Maintenance?
  /// How often it is to run.
  var maintenanceInterval = Duration.seconds(3_600)
  /// Oldest first.
  var generations: [Kept] = []
  var chosen: Kept?
  var damaged = 0
  var hasUnfinishedCycle = false
  var isStoreHandedOver = false
  var lastSync: Timestamp?
  var now = Timestamp.zero
  var maxAge = Duration.seconds(3_600)
  var options = PromotionOptions()
  var masterHost = ""
  var probes: [PromoteConfiguration.Probe] = []
  var signals: [Signal] = []
  var ownEpoch: UInt64 = 1
  /// The highest that another machine was heard of with; nil where none was.
  var heardEpoch: UInt64?
  var files: FilesPlan?
  var databases: [GuardResult] = []
  var network: GuardResult?
  var missingPackages: [String] = []
  var hasPackageFacts = false
  /// Why something could not be collected, by guard.
  var failures: [GuardName: PromoteError] = [:]
}

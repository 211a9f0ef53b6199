// swift-tools-version: 6.2
import PackageDescription

/// What every target is built with: see docs/decisions/0001-language-settings.md.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

// The targets stand in the order of the house, from the ground up; `TidyTests` holds the imports
// against this order.
let package = Package(
  name: "hotsync",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Row 0: the machine.
    .systemLibrary(name: "CLibrsync", providers: [.apt(["librsync-dev"])]),
    .systemLibrary(name: "CXxhash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLibssh2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"])]),
    .target(name: "CHotsyncShims"),
    module("HotsyncSystem", ["CHotsyncShims", "CXxhash"]),
    // Row 1: what a file is.
    module("HotsyncCatalog", ["HotsyncSystem"]),
    module("HotsyncDelta", ["HotsyncSystem", "CLibrsync"]),
    // Row 2: what is to be done, said, and configured.
    module("HotsyncPlan", ["HotsyncSystem", "HotsyncCatalog"]),
    module("HotsyncProtocol", ["HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "CZstd"]),
    module("HotsyncConfig", ["HotsyncSystem", yams]),
    // What a promotion needs to know of a machine.
    module("HotsyncFacts", ["HotsyncSystem"]),
    // Row 3: the edges.
    module("HotsyncDatabases", ["HotsyncSystem"]),
    module("HotsyncReport", ["HotsyncSystem", logging]),
    module("HotsyncTransport", ["HotsyncSystem", "HotsyncCatalog", "HotsyncProtocol", "CHotsyncShims", "CLibssh2"]),
    // Row 4: the two machines.
    module(
      "HotsyncMaster",
      [
        "HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "HotsyncPlan", "HotsyncProtocol",
        "HotsyncConfig", "HotsyncReport", "HotsyncTransport", "HotsyncFacts", "HotsyncDatabases", logging,
      ]),
    module(
      "HotsyncSlave",
      [
        "HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "HotsyncPlan", "HotsyncProtocol",
        "HotsyncConfig", "HotsyncReport", "HotsyncTransport", "HotsyncFacts", "HotsyncDatabases",
      ]),
    module(
      "HotsyncPromote",
      [
        "HotsyncSystem", "HotsyncCatalog", "HotsyncPlan", "HotsyncProtocol", "HotsyncConfig", "HotsyncReport",
        "HotsyncTransport", "HotsyncFacts", "HotsyncDatabases", "HotsyncSlave",
      ]),
    // What the commands share: their options, and the world they stand in.
    module("HotsyncCommand", ["HotsyncSystem", "HotsyncCatalog", "HotsyncConfig", "HotsyncReport", argumentParser]),
    // Row 5: the commands.
    executable(
      "hotsync",
      [
        "HotsyncMaster", "HotsyncCommand", "HotsyncConfig", "HotsyncReport", "HotsyncTransport", "HotsyncSystem",
        "HotsyncCatalog", "HotsyncProtocol",
        argumentParser,
      ]),
    executable(
      "hotsync-slave",
      [
        "HotsyncSlave", "HotsyncMaster", "HotsyncCommand", "HotsyncConfig", "HotsyncReport", "HotsyncSystem",
        "HotsyncPlan", "HotsyncProtocol", "HotsyncTransport", "HotsyncCatalog", "HotsyncFacts", "HotsyncDatabases",
        argumentParser,
      ]),
    executable(
      "hotsync-promote",
      [
        "HotsyncPromote", "HotsyncSlave", "HotsyncCommand", "HotsyncConfig", "HotsyncReport", "HotsyncSystem",
        "HotsyncFacts", "HotsyncDatabases", argumentParser,
      ]),
    // What the tests stand on, and a tool by which scripts make trees.
    .target(
      name: "TestSupport", dependencies: ["HotsyncSystem", "HotsyncCatalog"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .executableTarget(
      name: "make-tree", dependencies: ["TestSupport", "HotsyncSystem"], path: "Tests/MakeTree", swiftSettings: settings
    ),
    // Both tools side by side: never part of the tests.
    .executableTarget(
      name: "hotsync-bench", dependencies: ["TestSupport", "HotsyncReport", "HotsyncSystem", argumentParser],
      path: "Benchmarks", swiftSettings: settings),
    tests("BenchmarkTests", ["hotsync-bench", argumentParser]),
    tests("TestSupportTests", ["TestSupport", "HotsyncSystem", "make-tree"]),
    tests("HotsyncSystemTests", ["HotsyncSystem", "TestSupport"]),
    tests("HotsyncCatalogTests", ["HotsyncCatalog", "HotsyncSystem", "TestSupport"]),
    tests("HotsyncDeltaTests", ["HotsyncDelta", "HotsyncSystem", "TestSupport"]),
    tests("HotsyncPlanTests", ["HotsyncPlan", "HotsyncCatalog", "HotsyncSystem", "TestSupport"]),
    tests(
      "HotsyncProtocolTests", ["HotsyncProtocol", "HotsyncCatalog", "HotsyncDelta", "HotsyncSystem", "TestSupport"]),
    tests(
      "HotsyncTransportTests",
      ["HotsyncTransport", "HotsyncProtocol", "HotsyncCatalog", "HotsyncSystem", "TestSupport"]),
    tests("HotsyncConfigTests", ["HotsyncConfig", "HotsyncSystem", "TestSupport"]),
    tests("HotsyncReportTests", ["HotsyncReport", "HotsyncSystem", logging]),
    tests(
      "HotsyncMasterTests",
      [
        "HotsyncMaster", "HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "HotsyncPlan", "HotsyncProtocol",
        "HotsyncReport", "HotsyncConfig", "TestSupport",
      ]),
    tests(
      "HotsyncSlaveTests",
      [
        "HotsyncSlave", "HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "HotsyncConfig", "HotsyncPlan",
        "HotsyncProtocol",
        "HotsyncTransport", "TestSupport", "hotsync-slave",
      ]),
    tests("HotsyncFactsTests", ["HotsyncFacts", "HotsyncSystem", "TestSupport"]),
    tests("HotsyncDatabasesTests", ["HotsyncDatabases", "HotsyncSystem", "TestSupport"]),
    tests(
      "HotsyncPromoteTests",
      [
        "HotsyncPromote", "HotsyncSlave", "HotsyncFacts", "HotsyncDatabases", "HotsyncConfig", "HotsyncReport",
        "HotsyncCatalog", "HotsyncSystem", "TestSupport",
      ]),
    // Whole promotions in scratch roots, by the real executables.
    tests(
      "PromotionTests",
      [
        "TestSupport", "HotsyncSystem", "HotsyncConfig", "HotsyncReport", "HotsyncFacts", "hotsync", "hotsync-slave",
        "hotsync-promote",
      ]),
    // The real executables on scratch roots.
    tests(
      "EndToEndTests",
      [
        "TestSupport", "HotsyncSystem", "HotsyncConfig", "HotsyncReport", "HotsyncSlave", "HotsyncDatabases", "hotsync",
        "hotsync-slave", "hotsync-promote",
      ]),
    // Who gets in, and what for: the real executables, ssh-keygen, and OpenSSH's own client and server.
    tests(
      "AccessTests",
      [
        "TestSupport", "HotsyncSystem", "HotsyncCatalog", "HotsyncProtocol", "HotsyncConfig", "HotsyncReport",
        "HotsyncMaster", "HotsyncTransport", "hotsync", "hotsync-slave",
      ]),
    // One suite over every transport, bad lines, logins that fail, and peers that lie.
    tests(
      "ConformanceTests",
      [
        "TestSupport", "HotsyncSystem", "HotsyncCatalog", "HotsyncDelta", "HotsyncProtocol", "HotsyncTransport",
        "hotsync", "hotsync-slave",
      ]),
    // The executables under kills, faults, full disks and damage.
    tests(
      "CrashTests",
      [
        "TestSupport", "HotsyncSystem", "HotsyncProtocol", "HotsyncTransport", "hotsync", "hotsync-slave",
      ]),
    tests("TidyTests", []),
  ]
)

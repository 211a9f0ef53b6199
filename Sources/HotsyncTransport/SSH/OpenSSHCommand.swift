import HotsyncSystem

/// How `ssh` is called: every option that matters for whom we trust and what we give away is fixed here, and comes before
/// those of any file (ssh_config(5): the first value counts).
struct OpenSSHCommand {
  let target: SSHTarget
  /// A file with more options, which was found to be trusted.
  let configuration: String?

  init(_ target: SSHTarget, configuration: String?) {
    self.target = target
    self.configuration = configuration
  }

  // Paths come by the environment: a value of ssh_config has quoting and tokens of its own, what a variable holds is taken
  // as it is. No agent's socket, no settings of the person who runs us.
  var environment: [String: String] {
    ChildStream.environment.merging([
      "LC_ALL": "C", "HOTSYNC_IDENTITY": target.identity, "HOTSYNC_KNOWN_HOSTS": target.knownHosts,
    ]) { $1 }
  }

  var arguments: [String] {
    let options = trust + login + line + nothingElse + (configuration == nil ? algorithms : []) + variables
    return ["-F", configuration ?? "none"] + options.flatMap { ["-o", $0] }
      + ["--", target.connection, SSHTarget.requestedCommand]
  }

  /// A login as nobody, which ends as soon as the host has shown its key: that is then the only line of standard output,
  /// in known_hosts' form. What comes first counts.
  var hostKeyArguments: [String] {
    ["StrictHostKeyChecking=accept-new", "UserKnownHostsFile=/dev/stdout", "PreferredAuthentications=none"]
      .flatMap { ["-o", $0] } + arguments
  }

  /// The host key is the one that is pinned under the connection's name, wherever the connection leads.
  private var trust: [String] {
    [
      "BatchMode=yes", "StrictHostKeyChecking=yes", "UserKnownHostsFile=${HOTSYNC_KNOWN_HOSTS}",
      "GlobalKnownHostsFile=/dev/null", "KnownHostsCommand=none", "VerifyHostKeyDNS=no",
      "NoHostAuthenticationForLocalhost=no", "HostKeyAlias=\(target.connection)", "CheckHostIP=no", "UpdateHostKeys=no",
    ]
  }

  private var login: [String] {
    [
      // % begins a token there; an address may have one before its zone.
      "HostName=\(target.host.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%"))",
      "Port=\(target.port)", "User=\(target.user)", "IdentitiesOnly=yes", "IdentityFile=${HOTSYNC_IDENTITY}",
      "PreferredAuthentications=publickey", "PubkeyAuthentication=yes", "PasswordAuthentication=no",
      "KbdInteractiveAuthentication=no",
    ]
  }

  private var line: [String] {
    let silence = max(1, target.silence.components.seconds)
    // Where nothing comes for as long as the silence, the third question at the latest is over.
    let interval = max(1, silence / 3)
    return [
      "ConnectTimeout=\(max(1, target.connectTimeout.components.seconds))", "ServerAliveInterval=\(interval)",
      "ServerAliveCountMax=\(max(1, silence / interval))", "TCPKeepAlive=yes", "Compression=no", "EscapeChar=none",
      "LogLevel=ERROR",
    ]
  }

  private var nothingElse: [String] {
    [
      "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "PermitLocalCommand=no", "RequestTTY=no",
      "ControlMaster=no", "ControlPath=none",
    ]
  }

  /// Few: each costs bytes on the wire at each login, and a login is most of what a cycle without changes sends. A file
  /// of options may name others.
  private var algorithms: [String] {
    [
      "Ciphers=aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr",
      "MACs=hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
      "KexAlgorithms=curve25519-sha256,ecdh-sha2-nistp256",
      "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512",
    ]
  }

  /// One option holds them all: of several only the first counts.
  private var variables: [String] {
    guard !target.agentVariables.isEmpty else { return [] }
    let pairs = target.agentVariables.map { "\"\($0.key)=\($0.value)\"" }.sorted()
    return ["SetEnv=" + pairs.joined(separator: " ")]
  }
}

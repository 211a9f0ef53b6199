/// The version of these programs.
public enum Version {
  public static let number = "0.1.0"
  public static let text = "hotsync \(number)"
}

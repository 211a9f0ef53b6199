import HotsyncCatalog
import HotsyncSystem

extension Folder {
  /// Makes an entry that its record alone makes, with its metadata: a symbolic link, a FIFO, a device node. It is never opened.
  func make(_ record: Record, as name: FileName, metadata: MetadataWriter) throws(SystemError) {
    switch record.content {
    case .symbolicLink(let target): try makeSymbolicLink(name, to: target)
    case .fifo: try makeFIFO(name)
    case .device(let isBlock, let number): try makeDevice(name, isBlock: isBlock, number)
    case .regular, .folder, .hardLink: preconditionFailure("\(record.path) is not made of its record")
    }
    try metadata.apply(record, to: try open(name, .nameOnly), isNew: true)
  }
}

extension Content {
  /// Whether an entry of that status is what this says, but for what a file holds and where a link leads.
  func isKind(of status: FileStatus) -> Bool {
    switch self {
    case .regular: status.kind == .regular
    case .folder: status.kind == .folder
    case .symbolicLink: status.kind == .symbolicLink
    case .fifo: status.kind == .fifo
    case .device(let isBlock, let number):
      status.kind == (isBlock ? .blockDevice : .characterDevice) && status.special == number
    case .hardLink: status.kind != .folder
    }
  }
}

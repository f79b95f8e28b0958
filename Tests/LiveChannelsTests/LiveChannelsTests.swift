import Testing

@testable import LiveChannels

import Testing

/// What needs a real browser. One at a time: each takes as much of the machine as all other tests together.
@Suite(.serialized, .enabled(if: BrowserTools.areThere, "\(BrowserTools.hint)"), .timeLimit(.minutes(10)))
enum BrowserTests {}

/// Doors for devices whose updater has a protocol of its own. The token in the path is the whole credential here, too; one that
/// is unknown is answered with 401, since 404 is to some of them that there is no update.
extension Endpoints {
  public static let askAsSWUpdate = ofThings(
    "askAsSWUpdate", .get, "/v2/things/{token}/swupdate",
    "What SWUpdate asks of a general purpose HTTP server: whether there is an update. Every other parameter is kept as a "
      + "resource of the thing",
    query: [
      .text(
        "sw_version", "What runs now on the first MCU; of any other as `sw_version_MCU`. The model may name another parameter"),
      .text("boot_id", "Any text that changes with each boot"),
    ], .empty(302, "There is: the image is at Location"), errors: [401, 404, 507])
  public static let logAsSWUpdate = ofThings(
    "logAsSWUpdate", .put, "/v2/things/{token}/swupdate/log",
    "SWUpdate's log lines, kept as the resource `swupdate.log`; one that begins with `success` or `fail` ends the update",
    request: .bytes(0, "Text", "text/plain"), .json(200, CreatedShape.self), errors: [401])
  public static let pollAsRAUC = ofThings(
    "pollAsRAUC", .get, "/v2/things/{token}/rauc",
    "The bundle that the thing may have now, for RAUC's polling and streaming: always the same address, in ranges (RFC 9110)",
    .bytes(200, "The bundle"),
    also: [
      .bytes(206, "The ranges asked for"), .empty(204, "There is none for it"), .empty(304, "As before"),
      .empty(412, "Another bundle"), .empty(416, "No such range; Content-Range has the size"),
    ], errors: [401, 403, 404, 507])

  public static let updaters = [askAsSWUpdate, logAsSWUpdate, pollAsRAUC]
}

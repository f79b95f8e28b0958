import Domain

extension Endpoints {
  public static let probeImage = Endpoint(
    id: "probeImage", method: .head, template: "/api/v1/images/{digest}", access: .operators,
    summary: "Whether the image is stored, else how much of it has arrived", query: [], request: nil,
    answers: [
      .empty(200, "Stored; Content-Length is its size"),
      .empty(404, "Not stored; Upload-Offset is the number of bytes that a next PUT may continue from"),
      .empty(400, "No digest"),
      .empty(401, "No valid operator token"),
      .empty(403, "Another role is needed"),
      .empty(503, "The store fails"),
    ])
  public static let storeImage = Endpoint(
    id: "storeImage", method: .put, template: "/api/v1/images/{digest}", access: .operators,
    summary: "Store the bytes of an image under their SHA-256; `Content-Range: bytes FIRST-LAST/SIZE` continues a cut upload",
    query: [], request: .bytes(0, "The image"),
    answers: [.json(201, ImageShape.self, "Stored"), .json(200, ImageShape.self, "It was stored already")]
      + [400, 401, 403, 408, 409, 413, 416, 422, 503, 507].map { .problem($0) },
    // Bytes by their digest belong to no model, and do nothing until a firmware of one names them.
    needs: .uploader, checksModels: true)

  static let images = [probeImage, storeImage]

  public static let registerFirmware = Endpoint.operators(
    "registerFirmware", .post, "/api/v1/firmwares", "Register a firmware by its signed manifest (a DSSE envelope)",
    query: [.flag("publish", "Also publish it, for which the role releaser is needed")], request: .body(EnvelopeShape.self),
    needs: .uploader, checksModels: true, 201, answers: FirmwareShape.self,
    also: [.json(200, FirmwareShape.self, "The same firmware was registered already")], problems: [404, 409, 422])
  public static let listFirmwares = Endpoint.operators(
    "listFirmwares", .get, "/api/v1/firmwares", "Firmwares, newest registration first",
    query: [.text("model", "Only this model's"), .text("mcu", "Only this MCU's")] + .page, answers: FirmwareList.self,
    problems: [404])
  public static let showFirmware = Endpoint.operators(
    "showFirmware", .get, "/api/v1/firmwares/{firmware}", "One firmware", answers: FirmwareShape.self, problems: [404])
  public static let showManifest = Endpoint.operators(
    "showManifest", .get, "/api/v1/firmwares/{firmware}/manifest", "The signed manifest, as it was registered",
    answers: EnvelopeShape.self, problems: [404])
  public static let publishFirmware = Endpoint.operators(
    "publishFirmware", .put, "/api/v1/firmwares/{firmware}/publication", "Offer it to the things of its model",
    needs: .releaser, answers: FirmwareShape.self, problems: [404, 409])
  public static let withdrawFirmware = Endpoint.operators(
    "withdrawFirmware", .delete, "/api/v1/firmwares/{firmware}/publication", "Stop offering and serving it",
    needs: .releaser, answers: FirmwareShape.self, problems: [404])

  static let firmwares = [
    registerFirmware, listFirmwares, showFirmware, showManifest, publishFirmware, withdrawFirmware,
  ]
}

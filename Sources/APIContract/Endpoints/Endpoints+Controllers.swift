/// Devices of the DDI door as operators see them.
extension Endpoints {
  public static let listControllers = Endpoint.operators(
    "listControllers", .get, "/api/v1/controllers", "Devices that came by DDI, by name",
    query: [.flag("waiting", "Only those that wait to be admitted"), .text("model", "Only this model's")] + .page,
    answers: ControllerList.self, problems: [404])
  public static let admitController = Endpoint.operators(
    "admitController", .post, "/api/v1/controllers/{controllerId}/admission",
    "Make a thing of a device that waits; again is a success that changes nothing", answers: ThingShape.self, problems: [404])
  public static let refuseController = Endpoint.operators(
    "refuseController", .delete, "/api/v1/controllers/{controllerId}",
    "Forget a device that waits, or the name of a thing, which stays", answers: ControllerShape.self, problems: [404])

  public static let refuseControllers = Endpoint.operators(
    "refuseControllers", .delete, "/api/v1/controllers",
    "Forget all devices of a model that wait; each waits again when it comes again",
    query: [
      .flag("waiting", "Has to be true: those that are things stay"), .text("model", "Of this model; it has to be named"),
    ], checksModels: true, answers: RefusedControllers.self, problems: [404])

  static let controllers = [listControllers, admitController, refuseController, refuseControllers]
}

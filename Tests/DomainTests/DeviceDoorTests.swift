import Domain
import Testing

@Suite("How devices are met") struct DeviceDoorTests {
  @Test(
    arguments: [
      ("application", nil, "bApp"), ("runtime", nil, "jvm"), ("os", nil, "os"), ("Application", nil, "Application"),
      ("application", "main", "main"), ("os", "bApp", "bApp"),
    ] as [(String, String?, String)])
  func `a part is what is said, or what hawkBit makes of the type`(type: String, said: String?, part: String) {
    #expect(MCU(id: 1, name: "a", moduleType: type, explicitPart: said).part == part)
  }

  @Test func `a change leaves what it does not name, and an empty part goes back to the type's`() {
    let door = DeviceDoor(unknownThings: .hold, versionAttribute: "fw", trustsReports: true)
    #expect(DeviceDoorChange.none.applied(to: door) == door)
    #expect(DeviceDoorChange(trustsReports: false).applied(to: door).versionAttribute == "fw")
    #expect(DeviceDoorChange(unknownThings: .refuse).applied(to: .standard).unknownThings == .refuse)
    let mcu = MCU(id: 7, name: "a", moduleType: "os", explicitPart: "kernel")
    #expect(ModuleChange().applied(to: mcu) == mcu)
    #expect(ModuleChange(moduleType: "runtime").applied(to: mcu).part == "kernel")
    #expect(ModuleChange(moduleType: "runtime", part: "").applied(to: mcu).part == "jvm")
  }
}

import Domain
import Foundation

/// An area on the ground, for `geo=within=(…)`.
enum GeographicArea: Sendable {
  case circle(center: GeographicPoint, metres: Double)
  /// Where west is greater than east the box lies across the 180th meridian. The edges belong to it.
  case box(south: Double, west: Double, north: Double, east: Double)

  func contains(_ point: GeographicPoint) -> Bool {
    switch self {
    case .circle(let center, let metres): return Self.metres(from: center, to: point) <= metres
    case .box(let south, let west, let north, let east):
      guard south <= point.latitude, point.latitude <= north else { return false }
      let (afterWest, beforeEast) = (west <= point.longitude, point.longitude <= east)
      return west <= east ? afterWest && beforeEast : afterWest || beforeEast
    }
  }

  /// The way along the surface of a sphere of the Earth's mean radius, by the haversine formula.
  static func metres(from start: GeographicPoint, to end: GeographicPoint) -> Double {
    let radians = Double.pi / 180
    let upward = sin((end.latitude - start.latitude) * radians / 2)
    let sideward = sin((end.longitude - start.longitude) * radians / 2)
    let haversine = upward * upward + cos(start.latitude * radians) * cos(end.latitude * radians) * sideward * sideward
    return 2 * 6_371_008.8 * asin(min(1, haversine.squareRoot()))
  }
}

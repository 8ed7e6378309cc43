//! Points on the earth, and what is near them.

use std::f64::consts::PI;

/// What a degree is counted in: about a metre.
const STEPS_PER_DEGREE: f64 = 100_000.0;

/// The mean radius of the earth (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point on the earth, to a metre.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Point {
    /// To the north, in hundred-thousandths of a degree.
    pub(crate) latitude: i32,
    /// To the east, in hundred-thousandths of a degree.
    pub(crate) longitude: i32,
}

impl Point {
    /// A point by its degrees; `None` for one that is not on the earth.
    pub fn new(latitude_degrees: f64, longitude_degrees: f64) -> Option<Self> {
        let is_on_earth = (-90.0..=90.0).contains(&latitude_degrees)
            && (-180.0..=180.0).contains(&longitude_degrees);
        is_on_earth.then(|| Self {
            latitude: (latitude_degrees * STEPS_PER_DEGREE).round() as i32,
            longitude: (longitude_degrees * STEPS_PER_DEGREE).round() as i32,
        })
    }

    /// To the north.
    pub fn latitude_degrees(self) -> f64 {
        f64::from(self.latitude) / STEPS_PER_DEGREE
    }

    /// To the east.
    pub fn longitude_degrees(self) -> f64 {
        f64::from(self.longitude) / STEPS_PER_DEGREE
    }

    /// How far two points are apart on a sphere, in metres (the haversine formula; Sinnott: Virtues of the haversine, 1984).
    pub fn distance_m(self, other: Self) -> f64 {
        let radians = |point: Self| {
            let [latitude, longitude] = [point.latitude_degrees(), point.longitude_degrees()];
            [latitude.to_radians(), longitude.to_radians()]
        };
        let [[north, east], [other_north, other_east]] = [radians(self), radians(other)];
        let half_sine = |angle: f64| (angle / 2.0).sin().powi(2);
        let haversine = half_sine(other_north - north)
            + north.cos() * other_north.cos() * half_sine(other_east - east);
        2.0 * EARTH_RADIUS_M * haversine.clamp(0.0, 1.0).sqrt().asin()
    }

    /// The point's place on a curve that fills the world and leaves no neighbourhood before it has seen it (Hilbert, 1891): what is near on it is near on the earth.
    pub fn on_curve(self) -> u64 {
        let side = 1_u64 << CURVE_LEVEL_COUNT;
        let scaled = |value: i32, half_degrees: f64| {
            let share = (f64::from(value) / STEPS_PER_DEGREE + half_degrees) / (2.0 * half_degrees);
            ((share * side as f64) as u64).min(side - 1)
        };
        let (mut x, mut y) = (scaled(self.longitude, 180.0), scaled(self.latitude, 90.0));
        let mut place = 0;
        let mut step = side / 2;
        while 0 < step {
            let (right, upper) = (u64::from(x & step != 0), u64::from(y & step != 0));
            place += step * step * ((3 * right) ^ upper);
            if upper == 0 {
                if right == 1 {
                    x = side - 1 - x;
                    y = side - 1 - y;
                }
                std::mem::swap(&mut x, &mut y);
            }
            step /= 2;
        }
        place
    }
}

/// Of the curve through the world; a cell of the last level is about a metre.
const CURVE_LEVEL_COUNT: u32 = 25;

/// What is at most so far from a point.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Circle {
    /// Its middle.
    pub center: Point,
    /// How far it goes.
    pub radius_m: u32,
}

impl Circle {
    /// The rectangle around it. Where it reaches a pole, that goes around the earth; beyond the date line it ends at it on both sides.
    pub(crate) fn rectangle(self) -> Rectangle {
        let degrees = f64::from(self.radius_m) / (EARTH_RADIUS_M * PI / 180.0);
        let latitude = self.center.latitude_degrees();
        let widest = (latitude.abs() + degrees).min(90.0).to_radians().cos();
        let east_degrees = if degrees < 180.0 * widest {
            degrees / widest
        } else {
            360.0
        };
        let crosses_date_line = 180.0 < self.center.longitude_degrees().abs() + east_degrees;
        let steps = |degrees: f64| (degrees * STEPS_PER_DEGREE).ceil() as i32 + 1;
        let (north, east) = (steps(degrees), steps(east_degrees));
        let Point {
            latitude,
            longitude,
        } = self.center;
        Rectangle {
            south: latitude.saturating_sub(north),
            north: latitude.saturating_add(north),
            west: if crosses_date_line {
                i32::MIN
            } else {
                longitude - east
            },
            east: if crosses_date_line {
                i32::MAX
            } else {
                longitude + east
            },
        }
    }
}

/// What lies between two latitudes and two longitudes, in hundred-thousandths of a degree, all four included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rectangle {
    pub(crate) south: i32,
    pub(crate) west: i32,
    pub(crate) north: i32,
    pub(crate) east: i32,
}

impl Rectangle {
    /// The rectangle between two corners; `None` where the second is south or west of the first.
    pub fn new(south_west: Point, north_east: Point) -> Option<Self> {
        let is_one = south_west.latitude <= north_east.latitude
            && south_west.longitude <= north_east.longitude;
        is_one.then_some(Self {
            south: south_west.latitude,
            west: south_west.longitude,
            north: north_east.latitude,
            east: north_east.longitude,
        })
    }

    pub(crate) fn center(self) -> Point {
        let middle = |low: i32, high: i32| i64::midpoint(low.into(), high.into()) as i32;
        Point {
            latitude: middle(self.south, self.north),
            longitude: middle(self.west, self.east),
        }
    }

    pub(crate) fn has(self, point: Point) -> bool {
        self.meets(Self {
            south: point.latitude,
            west: point.longitude,
            north: point.latitude,
            east: point.longitude,
        })
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.south <= other.north
            && other.south <= self.north
            && self.west <= other.east
            && other.west <= self.east
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        let (berlin, paris) = (point(52.52, 13.405), point(48.8566, 2.3522));
        assert!((berlin.distance_m(paris) / 1000.0 - 877.5).abs() < 1.0);
        assert!(berlin.distance_m(berlin) < 1e-6);
        let half_way_round = point(0.0, 0.0).distance_m(point(0.0, 180.0));
        assert!((half_way_round - PI * EARTH_RADIUS_M).abs() < 1.0);
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0)] {
            assert_eq!(Point::new(latitude, longitude), None);
        }
    }

    #[test]
    fn the_curve_goes_through_each_cell_once() {
        let mut places = BTreeSet::new();
        for row in 0..16 {
            for column in 0..16 {
                let middle = |number: i32, degrees: f64| {
                    (f64::from(number) + 0.5) * degrees / 16.0 - degrees / 2.0
                };
                places.insert(point(middle(row, 180.0), middle(column, 360.0)).on_curve() >> 42);
            }
        }
        assert_eq!(places, (0..256).collect());
    }

    proptest! {
        #[test]
        fn what_is_near_lies_in_the_rectangle(
            latitude in -90.0..90.0, longitude in -180.0..180.0,
            north in -90.0..90.0, east in -180.0..180.0,
            radius_m in prop_oneof![0..100_000_u32, 0..20_100_000_u32],
        ) {
            let (center, other) = (point(latitude, longitude), point(north, east));
            let circle = Circle { center, radius_m };
            if center.distance_m(other) <= f64::from(radius_m) {
                prop_assert!(circle.rectangle().has(other), "{:?}", circle.rectangle());
            }
        }
    }
}

//! Where the items lie: blocks of points in the order of the items, and the rectangle around each block.
//!
//! ```text
//! rectangle := south i16 | west i16 | north i16 | east i16
//! block     := (0 u8 | 1 u8, latitude zigzag, longitude zigzag) *
//! ```
//!
//! Both coordinates are the differences to those of the point before; rectangles are rounded outwards.

use super::{
    geography::{Point, Rectangle},
    notes::coordinate,
};
use crate::codec::{Cursor, OutOfBytes, write_varint, zigzag_encode};

/// A side of a rectangle is a multiple of so many hundred-thousandths of a degree: 550 metres.
const RECTANGLE_STEP: i32 = 550;

/// Appends the points of some items.
pub(super) fn write_points(points: &[Option<Point>], bytes: &mut Vec<u8>) {
    let (mut latitude, mut longitude) = (0, 0);
    for point in points {
        bytes.push(point.is_some().into());
        if let Some(point) = point {
            write_varint(zigzag_encode(i64::from(point.latitude - latitude)), bytes);
            write_varint(zigzag_encode(i64::from(point.longitude - longitude)), bytes);
            (latitude, longitude) = (point.latitude, point.longitude);
        }
    }
}

/// Reads what [`write_points`] wrote.
pub(super) fn read_points(bytes: &[u8]) -> Result<Vec<Option<Point>>, OutOfBytes> {
    let mut cursor = Cursor::new(bytes);
    let mut points = Vec::new();
    let (mut latitude, mut longitude) = (0_i32, 0_i32);
    while !cursor.is_empty() {
        if cursor.u8()? == 0 {
            points.push(None);
            continue;
        }
        let north = latitude.checked_add(coordinate(&mut cursor)?);
        let east = longitude.checked_add(coordinate(&mut cursor)?);
        (latitude, longitude) = north.zip(east).ok_or(OutOfBytes)?;
        points.push(Some(Point {
            latitude,
            longitude,
        }));
    }
    Ok(points)
}

/// Appends the rectangle around some points; around none, one that meets nothing.
pub(super) fn write_rectangle(points: &[Option<Point>], bytes: &mut Vec<u8>) {
    let points = || points.iter().flatten();
    let least = |of: fn(&Point) -> i32| {
        let least = points().map(of).min();
        least.map_or(i16::MAX, |least| least.div_euclid(RECTANGLE_STEP) as i16)
    };
    let most = |of: fn(&Point) -> i32| {
        let most = points().map(of).max();
        most.map_or(i16::MIN, |most| {
            (most.div_euclid(RECTANGLE_STEP) + 1) as i16
        })
    };
    for side in [
        least(|point| point.latitude),
        least(|point| point.longitude),
        most(|point| point.latitude),
        most(|point| point.longitude),
    ] {
        bytes.extend(side.to_le_bytes());
    }
}

/// Reads what [`write_rectangle`] wrote, for all blocks.
pub(super) fn read_rectangles(bytes: &[u8]) -> Result<Vec<Rectangle>, OutOfBytes> {
    let mut cursor = Cursor::new(bytes);
    let mut rectangles = Vec::new();
    while !cursor.is_empty() {
        let mut side = || Ok(i32::from(cursor.u16()?.cast_signed()) * RECTANGLE_STEP);
        rectangles.push(Rectangle {
            south: side()?,
            west: side()?,
            north: side()?,
            east: side()?,
        });
    }
    Ok(rectangles)
}

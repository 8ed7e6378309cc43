//! What is known of a term beside its items.
//!
//! ```text
//! notes  := name text | place u8 | (latitude zigzag | longitude zigzag | radius varint) ?
//!           | links varint | link^links | item varint *
//! link   := kind u8 | weight u8 | key text
//! ```

use super::geography::{Circle, Point};
use crate::codec::{Cursor, OutOfBytes, write_text, write_varint, zigzag_decode, zigzag_encode};

/// What is known of a term beside its items.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    /// How it is written.
    pub(crate) name: String,
    /// The place that it is, if it is one.
    pub(crate) place: Option<Place>,
    /// What it leads to, the closest first.
    pub(crate) links: Vec<Link>,
    /// The items that come first where this is asked, in their order.
    pub(crate) pinned: Vec<u32>,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Where on the earth it is, if that is known.
    pub(crate) circle: Option<Circle>,
}

/// From one term to another.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Link {
    pub(crate) kind: LinkKind,
    /// How much the other counts, in 255ths.
    pub(crate) weight: u8,
    /// The other.
    pub(crate) key: String,
}

/// What another term is to a term.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum LinkKind {
    /// Another word for it.
    Synonym,
    /// What it speaks of.
    Meaning,
    /// What that is a kind of.
    Broader,
    /// What is called so, the largest first.
    SameName,
}

impl LinkKind {
    const ALL: [Self; 4] = [Self::Synonym, Self::Meaning, Self::Broader, Self::SameName];
}

/// Appends notes; what says nothing is no bytes.
pub(super) fn write_notes(notes: &Notes, bytes: &mut Vec<u8>) {
    if *notes == Notes::default() {
        return;
    }
    write_text(&notes.name, bytes);
    bytes.push(match notes.place {
        None => 0,
        Some(Place { circle: Some(_) }) => 1,
        Some(Place { circle: None }) => 2,
    });
    if let Some(Circle { center, radius_m }) = notes.place.and_then(|place| place.circle) {
        write_varint(zigzag_encode(center.latitude.into()), bytes);
        write_varint(zigzag_encode(center.longitude.into()), bytes);
        write_varint(radius_m.into(), bytes);
    }
    write_varint(notes.links.len() as u64, bytes);
    for link in &notes.links {
        bytes.extend([link.kind as u8, link.weight]);
        write_text(&link.key, bytes);
    }
    for &item in &notes.pinned {
        write_varint(item.into(), bytes);
    }
}

/// Reads what [`write_notes`] wrote, to the end of the cursor.
pub(super) fn read_notes(cursor: &mut Cursor<'_>) -> Result<Notes, OutOfBytes> {
    let mut notes = Notes::default();
    if cursor.is_empty() {
        return Ok(notes);
    }
    cursor.text()?.clone_into(&mut notes.name);
    notes.place = match cursor.u8()? {
        0 => None,
        1 => Some(Place {
            circle: Some(Circle {
                center: Point {
                    latitude: coordinate(cursor)?,
                    longitude: coordinate(cursor)?,
                },
                radius_m: cursor.varint_u32()?,
            }),
        }),
        _ => Some(Place { circle: None }),
    };
    for _ in 0..cursor.varint()? {
        let kind = LinkKind::ALL.get(usize::from(cursor.u8()?));
        notes.links.push(Link {
            kind: *kind.ok_or(OutOfBytes)?,
            weight: cursor.u8()?,
            key: cursor.text()?.to_owned(),
        });
    }
    while !cursor.is_empty() {
        notes.pinned.push(cursor.varint_u32()?);
    }
    Ok(notes)
}

/// Hundred-thousandths of a degree.
pub(super) fn coordinate(cursor: &mut Cursor<'_>) -> Result<i32, OutOfBytes> {
    let value = zigzag_decode(cursor.varint()?);
    i32::try_from(value).map_err(|_| OutOfBytes)
}

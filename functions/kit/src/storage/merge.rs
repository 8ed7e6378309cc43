//! Near parts of one object are read as one.
//!
//! A GET costs about 200 microseconds of processor time in the component and its host, and a megabyte about 6 milliseconds. So some KiB that nobody asked for are
//! cheaper read than left out; [`near_gap_len_bytes`] says how many, since the index's layout is measured with it.

use index::{Bytes, near_gap_len_bytes};

use super::{Piece, StorageError, part, too_short};

/// No merged part is longer, so that what is far apart still travels side by side. A single piece may be.
const MAXIMUM_SPAN_LEN_BYTES: u64 = 1 << 20;

/// What is read in one go, and the pieces that are cut out of it.
#[derive(Debug)]
pub(super) struct Span {
    /// The part that is read.
    pub(super) piece: Piece,
    /// The positions in the batch of the pieces that lie in it.
    members: Vec<usize>,
}

/// The spans that hold all of `pieces`.
pub(super) fn merge(pieces: &[Piece]) -> Vec<Span> {
    // Each is put where it belongs: a sort for this order alone would be 5 kB of a function, and what comes is nearly in order.
    let mut in_order: Vec<(usize, &Piece)> = Vec::with_capacity(pieces.len());
    for (position, piece) in pieces.iter().enumerate() {
        let place = in_order.partition_point(|(_, earlier)| {
            (&earlier.key, earlier.offset) <= (&piece.key, piece.offset)
        });
        in_order.insert(place, (position, piece));
    }
    let mut gaps = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    for pair in in_order.windows(2) {
        if let [(_, left), (_, right)] = pair
            && left.key == right.key
        {
            gaps.push(right.offset.saturating_sub(left.end()));
        }
    }
    let gap_len_bytes = near_gap_len_bytes(pieces.len(), gaps);
    for (position, piece) in in_order {
        if let Some(span) = spans.last_mut()
            && let Some(len_bytes) = len_with(&span.piece, piece, gap_len_bytes)
        {
            span.piece.len_bytes = len_bytes;
            span.members.push(position);
            continue;
        }
        spans.push(Span {
            piece: piece.clone(),
            members: vec![position],
        });
    }
    spans
}

/// How long a span is together with a piece that does not begin before it, if the two are to be one.
fn len_with(span: &Piece, piece: &Piece, gap_len_bytes: u64) -> Option<u32> {
    let span_end = span.end();
    let end = span_end.max(piece.end());
    let len_bytes = end - span.offset;
    let near = piece.offset <= span_end.saturating_add(gap_len_bytes);
    let fits = end == span_end || len_bytes <= MAXIMUM_SPAN_LEN_BYTES;
    if span.key == piece.key && near && fits {
        u32::try_from(len_bytes).ok()
    } else {
        None
    }
}

/// The results of the pieces from those of their spans. What was read of a span may end early, where its object does.
pub(super) fn cut(
    pieces: &[Piece],
    spans: &[Span],
    results: Vec<Result<Bytes, StorageError>>,
) -> Vec<Result<Bytes, StorageError>> {
    let mut cut_out: Vec<Option<Result<Bytes, StorageError>>> = vec![None; pieces.len()];
    for (span, result) in spans.iter().zip(results) {
        for &member in &span.members {
            let (Some(place), Some(piece)) = (cut_out.get_mut(member), pieces.get(member)) else {
                continue;
            };
            let start = (piece.offset - span.piece.offset) as usize;
            *place = Some(match &result {
                Ok(bytes) => {
                    part(bytes, start, piece.len_bytes as usize).ok_or_else(|| too_short(piece))
                }
                Err(error) => Err(error.clone()),
            });
        }
    }
    let missing = || {
        Err(StorageError::Unreachable {
            reason: "fewer answers than questions".to_owned(),
        })
    };
    cut_out
        .into_iter()
        .map(|result| result.unwrap_or_else(missing))
        .collect()
}

#[cfg(test)]
mod tests {
    use index::NEAR_GAP_LEN_BYTES;
    use proptest::prelude::*;

    use super::*;

    fn piece(key: &str, offset: u64, len_bytes: u32) -> Piece {
        Piece {
            key: key.into(),
            offset,
            len_bytes,
            object_len_bytes: u64::MAX,
        }
    }

    /// The spans of some pieces, as `key offset+length`.
    fn spans(pieces: &[(&str, u64, u32)]) -> Vec<String> {
        let pieces: Vec<Piece> = pieces
            .iter()
            .map(|&(key, offset, len_bytes)| piece(key, offset, len_bytes))
            .collect();
        let text = |span: &Span| {
            let Piece {
                key,
                offset,
                len_bytes,
                ..
            } = &span.piece;
            format!("{key} {offset}+{len_bytes}")
        };
        merge(&pieces).iter().map(text).collect()
    }

    #[test]
    fn near_parts_of_one_object_are_one() {
        let far = 100 + (2 << 10) + 1;
        assert_eq!(spans(&[("a", 100, 10), ("a", 0, 100)]), ["a 0+110"]);
        assert_eq!(spans(&[("a", 0, 100), ("a", far - 1, 10)]), ["a 0+2158"]);
        assert_eq!(
            spans(&[("a", far, 10), ("a", 0, 100)]),
            ["a 0+100", &format!("a {far}+10")]
        );
        assert_eq!(
            spans(&[("a", 0, 100), ("b", 50, 10)]),
            ["a 0+100", "b 50+10"]
        );
        assert_eq!(
            spans(&[("a", 0, 100), ("a", 20, 10), ("a", 0, 100)]),
            ["a 0+100"]
        );
        // A piece that is longer than a merged one may be takes in what lies in it, and nothing else.
        assert_eq!(
            spans(&[("a", 0, 2 << 20), ("a", 5, 5), ("a", 2 << 20, 5)]),
            ["a 0+2097152", "a 2097152+5"]
        );
        assert_eq!(spans(&[]), [""; 0]);
    }

    #[test]
    fn the_constants_are_those_that_were_reasoned_with() {
        assert_eq!(NEAR_GAP_LEN_BYTES, 26_624);
        assert_eq!(MAXIMUM_SPAN_LEN_BYTES, 1_048_576);
    }

    proptest! {
        /// The oracle: each piece is a slice of its object, or the object ends before it does.
        #[test]
        fn what_is_cut_out_is_what_was_asked_for(
            asked in prop::collection::vec((0..3_usize, 0..300_000_u64, 1..90_000_u32), 0..24),
            lens in prop::array::uniform3(0..250_000_usize),
        ) {
            let objects: Vec<Vec<u8>> = lens
                .iter()
                .enumerate()
                .map(|(object, &len)| (0..len).map(|at| (at * 7 + at / 251 + object) as u8).collect())
                .collect();
            let pieces: Vec<Piece> = asked
                .iter()
                .map(|&(object, offset, len_bytes)| piece(&object.to_string(), offset, len_bytes))
                .collect();
            let spans = merge(&pieces);
            let read = |span: &Span| {
                let object = &objects[span.piece.key.parse::<usize>().unwrap()];
                let start = (span.piece.offset as usize).min(object.len());
                let end = (span.piece.end() as usize).min(object.len());
                Ok(Bytes::copy_from_slice(&object[start..end]))
            };
            let results = cut(&pieces, &spans, spans.iter().map(read).collect());
            prop_assert_eq!(results.len(), pieces.len());
            for (piece, result) in pieces.iter().zip(results) {
                let object = &objects[piece.key.parse::<usize>().unwrap()];
                let expected = object.get(piece.offset as usize..piece.end() as usize);
                let found = result.ok();
                prop_assert_eq!(found.as_deref(), expected);
            }
            let mut in_order: Vec<&Piece> = pieces.iter().collect();
            in_order.sort_by_key(|piece| (&piece.key, piece.offset));
            let mut covered = ("", 0);
            let apart_count = in_order.into_iter().filter(|piece| {
                let touches = covered.0 == &*piece.key && piece.offset <= covered.1;
                let end = if covered.0 == &*piece.key { covered.1 } else { 0 };
                covered = (&*piece.key, end.max(piece.end()));
                !touches
            });
            let gap_len_bytes = if apart_count.count() <= 12 { 0 } else { u64::from(NEAR_GAP_LEN_BYTES) };
            for pair in spans.windows(2) {
                let apart = pair[0].piece.key != pair[1].piece.key
                    || pair[0].piece.end() + gap_len_bytes < pair[1].piece.offset
                    || MAXIMUM_SPAN_LEN_BYTES < pair[1].piece.end() - pair[0].piece.offset;
                prop_assert!(apart, "two spans that could be one: {:?}", pair);
            }
        }
    }
}

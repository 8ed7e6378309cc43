//! Parts of immutable objects that outlive a request.

use std::{cell::RefCell, rc::Rc};

use index::Bytes;
use xxhash_rust::xxh64::xxh64;

use super::{
    Costs, Document, DocumentQuery, Piece, Storage, StorageError, part, shared::SharedStore,
    too_short,
};

/// What is kept is cut into pages of this length; only the last one of an object is shorter.
///
/// A get costs about 11 microseconds and a GET, which fills several pages, about 200: so pages are rather long. With its name a page has
/// 16 KiB at most.
const PAGE_LEN_BYTES: u64 = (16 << 10) - 512;

/// A request with an unusually long history leaves no more: what is used often is there after some requests anyway.
const MAXIMUM_LEFT_PAGES: usize = 64;

/// A storage in front of which pages of its objects lie in the shared store.
///
/// A page has one slot, and there is a fixed number of slots, since the store forgets nothing by itself. Pages that follow each other have slots that follow
/// each other: those of one object displace each other only where the object is longer than all slots.
///
/// Useful for: a storage that is far away, or where a request costs money. Not useful for: a folder; or many requests at once over a store that serves one
/// after the other.
#[derive(Debug)]
pub struct PageCache<'a> {
    storage: &'a dyn Storage,
    store: &'a SharedStore<'a>,
    slot_count: u32,
    /// In the order of their ids. A list, since each kind of map is another 7 kB of a function.
    pages: RefCell<Vec<Page>>,
}

/// A page of an object.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct PageId {
    key: Rc<str>,
    number: u64,
}

#[derive(Debug)]
struct Page {
    id: PageId,
    /// Or why it cannot be had.
    bytes: Result<Bytes, StorageError>,
    is_from_store: bool,
}

impl<'a> PageCache<'a> {
    /// The storage with this many pages in front.
    pub fn new(storage: &'a dyn Storage, store: &'a SharedStore<'a>, slot_count: u32) -> Self {
        Self {
            storage,
            store,
            slot_count: slot_count.max(1),
            pages: RefCell::default(),
        }
    }

    /// Has the pages of `pieces` at hand, as far as they can be had. What could not be had before is asked for again.
    fn fetch(&self, pieces: &[Piece], pages: &mut Vec<Page>) {
        let is_distrusted = self.store.is_distrusted();
        pages.retain(|page| page.bytes.is_ok() && !(is_distrusted && page.is_from_store));
        let mut missing = Vec::new();
        for piece in pieces {
            for number in numbers(piece) {
                let id = PageId {
                    key: Rc::clone(&piece.key),
                    number,
                };
                let Err(place) = find(pages, &id) else {
                    continue;
                };
                let asked = page_piece(piece, number);
                let kept = self
                    .store
                    .get(&self.slot(&id), &id.name())
                    .filter(|bytes| bytes.len() == asked.len_bytes as usize);
                let page = Page {
                    is_from_store: kept.is_some(),
                    // Until it is read.
                    bytes: kept.map(Bytes::from).ok_or_else(|| too_short(piece)),
                    id: id.clone(),
                };
                if !page.is_from_store {
                    missing.push((id, asked));
                }
                pages.insert(place, page);
            }
        }
        if missing.is_empty() {
            return;
        }
        let (ids, missing): (Vec<PageId>, Vec<Piece>) = missing.into_iter().unzip();
        for (position, (id, result)) in ids.iter().zip(self.storage.read(&missing)).enumerate() {
            if let Ok(bytes) = &result
                && position < MAXIMUM_LEFT_PAGES
            {
                self.store.leave(self.slot(id), &id.name(), bytes);
            }
            if let Ok(place) = find(pages, id)
                && let Some(page) = pages.get_mut(place)
            {
                page.bytes = result;
            }
        }
    }

    fn slot(&self, page: &PageId) -> String {
        let hash = xxh64(page.key.as_bytes(), xxh64(self.store.scope().as_bytes(), 0));
        let slot = hash.wrapping_add(page.number) % u64::from(self.slot_count);
        format!("page-{slot}")
    }
}

impl Storage for PageCache<'_> {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        let mut pages = self.pages.borrow_mut();
        self.fetch(pieces, &mut pages);
        let mut results: Vec<Result<Bytes, StorageError>> = pieces
            .iter()
            .map(|piece| assembled(piece, &pages))
            .collect();
        // A page may end after its object where a piece in it does not: the piece as such is asked for then.
        let short: Vec<usize> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| matches!(result, Err(StorageError::TooShort { .. })))
            .map(|(position, _)| position)
            .collect();
        if !short.is_empty() {
            let again: Vec<Piece> = short
                .iter()
                .filter_map(|&position| pieces.get(position).cloned())
                .collect();
            for (position, result) in short.into_iter().zip(self.storage.read(&again)) {
                if let Some(place) = results.get_mut(position) {
                    *place = result;
                }
            }
        }
        results
    }

    /// Documents change, so none is kept here.
    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        self.storage.documents(queries)
    }

    fn costs(&self) -> Costs {
        self.storage.costs()
    }
}

impl PageId {
    /// With the length of pages, since another version of a function may share the store.
    fn name(&self) -> String {
        format!("{}#{PAGE_LEN_BYTES}*{}", self.key, self.number)
    }
}

/// The pages in which a piece lies.
fn numbers(piece: &Piece) -> std::ops::RangeInclusive<u64> {
    let last = piece.end().saturating_sub(1);
    piece.offset / PAGE_LEN_BYTES..=last / PAGE_LEN_BYTES
}

/// A page of a piece's object.
fn page_piece(piece: &Piece, number: u64) -> Piece {
    let offset = number * PAGE_LEN_BYTES;
    let rest = piece.object_len_bytes.saturating_sub(offset);
    Piece {
        offset,
        len_bytes: rest.min(PAGE_LEN_BYTES) as u32,
        ..piece.clone()
    }
}

/// The position of a page, or the one where it would be.
fn find(pages: &[Page], id: &PageId) -> Result<usize, usize> {
    pages.binary_search_by(|page| page.id.cmp(id))
}

/// A piece from its pages: a part of one, or put together from several.
fn assembled(piece: &Piece, pages: &[Page]) -> Result<Bytes, StorageError> {
    let mut assembled = Vec::new();
    for number in numbers(piece) {
        let id = PageId {
            key: Rc::clone(&piece.key),
            number,
        };
        let page = find(pages, &id)
            .ok()
            .and_then(|place| pages.get(place))
            .ok_or_else(|| too_short(piece))?;
        let bytes = page.bytes.as_ref().map_err(StorageError::clone)?;
        let first = number * PAGE_LEN_BYTES;
        let start = piece.offset.saturating_sub(first) as usize;
        let end = (piece.end() - first).min(PAGE_LEN_BYTES) as usize;
        let part = part(bytes, start, end.saturating_sub(start)).ok_or_else(|| too_short(piece))?;
        if part.len() == piece.len_bytes as usize {
            return Ok(part);
        }
        assembled.extend_from_slice(&part);
    }
    Ok(Bytes::from(assembled))
}

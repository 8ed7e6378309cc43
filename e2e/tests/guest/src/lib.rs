//! A function that the tests seal. It takes memory from every allocator that a function has, fills it, and looks whether its index is still whole.
//!
//! `cargo xtask functions` builds it into `target/functions/e2e-guest.wasm`.

#![allow(
    unsafe_code,
    reason = "the macro expands to it, and what C takes is taken through the interface of allocators"
)]

use std::alloc::{GlobalAlloc, Layout, System};

use index::{Bytes, FileKind};
use kit::http::Response;
use kit::problem::Problem;
use kit::storage::{Document, DocumentQuery, Piece, SealedStorage, Storage, StorageError};
use kit::{Call, Route};
use pointer::{CollectionKeys, Manifest};
use serde_json::{Value, json};
use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use spin_sdk::http_component;

const ROUTES: [Route; 1] = [Route::get("/filled/{len_bytes}", filled)];

#[http_component]
fn handle(request: IncomingRequest, response: ResponseOutparam) {
    kit::spin::serve(&request, response, &ROUTES);
}

/// Fills so many bytes of Rust's memory and as many of C's, and then checks every block of the index: as it was read before, and as it is read again.
fn filled(call: &Call<'_>) -> Result<Response, Problem> {
    let len_bytes: usize = call.parameter("len_bytes").parse().unwrap_or_default();
    let sealed = SealedStorage::of_this_function().expect("the tests seal this function");
    let held = files(&sealed);
    let before = checked(&held);
    let of_rust = fill(len_bytes, |size_bytes| vec![0xa5; size_bytes].leak());
    let of_c = fill(len_bytes, |size_bytes| {
        // SAFETY: no size is 0, and a whole block of this size is written before it becomes a slice.
        unsafe {
            let block = System.alloc(Layout::from_size_align_unchecked(size_bytes, 1));
            assert!(!block.is_null());
            block.write_bytes(0x5a, size_bytes);
            std::slice::from_raw_parts_mut(block, size_bytes)
        }
    });
    let is_whole = of_rust
        .iter()
        .all(|block| block.iter().all(|&byte| byte == 0xa5))
        && of_c
            .iter()
            .all(|block| block.iter().all(|&byte| byte == 0x5a));
    Response::json(json!({
        "before": before, "after": checked(&held), "again": checked(&files(&sealed)), "is_whole": is_whole,
        "num_blocks": of_rust.len() + of_c.len(),
    }))
}

/// Blocks of many sizes, so many bytes together.
fn fill(len_bytes: usize, allocate: impl Fn(usize) -> &'static mut [u8]) -> Vec<&'static mut [u8]> {
    let mut blocks = Vec::new();
    let (mut size_bytes, mut left) = (1, len_bytes);
    while 0 < left {
        size_bytes = (size_bytes * 3 % 100_003).min(left);
        left -= size_bytes;
        blocks.push(allocate(size_bytes));
    }
    blocks
}

/// The files of an index, or why one is not there.
type Files = Vec<(FileKind, Result<Bytes, String>)>;

/// Reads every file as a whole.
fn files(sealed: &SealedStorage) -> Files {
    let query = DocumentQuery {
        key: "movies/current.json".to_owned(),
        known_etag: None,
    };
    let Some(Ok(Document::Read { bytes: pointer, .. })) = sealed.documents(&[query]).pop() else {
        panic!("there is no pointer");
    };
    let manifest = Manifest::parse(&pointer, "movies").expect("the pointer is sound");
    let keys = CollectionKeys::new("", "movies");
    let read = |kind: FileKind| {
        let Some(entry) = manifest.files.get(kind.name()) else {
            return (kind, Err("it is not there".to_owned()));
        };
        let key = keys.file(&manifest.generation, kind.name());
        let file = file(sealed, key, entry.file_len_bytes);
        (kind, file.map_err(|error| error.to_string()))
    };
    FileKind::OF_ITEMS.map(read).into()
}

/// Whether each file is sound, every block of it, or what is not.
fn checked(files: &Files) -> Value {
    let checked = files.iter().map(|(kind, file)| {
        let checked = match file {
            Ok(file) => match index::verify(*kind, file) {
                Ok(_) => "sound".to_owned(),
                Err(error) => error.to_string(),
            },
            Err(error) => error.clone(),
        };
        (kind.name().to_owned(), Value::String(checked))
    });
    Value::Object(checked.collect())
}

/// A whole file.
fn file(sealed: &SealedStorage, key: String, len_bytes: u64) -> Result<Bytes, StorageError> {
    let piece = Piece {
        key: key.as_str().into(),
        offset: 0,
        len_bytes: len_bytes as u32,
        object_len_bytes: len_bytes,
    };
    let absent = Err(StorageError::Absent { key });
    sealed.read(&[piece]).pop().unwrap_or(absent)
}

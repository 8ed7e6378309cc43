//! Any bytes as the file `text` of a generation whose other files are right; the checksums are made right too, so that the readers behind them are met.
//!
//! `cargo +nightly fuzz run text index/tests/golden/v1`, in the folder `index`: the golden files are the seeds.

#![no_main]

mod replaced;

use index::FileKind;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| replaced::ask(FileKind::Text, bytes));

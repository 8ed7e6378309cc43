//! Any bytes as a file of any kind: `verify` gives a summary or an error.
//!
//! `cargo +nightly fuzz run verify index/tests/golden/v1`, in the folder `index`.

#![no_main]

use index::FileKind;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for kind in FileKind::ALL {
        let _ = index::verify(kind, bytes);
    }
});

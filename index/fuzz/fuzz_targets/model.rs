//! Any bytes as the file `model` of a collection that predicts; the checksums are made right, so that the readers behind them are met.
//!
//! `cargo +nightly fuzz run model index/tests/golden/v1`, in the folder `index`: the golden files are the seeds.

#![no_main]

#[path = "../../tests/it/damage.rs"]
mod damage;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = bytes.to_vec();
    let Some(field) = file.get(12..16) else { return };
    let head_len_bytes = u32::from_le_bytes([field[0], field[1], field[2], field[3]]) as usize;
    if head_len_bytes < 48 || file.len() < head_len_bytes {
        return;
    }
    damage::reseal(&mut file, head_len_bytes);
    let _ = damage::ask_model(file);
});

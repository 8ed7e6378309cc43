//! Publishing to a store that speaks S3, with the client that speaks it.

use pointer::CollectionKeys;
use precompute::digest::sha256_hex;
use precompute::generation::verify_published;
use precompute::publish::{
    CollectOptions, PublishError, PublishOptions, collect, publish, read_pointer, rollback,
};
use precompute::store::{Content, Store, StoreError};

use crate::bucket::{Bucket, build};

pub(crate) const OPTIONS: PublishOptions = PublishOptions {
    maximum_quality_loss: 0.02,
    force: false,
};

#[test]
fn generations_are_published_verified_rolled_back_and_collected() {
    Bucket::on_every_server(|bucket| check_a_life_of_generations(&bucket));
}

fn check_a_life_of_generations(bucket: &Bucket) {
    let store = bucket.client();
    let keys = CollectionKeys::new("shops/eu", "movies");
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let generations: Vec<_> = ["Alien", "Aliens", "Alien 3"]
        .iter()
        .zip(&folders)
        .map(|(title, folder)| build(folder.path(), title, 100))
        .collect();
    let names: Vec<&str> = generations
        .iter()
        .map(|generation| generation.manifest.generation.as_str())
        .collect();
    let served = || {
        read_pointer(&store, &keys, "movies")
            .unwrap()
            .unwrap()
            .manifest
    };

    assert_eq!(read_pointer(&store, &keys, "movies").unwrap(), None);
    for generation in &generations {
        let report = publish(&store, &keys, generation, OPTIONS).unwrap();
        assert_eq!((report.written.len(), report.num_skipped), (4, 0));
        let again = publish(&store, &keys, generation, OPTIONS).unwrap();
        assert_eq!((again.written.len(), again.num_skipped), (0, 4));
        verify_published(&store, &keys, &served()).unwrap();
    }
    assert_eq!(served().previous.as_deref(), Some(names[1]));

    assert_eq!(
        rollback(&store, &keys, "movies", None).unwrap().generation,
        names[1]
    );
    assert_eq!(served().generation, names[1]);
    let now_s = i64::from(u32::MAX);
    let options = CollectOptions {
        keep: 1,
        older_than_s: 0,
        dry_run: false,
        now_s,
    };
    let report = collect(&store, &keys, "movies", options).unwrap();
    let collected: Vec<_> = report
        .collected
        .iter()
        .map(|gone| gone.generation.as_str())
        .collect();
    assert_eq!(collected, [names[0]]);
    let error = rollback(&store, &keys, "movies", Some(names[0])).unwrap_err();
    let unknown = matches!(error, PublishError::UnknownGeneration { .. });
    assert!(unknown, "{error}");
    verify_published(&store, &keys, &served()).unwrap();
}

#[test]
fn a_large_file_goes_in_parts_and_comes_back_whole() {
    Bucket::on_every_server(|bucket| check_a_large_file(&bucket));
}

fn check_a_large_file(bucket: &Bucket) {
    let store = bucket.client();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    // Two parts and a bit, none like the other.
    let bytes: Vec<u8> = (0..(17_u32 << 20) / 4).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&path, &bytes).unwrap();
    let sha256 = sha256_hex(&bytes);

    store
        .put_immutable("large", Content::File(&path), &sha256)
        .unwrap();
    let info = store.head("large").unwrap().unwrap();
    assert_eq!(info.len_bytes, bytes.len() as u64);
    assert_eq!(
        info.sha256.as_ref(),
        Some(&sha256),
        "what decides whether it is uploaded again"
    );
    assert!(store.get("large").unwrap().unwrap().bytes == bytes);
    assert_eq!(
        store.get_range("large", (16 << 20) - 4, 8).unwrap(),
        bytes[(16 << 20) - 4..][..8]
    );

    // A file that is not what it is said to be leaves nothing, neither an object nor parts of one.
    let before = bucket.files();
    let other = store.put_immutable(
        "other",
        Content::File(&path),
        &sha256_hex(b"something else"),
    );
    assert!(
        matches!(other, Err(StoreError::FileChanged { .. })),
        "{other:?}"
    );
    assert_eq!(bucket.files(), before);
}

#[test]
fn errors_say_what_the_store_said() {
    Bucket::on_every_server(|bucket| check_errors(&bucket));
}

fn check_errors(bucket: &Bucket) {
    let store = bucket.client();
    assert_eq!(store.head("absent").unwrap(), None);
    assert_eq!(store.get("absent").unwrap(), None);
    store.delete("absent").unwrap();
    let error = store.get_range("absent", 0, 1).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `absent`");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("NoSuchKey"), "{cause}");
}

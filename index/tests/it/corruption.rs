//! Damaged files: whatever the damage, a typed error or a right answer, and never a panic.

use index::{Algorithm, Container, Error, FileKind, Generation, Keys, Table, TablePlace};
use proptest::prelude::*;

use crate::{
    damage::{ask_everything, reseal},
    fixture::{Files, files},
};

#[test]
fn every_flipped_bit_is_found_by_verify() {
    for (kind, file) in files().files {
        for position in 0..file.len() {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[position] ^= 1 << bit;
                assert!(
                    index::verify(kind, &damaged).is_err(),
                    "{kind}: bit {bit} of byte {position}"
                );
            }
        }
    }
}

#[test]
fn every_truncation_is_found_by_verify() {
    for (kind, file) in files().files {
        for len_bytes in 0..file.len() {
            assert!(
                index::verify(kind, &file[..len_bytes]).is_err(),
                "{kind}: {len_bytes} bytes"
            );
        }
    }
}

#[test]
fn a_flipped_bit_in_what_a_query_reads_is_an_error() {
    let files = files();
    let outlines = files.outlines();
    let expected = ask_everything(files.files.clone(), outlines.clone()).unwrap();
    for (number, outline) in outlines.iter().enumerate() {
        let file = outline.file;
        let mut error_count = 0;
        for position in 0..files.files[number].1.len() {
            let mut damaged = files.files.clone();
            damaged[number].1[position] ^= 0x10;
            // What no question leads to may be damaged, and nothing else.
            match ask_everything(damaged, outlines.clone()) {
                Ok(answers) => assert_eq!(answers, expected, "{file}: byte {position}"),
                Err(_) => error_count += 1,
            }
        }
        assert!(outline.head_len_bytes <= error_count, "{file}");
    }
}

/// Whatever is said of the place of a table, the file's own directory has the last word.
#[test]
fn a_place_that_is_not_the_tables_is_an_error_and_never_another_answer() {
    let files = files();
    let check = |table: Table, edit: &dyn Fn(&mut TablePlace), expected: &str| {
        let mut outlines = files.outlines();
        edit(outlines[0].tables.get_mut(&table).unwrap());
        let keys = Keys {
            ids: &["11", "13"],
            titles: &["Heat"],
        };
        let error =
            Generation::open(files.source(), outlines, &FileKind::OF_ITEMS, &keys).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let elsewhere = "catalogue is corrupt: a table does not lie where the manifest says";
    for table in Table::ALL {
        check(table, &|place| place.offset -= 1, elsewhere);
        check(table, &|place| place.offset = 0, elsewhere);
        check(table, &|place| place.bucket_count = 0, elsewhere);
        check(table, &|place| place.bucket_len_bytes = 0, elsewhere);
        check(table, &|place| place.bucket_len_bytes -= 1, elsewhere);
        // Seven heads, and the buckets of the keys.
        let unreadable = "reading 10 ranges of the index failed";
        check(table, &|place| place.offset = u64::MAX - 512, unreadable);
    }
    let other_table = files.outlines()[0].tables[&Table::Titles];
    check(Table::Ids, &|place| *place = other_table, elsewhere);

    let mut outlines = files.outlines();
    outlines[0].tables.clear();
    let keys = Keys {
        ids: &["13"],
        titles: &[],
    };
    let generation =
        Generation::open(files.source(), outlines, &FileKind::OF_ITEMS, &keys).unwrap();
    assert_eq!(
        generation.items_of_ids(&["13"]).unwrap(),
        [Some(2)],
        "a table whose place is not known is read later"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let files = files();
    let check = |file: Vec<u8>, expected: &str| {
        let error = Container::open(FileKind::Neighbours, file).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let neighbours = || files.file(FileKind::Neighbours).to_vec();
    let with = |position: usize, bytes: &[u8]| {
        let mut file = neighbours();
        file[position..position + bytes.len()].copy_from_slice(bytes);
        file
    };
    check(
        b"userId,movieId".to_vec(),
        "neighbours is not an index file: it does not begin with the magic bytes",
    );
    check(
        with(8, &[9, 0]),
        "neighbours has format version 9, and this program reads versions 1 to 1: \
         upgrade the functions, or publish an index built by an older precompute",
    );
    check(
        with(8, &[0, 0]),
        "neighbours has format version 0, and this program reads versions 1 to 1: \
         build the index again with the current precompute",
    );
    check(
        files.file(FileKind::Catalogue).to_vec(),
        "neighbours holds an index of kind 1: the file was published under the wrong name",
    );
    check(
        neighbours()[..20].to_vec(),
        "neighbours has 20 bytes where 48 were expected",
    );
    check(Vec::new(), "neighbours has 0 bytes where 48 were expected");
    check(
        with(16, &[1, 0, 0, 0]),
        "neighbours is corrupt: the header's file length is shorter than the head",
    );
    check(
        with(36, &[255; 4]),
        "neighbours is corrupt: the directory and the metadata are longer than the head",
    );
    let head_checksum = Container::open(FileKind::Neighbours, with(30, &[7]))
        .unwrap()
        .check();
    assert_eq!(
        head_checksum.unwrap_err().to_string(),
        "neighbours is corrupt: the checksum of the head does not match"
    );
}

#[test]
fn files_of_two_catalogues_are_told_apart() {
    let files = files();
    let mut records = crate::fixture::records();
    records[0].id = "10".to_owned();
    let weights = vec![vec![0.0; 6]; 6];
    let other = crate::fixture::files_of(records, &weights, &crate::fixture::POPULARITY, &[]);
    let mixed = Files {
        files: vec![
            (
                FileKind::Catalogue,
                files.file(FileKind::Catalogue).to_vec(),
            ),
            (
                FileKind::Neighbours,
                other.file(FileKind::Neighbours).to_vec(),
            ),
        ],
    };
    let keys = Keys::default();
    let check = |error: Error| {
        let file = FileKind::Neighbours;
        assert!(
            matches!(error, Error::MixedCatalogues { file: found } if found == file),
            "{error}"
        );
    };
    let open = |first: &[_]| Generation::open(mixed.source(), mixed.outlines(), first, &keys);
    check(open(&FileKind::OF_ITEMS).unwrap_err());
    // A file that is opened later is looked at as closely, and each time anew.
    let generation = open(&[]).unwrap();
    for _ in 0..2 {
        check(
            generation
                .reasons(Algorithm::Neighbours, &[0], &[])
                .unwrap_err(),
        );
    }
}

proptest! {
    /// The checksums are made right again, so that the readers behind them meet the damage.
    #[test]
    fn no_damage_behind_right_checksums_makes_a_reader_panic(
        file in 0..7_usize,
        damage in prop::collection::vec((0..10_000_usize, any::<u8>()), 1..8),
    ) {
        let files = files();
        let outlines = files.outlines();
        let mut damaged = files.files.clone();
        let bytes = &mut damaged[file].1;
        for (position, value) in damage {
            let position = 8 + position % (bytes.len() - 8);
            bytes[position] = value;
        }
        reseal(bytes, outlines[file].head_len_bytes as usize);
        let _ = ask_everything(damaged, outlines);
    }

    #[test]
    fn no_bytes_make_open_or_verify_panic(bytes: Vec<u8>) {
        for kind in FileKind::ALL {
            let _ = index::verify(kind, &bytes);
            let mut with_magic = b"\x89KDX\r\n\x1a\n\x01\0".to_vec();
            with_magic.extend_from_slice(&bytes);
            let _ = index::verify(kind, &with_magic);
        }
    }
}

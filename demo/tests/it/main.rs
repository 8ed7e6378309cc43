//! The folder that the binary writes, as an import would read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use demo::{Recipe, films, ratings, ratings_csv};
use xxhash_rust::xxh64::xxh64;

#[test]
fn the_same_bytes_everywhere_and_always() {
    let films = films().unwrap();
    let tables = [
        demo::movies_csv(&films),
        demo::links_csv(&films),
        ratings_csv(&ratings(&films, Recipe::DEMO)),
    ];
    // When the recipe or the catalogue changes on purpose, these change with it; otherwise a platform computes differently.
    assert_eq!(
        tables.map(|table| xxh64(table.as_bytes(), 0)),
        [
            0x4d5e_5489_9c37_ba3a,
            0x6342_574a_f011_7431,
            0x1e97_c6ba_0baf_7af1
        ]
    );
}

#[test]
fn ratings_are_in_range_and_spread_as_stated() {
    let films = films().unwrap();
    let ratings = ratings(&films, Recipe::DEMO);
    assert!(
        (90_000..130_000).contains(&ratings.len()),
        "{}",
        ratings.len()
    );
    assert!(ratings.is_sorted_by(|a, b| (a.user_id, a.film_id) < (b.user_id, b.film_id)));
    let known: BTreeSet<u32> = films.iter().map(|film| film.id).collect();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    let mut histogram = [0; 11];
    for rating in &ratings {
        assert!(known.contains(&rating.film_id));
        assert!((1..=10).contains(&rating.half_stars));
        // 2016 to the end of 2027: a user starts within ten years and goes on for some evenings.
        assert!(
            (1_451_606_400..1_830_297_600).contains(&rating.time_s),
            "{rating:?}"
        );
        *counts.entry(rating.user_id).or_default() += 1;
        histogram[usize::from(rating.half_stars)] += 1;
    }
    assert_eq!(counts.len(), 1500);
    assert!(counts.values().all(|count| (20..=400).contains(count)));
    assert!(
        histogram[1..].iter().all(|&count| 0 < count),
        "every value occurs: {histogram:?}"
    );
    let disliked: usize = histogram[1..=5].iter().sum();
    assert!(
        ratings.len() < disliked * 20,
        "films are disliked too: {histogram:?}"
    );
}

#[test]
fn a_user_does_not_depend_on_how_many_there_are() {
    let films = films().unwrap();
    let few = ratings(
        &films,
        Recipe {
            seed: 7,
            user_count: 5,
        },
    );
    let more = ratings(
        &films,
        Recipe {
            seed: 7,
            user_count: 9,
        },
    );
    assert_eq!(few, more[..few.len()]);
    assert_ne!(
        few,
        ratings(
            &films,
            Recipe {
                seed: 8,
                user_count: 5
            }
        )
    );
}

#[test]
fn degenerate_catalogues_end() {
    let films = films().unwrap();
    assert_eq!(ratings(&[], Recipe::DEMO), []);
    assert_eq!(
        ratings(
            &films[..3],
            Recipe {
                seed: 1,
                user_count: 2
            }
        )
        .len(),
        6
    );
}

#[test]
fn the_folder_reads_as_movielens() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("made/for/it");
    let recipe = Recipe {
        seed: 1,
        user_count: 3,
    };
    let (film_count, rating_count) = demo::write_folder(&dir, recipe).unwrap();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();

    let movies = read("movies.csv");
    assert_eq!(movies.lines().next(), Some("movieId,title,genres"));
    assert_eq!(movies.lines().count(), film_count + 1);
    assert!(movies.contains("\n171048,Toy Story (1995),Animation|Comedy|Fantasy|Adventure\n"));
    assert!(
        movies.contains("\"Good Night, and Good Luck. (2005)\""),
        "a comma needs quotes"
    );
    let mut reader = csv::Reader::from_reader(movies.as_bytes());
    assert!(
        reader
            .records()
            .all(|row| row.is_ok_and(|row| row[1].ends_with(')')))
    );

    assert!(read("links.csv").contains("\n171048,0114709,\n"));

    let ratings = read("ratings.csv");
    assert_eq!(
        ratings.lines().next(),
        Some("userId,movieId,rating,timestamp")
    );
    assert_eq!(ratings.lines().count(), rating_count + 1);
    for row in ratings.lines().skip(1) {
        let stars: f64 = row.split(',').nth(2).unwrap().parse().unwrap();
        assert!(
            (0.5..=5.0).contains(&stars) && (stars * 2.0).fract() == 0.0,
            "{row}"
        );
    }
    assert!(read("README.txt").contains("SYNTHETIC"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    let error = demo::write_folder(
        &file,
        Recipe {
            seed: 1,
            user_count: 1,
        },
    )
    .unwrap_err();
    assert_eq!(error.to_string(), format!("writing {}", file.display()));
}

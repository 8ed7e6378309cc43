//! A source in a bucket: everything, or only what is new.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;

use precompute::import::{Watermark, import_new_objects};
use precompute::store::{Condition, Content, Object, ObjectInfo, Store, StoreError};

use super::*;

/// A bucket in memory, of which an import may only list and read.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, (i64, Vec<u8>)>,
    read: Mutex<Vec<String>>,
}

impl Bucket {
    fn put(&mut self, key: &str, modified_s: i64, content: &str) {
        self.objects
            .insert(key.to_owned(), (modified_s, content.into()));
    }

    fn take_read(&self) -> Vec<String> {
        std::mem::take(&mut self.read.lock().unwrap())
    }
}

impl Store for Bucket {
    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let objects = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let info = objects.map(|(key, (modified_s, content))| ObjectInfo {
            key: key.clone(),
            len_bytes: content.len() as u64,
            modified_s: *modified_s,
            sha256: None,
        });
        Ok(info.collect())
    }

    fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.read.lock().unwrap().push(key.to_owned());
        let object = self.objects.get(key);
        Ok(object.map(|(_, content)| Object {
            bytes: content.clone(),
            etag: String::new(),
        }))
    }

    fn head(&self, _: &str) -> Result<Option<ObjectInfo>, StoreError> {
        unreachable!("an import lists and reads")
    }

    fn get_range(&self, _: &str, _: u64, _: u64) -> Result<Vec<u8>, StoreError> {
        unreachable!("an import lists and reads")
    }

    fn put_immutable(&self, _: &str, _: Content<'_>, _: &str) -> Result<(), StoreError> {
        unreachable!("an import lists and reads")
    }

    fn put_if(&self, _: &str, _: &[u8], _: &Condition) -> Result<(), StoreError> {
        unreachable!("an import lists and reads")
    }

    fn delete(&self, _: &str) -> Result<(), StoreError> {
        unreachable!("an import lists and reads")
    }
}

fn movies_in_bucket() -> (Collection, Bucket) {
    let mut bucket = Bucket::default();
    bucket.put(
        "films/movies.csv",
        100,
        "movieId,title,genres\n1,One (2001),Drama\n2,Two (2002),Drama\n",
    );
    bucket.put("films/links.csv", 100, "movieId,imdbId\n1,0000001\n");
    bucket.put(
        "films/ratings.csv",
        100,
        "userId,movieId,rating,timestamp\n1,1,4.0,10\n2,2,3.0,10\n",
    );
    bucket.put("elsewhere/ratings.csv", 900, "not ours");
    (collection(Path::new("s3://data/films/"), ""), bucket)
}

#[test]
fn a_bucket_reads_as_its_folder_does() {
    let (collection, bucket) = movies_in_bucket();
    let (dataset, report) = import(&collection, Some(&bucket)).unwrap();
    assert_eq!(lines(&dataset), ["1 1 4 10", "2 2 3 10"]);
    assert_eq!(item(&dataset, "1").fields["imdb_id"], text("tt0000001"));
    assert_eq!(report.layout, "ml-latest");
    let error = import(&collection, None).unwrap_err().to_string();
    assert_eq!(
        error,
        "`s3://data/films/` is a bucket, and there is no connection to one"
    );
}

#[test]
fn at_night_only_new_objects_are_read_and_merged() {
    let (collection, mut bucket) = movies_in_bucket();
    let previous = Cell::new(None);
    let import_new = |bucket: &Bucket| {
        let imported = import_new_objects(&collection, bucket, previous.take()).unwrap();
        let imported = imported.map(|(dataset, report, watermark)| {
            previous.set(Some((dataset.clone(), watermark)));
            (lines(&dataset), dataset, report)
        });
        (imported, bucket.take_read())
    };
    let (first, read) = import_new(&bucket);
    assert_eq!(first.unwrap().0, ["1 1 4 10", "2 2 3 10"]);
    assert_eq!(read.len(), 3);

    // An object of the very second of the last listing, and a newer one with a film that was not there before.
    bucket.put(
        "films/ratings-a.csv",
        100,
        "userId,movieId,rating,timestamp\n1,1,1.0,5\n1,2,2.0,20\n",
    );
    bucket.put(
        "films/movies.csv",
        200,
        "movieId,title,genres\n1,One again (2001),Comedy\n3,Three (2003),Drama\n",
    );
    bucket.put(
        "films/ratings-b.csv",
        200,
        "userId,movieId,rating,timestamp\n2,2,5.0,10\n3,3,4.0,30\n",
    );
    let (second, read) = import_new(&bucket);
    let (interactions, dataset, report) = second.unwrap();
    assert_eq!(
        interactions,
        ["1 1 4 10", "1 2 2 20", "2 2 5 10", "3 3 4 30"],
        "the later time wins, and the newer row where times are equal"
    );
    assert_eq!(
        read,
        [
            "films/movies.csv",
            "films/ratings-a.csv",
            "films/ratings-b.csv"
        ]
    );
    assert_eq!(item(&dataset, "1").title, "One again");
    assert_eq!(
        item(&dataset, "1").fields["imdb_id"],
        text("tt0000001"),
        "what the new row does not say stays"
    );
    assert_eq!(item(&dataset, "2").title, "Two");
    assert_eq!(report.interactions, 4);

    let everything = import(&collection, Some(&bucket)).unwrap_err();
    assert!(
        matches!(everything, ImportError::TooManyBadRows { .. }),
        "the new catalogue does not know film 2"
    );
}

#[test]
fn what_is_read_again_over_itself_stays_as_it_is() {
    use super::catalogues::{ANY_SHARE, BOOKS, BUSINESSES, EPISODES, RATINGS, SHOWS, TAGS, TITLES};
    use super::playlists::ROWS;

    let book_tags = "goodreads_book_id,tag_id,count\n77,2,5\n77,3,7\n";
    let review = r#"{"user_id":"u","business_id":"a","stars":5,"date":"2012-01-03"}"#;
    let sources: [&[(&str, &str)]; 6] = [
        &[("playlists.csv", ROWS)],
        &[("shop.dat", "1 2\n\n2 3\n")],
        &[
            ("books.csv", BOOKS),
            ("ratings.csv", RATINGS),
            ("tags.csv", TAGS),
            ("book_tags.csv", book_tags),
        ],
        &[("netflix.csv", TITLES)],
        &[("shows.csv", SHOWS), ("episodes.csv", EPISODES)],
        &[("business.json", BUSINESSES), ("review.json", review)],
    ];
    let collection = collection(Path::new("s3://data/"), ANY_SHARE);
    for files in sources {
        let mut bucket = Bucket::default();
        for (key, content) in files {
            bucket.put(key, 100, content);
        }
        let (first, _, watermark) = import_new_objects(&collection, &bucket, None)
            .unwrap()
            .unwrap();
        // One after the other, so that each is alone once.
        for (key, content) in files {
            bucket.put(key, 200, content);
            let previous = Some((first.clone(), watermark.clone()));
            let imported = import_new_objects(&collection, &bucket, previous);
            assert_eq!(imported.unwrap().unwrap().0, first, "{key}");
            bucket.put(key, 100, content);
        }
        for (key, content) in files {
            bucket.put(key, 200, content);
        }
        bucket.put("notes.txt", 200, "");
        let previous = Some((first.clone(), watermark.clone()));
        let imported = import_new_objects(&collection, &bucket, previous);
        assert_eq!(imported.unwrap().unwrap().0, first);
    }
}

#[test]
fn a_night_without_news_reads_nothing() {
    let (collection, bucket) = movies_in_bucket();
    let (dataset, _, watermark) = import_new_objects(&collection, &bucket, None)
        .unwrap()
        .unwrap();
    assert_eq!(
        watermark.modified_s, 100,
        "objects under other prefixes do not count"
    );
    bucket.take_read();
    assert!(
        import_new_objects(&collection, &bucket, Some((dataset, watermark)))
            .unwrap()
            .is_none()
    );
    assert_eq!(bucket.take_read(), Vec::<String>::new());
}

#[test]
fn a_watermark_survives_as_json() {
    let (_, bucket) = movies_in_bucket();
    let watermark = Watermark::after(&bucket.list("films/").unwrap());
    assert_eq!(watermark.keys.len(), 3);
    let text = serde_json::to_string(&watermark).unwrap();
    assert_eq!(serde_json::from_str::<Watermark>(&text).unwrap(), watermark);
}

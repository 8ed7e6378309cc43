//! goodbooks-10k: `books.csv`, `ratings*.csv`, and where they are there `book_tags.csv` with `tags.csv`.

use std::collections::{BTreeMap, HashMap};

use config::{Column, InteractionColumns, InteractionTable};
use index::catalogue::Value;
use pointer::ValueScale;

use super::builder::Builder;
use super::error::ImportError;
use super::files::Files;
use super::layout::{Found, LayoutReader};
use super::mapped::{ItemMapping, read_interaction_files, read_item_files};
use super::movielens::{keep_tags, read_optional};
use super::report::Problem;
use super::table::{Presence, Wanted};

const BOOKS: &str = "books.csv";
const RATINGS: &str = "ratings*.csv";

/// What readers call the shelves on which they keep books, and not the books.
const SHELVES: [&str; 12] = [
    "to-read",
    "currently-reading",
    "owned",
    "owned-books",
    "books-i-own",
    "i-own",
    "my-books",
    "my-library",
    "wish-list",
    "favorites",
    "favourites",
    "default",
];

struct Goodbooks;

pub(crate) fn look_for(files: &Files<'_>) -> Found {
    let are_there = files.has(BOOKS) && !files.matching(RATINGS).is_empty();
    are_there.then(|| Box::new(Goodbooks) as _)
}

impl LayoutReader for Goodbooks {
    fn name(&self) -> &'static str {
        "goodbooks"
    }

    /// Stars from 1 to 5, of which three are the middle.
    fn scale(&self, configured: Option<ValueScale>) -> Option<ValueScale> {
        configured.or(Some(ValueScale {
            minimum: 1.0,
            maximum: 5.0,
            neutral: 3.0,
        }))
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        let books = ItemMapping::new("book_id", "title")
            .text("goodreads_id", "goodreads_book_id")
            .texts("authors", "authors", ",")
            .integer("year", "original_publication_year")
            .text("language", "language_code")
            .text("image", "image_url")
            .text("isbn", "isbn")
            .integer("ratings_count", "ratings_count");
        read_item_files(
            files,
            &files.matching(BOOKS),
            &books,
            builder,
            |_, _| Ok(()),
        )?;
        read_tags(files, builder)?;
        let [user, item, value] =
            ["user_id", "book_id", "rating"].map(|name| Column::Name(name.to_owned()));
        let ratings = InteractionTable {
            file: RATINGS.to_owned(),
            format: None,
            columns: InteractionColumns {
                user,
                item,
                value: Some(value),
                time: None,
            },
        };
        read_interaction_files(files, &files.matching(RATINGS), &ratings, builder)
    }
}

/// Reads which tags readers gave how often: a book keeps those that most gave it. They name books by their numbers at Goodreads.
fn read_tags(files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
    if !(files.has("tags.csv") && files.has("book_tags.csv")) {
        return Ok(());
    }
    let mut names = HashMap::new();
    let wanted = ["tag_id", "tag_name"].map(|name| Wanted::named(name, Presence::Filled));
    read_optional(files, "tags.csv", &wanted, builder, |_, cells, _| {
        names.insert(cells.need(0)?.to_owned(), cells.need(1)?.to_lowercase());
        Ok(())
    })?;
    let goodreads_id = |value: Option<&Value>| match value {
        Some(Value::Text(id)) => Some(id.clone()),
        _ => None,
    };
    let books: HashMap<String, String> = builder
        .items_mut()
        .filter_map(|book| {
            let goodreads_id = goodreads_id(book.fields.get("goodreads_id"))?;
            Some((goodreads_id, book.id.clone()))
        })
        .collect();
    let wanted = ["goodreads_book_id", "tag_id", "count"];
    let wanted = wanted.map(|name| Wanted::named(name, Presence::Filled));
    let mut counts: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    read_optional(files, "book_tags.csv", &wanted, builder, |_, cells, _| {
        let [book, tag, count] = [cells.need(0)?, cells.need(1)?, cells.need(2)?];
        let unknown = |what: &str, id: &str| (Problem::UnknownItem, format!("{what} `{id}`"));
        let id = books.get(book).ok_or_else(|| unknown("book", book))?;
        let name = names.get(tag).ok_or_else(|| unknown("tag", tag))?;
        // Some counts are below zero: what was taken back more often than it was given.
        let count: i64 = count
            .parse()
            .map_err(|_| (Problem::BadNumber, format!("count `{count}`")))?;
        if !SHELVES.contains(&name.as_str()) {
            let known = counts.entry(id.clone()).or_default();
            *known.entry(name.clone()).or_default() += u32::try_from(count).unwrap_or(0);
        }
        Ok(())
    })?;
    keep_tags(counts, builder);
    Ok(())
}

//! MovieLens, in the three ways in which its releases are laid out, and `MovieTweetings`, which is laid out as one of them.
//!
//! | release | interactions | catalogue | and |
//! |---|---|---|---|
//! | `ml-latest*`, `ml-20m`, `ml-25m`, `ml-32m` | `ratings.csv` | `movies.csv` | `links.csv`, `tags.csv` |
//! | `ml-100k` | `u.data` | `u.item` | `u.genre`, and splits: `u1.base` and `u1.test`, ... |
//! | `ml-1m`, `ml-10m` | `ratings.dat`, or a CSV of pairs | `movies.dat` | |
//! | `MovieTweetings` | `ratings.dat`, from 0 to 10 | `movies.dat`, by the films' numbers at IMDb | |

use std::collections::BTreeMap;
use std::io::Read;

use config::Column;
use index::catalogue::Value;
use pointer::ValueScale;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::files::Files;
use super::interactions::{InteractionColumns, read_interactions};
use super::layout::{Found, LayoutReader};
use super::report::Problem;
use super::rows::Dialect;
use super::table::{Cells, Presence, Wanted, read_table};
use super::title::{on_one_line, split_title};
use crate::dataset::Item;

/// The layouts of MovieLens's releases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Release {
    Latest,
    HundredK,
    OneM,
    Tweetings,
}

/// The fewest digits of a number at IMDb, which keeps its zeros. MovieLens's own numbers in `movies.dat` have five at most.
const IMDB_DIGITS: usize = 7;

/// How many of an item's tags are kept.
const MAXIMUM_TAGS: usize = 5;

/// The release that these files are of, by its catalogue.
pub(crate) fn look_for(files: &Files<'_>) -> Result<Found, ImportError> {
    let release = if files.has("movies.csv") {
        Release::Latest
    } else if files.has("u.item") {
        Release::HundredK
    } else if !files.has("movies.dat") {
        return Ok(None);
    } else if has_numbers_of_imdb(files, "movies.dat")? {
        Release::Tweetings
    } else {
        Release::OneM
    };
    Ok(Some(Box::new(release)))
}

/// Whether a file begins with a number as long as those of IMDb.
fn has_numbers_of_imdb(files: &Files<'_>, name: &str) -> Result<bool, ImportError> {
    files.read(name, |input| {
        let mut start = Vec::new();
        input
            .take(IMDB_DIGITS as u64)
            .read_to_end(&mut start)
            .map_err(ImportError::unreadable(name))?;
        Ok(start.len() == IMDB_DIGITS && start.iter().all(u8::is_ascii_digit))
    })
}

impl LayoutReader for Release {
    fn name(&self) -> &'static str {
        match self {
            Self::Latest => "ml-latest",
            Self::HundredK => "ml-100k",
            Self::OneM => "ml-1m",
            Self::Tweetings => "movietweetings",
        }
    }

    /// The scale on which people rated. Neutral is the middle, as the labels of such scales have it: three stars of five, or 5 of 10.
    fn scale(&self, configured: Option<ValueScale>) -> Option<ValueScale> {
        let (minimum, maximum, neutral) = match self {
            Self::Latest => (0.5, 5.0, 3.0),
            Self::HundredK | Self::OneM => (1.0, 5.0, 3.0),
            Self::Tweetings => (0.0, 10.0, 5.0),
        };
        configured.or(Some(ValueScale {
            minimum,
            maximum,
            neutral,
        }))
    }

    fn check(&self, files: &Files<'_>) -> Result<(), ImportError> {
        files.needed(self.ratings_pattern(files)).map(drop)
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        self.read_items(files, builder)?;
        self.read_interactions(files, builder)
    }

    fn read_split(
        &self,
        split: &str,
        files: &Files<'_>,
        builder: &mut Builder,
    ) -> Result<(), ImportError> {
        let splits = self.splits(files);
        if !splits.iter().any(|there| there == split) {
            return Err(files.no_split(split, splits));
        }
        self.read_items(files, builder)?;
        read_split_file(files, &format!("{split}.base"), builder)?;
        builder.begin_test();
        read_split_file(files, &format!("{split}.test"), builder)
    }
}

impl Release {
    /// Reads the catalogue.
    fn read_items(self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        match self {
            Self::Latest => {
                for name in files.matching("movies.csv") {
                    read_movies(
                        files,
                        &name,
                        Dialect::CSV,
                        &LATEST_MOVIES.map(latest),
                        builder,
                    )?;
                }
                read_links(files, builder)?;
                read_tags(files, builder)
            }
            Self::HundredK if files.has("u.item") => read_hundred_k_items(files, builder),
            Self::OneM | Self::Tweetings if files.has("movies.dat") => {
                let wanted = [
                    Wanted::at(1, Presence::Filled),
                    Wanted::at(2, Presence::Filled),
                    Wanted::at(3, Presence::There),
                ];
                read_movies(files, "movies.dat", Dialect::DoubleColon, &wanted, builder)?;
                if self == Self::Tweetings {
                    for item in builder.items_mut() {
                        let imdb_id = Value::Text(format!("tt{}", item.id));
                        item.fields.insert("imdb_id".to_owned(), imdb_id);
                    }
                }
                Ok(())
            }
            // A bucket in which only other objects are new.
            Self::HundredK | Self::OneM | Self::Tweetings => Ok(()),
        }
    }

    /// What the first file of ratings is called.
    fn ratings_pattern(self, files: &Files<'_>) -> &'static str {
        match self {
            Self::Latest => "ratings.csv",
            Self::HundredK => "u.data",
            Self::Tweetings => "ratings.dat",
            Self::OneM if files.has("ratings.dat") => "ratings.dat",
            // A derived file of pairs stands in for one that may not be passed on.
            Self::OneM => "ratings*.csv",
        }
    }

    /// Reads the interactions. A bucket may bring more of them in files of their own, such as `ratings-2026-01-31.csv`.
    fn read_interactions(
        self,
        files: &Files<'_>,
        builder: &mut Builder,
    ) -> Result<(), ImportError> {
        let mut names = files.matching(self.ratings_pattern(files));
        if self == Self::Latest {
            names.extend(files.matching("ratings-*.csv"));
        }
        for name in names {
            match self {
                Self::HundredK => read_ratings_by_place(files, &name, Dialect::TSV, builder)?,
                Self::OneM | Self::Tweetings if name == "ratings.dat" => {
                    read_ratings_by_place(files, &name, Dialect::DoubleColon, builder)?;
                }
                Self::Latest | Self::OneM | Self::Tweetings => {
                    read_ratings_csv(files, &name, builder)?;
                }
            }
        }
        Ok(())
    }

    /// The names of the splits that the files bring: `u1` where there are `u1.base` and `u1.test`.
    fn splits(self, files: &Files<'_>) -> Vec<String> {
        let bases = if self == Self::HundredK {
            files.matching("*.base")
        } else {
            Vec::new()
        };
        let names = bases.iter().filter_map(|base| base.strip_suffix(".base"));
        names
            .filter(|split| files.has(&format!("{split}.test")))
            .map(str::to_owned)
            .collect()
    }
}

/// Reads ratings of ml-100k or ml-1m: user, item, rating and seconds since 1970, without a header.
fn read_ratings_by_place(
    files: &Files<'_>,
    name: &str,
    dialect: Dialect,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let [user, item, value, time] = [1, 2, 3, 4].map(Column::Place);
    let columns = InteractionColumns::new(&user, &item, Some(&value), Some(&time));
    files.read(name, |input| {
        read_interactions(name, input, dialect, &columns, builder)
    })
}

/// Reads one file of a split of ml-100k, which is laid out as `u.data` is.
fn read_split_file(
    files: &Files<'_>,
    name: &str,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    read_ratings_by_place(files, name, Dialect::TSV, builder)
}

/// Reads `ratings.csv`, whose columns may come in any order. Without ratings, its rows are clicks.
fn read_ratings_csv(
    files: &Files<'_>,
    name: &str,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let [user, item, value, time] =
        ["userId", "movieId", "rating", "timestamp"].map(|name| Column::Name(name.to_owned()));
    let columns = InteractionColumns::new(&user, &item, Some(&value), Some(&time));
    let columns = columns.with_optional_value_and_time();
    files.read(name, |input| {
        read_interactions(name, input, Dialect::CSV, &columns, builder)
    })
}

const LATEST_MOVIES: [(&str, Presence); 3] = [
    ("movieId", Presence::Filled),
    ("title", Presence::Filled),
    ("genres", Presence::There),
];

fn latest((name, presence): (&str, Presence)) -> Wanted {
    Wanted::named(name, presence)
}

/// Reads a catalogue of id, title with year, and genres between bars.
fn read_movies(
    files: &Files<'_>,
    name: &str,
    dialect: Dialect,
    wanted: &[Wanted],
    builder: &mut Builder,
) -> Result<(), ImportError> {
    files.read(name, |input| {
        read_table(
            name,
            input,
            dialect,
            wanted,
            builder,
            |builder, cells, line| {
                let genres = cells
                    .get(2)
                    .filter(|genres| *genres != "(no genres listed)");
                let genres = genres
                    .into_iter()
                    .flat_map(|genres| genres.split('|'))
                    .map(str::to_owned);
                let item = movie(cells.need(0)?, cells.need(1)?, None, genres.collect());
                builder.add_item(item, line);
                Ok(())
            },
        )
    })
}

/// An item from a title with its year.
fn movie(id: &str, title: &str, release_year: Option<i64>, genres: Vec<String>) -> Item {
    let (title, year) = split_title(title);
    let mut fields = BTreeMap::from([("genres".to_owned(), Value::TextList(genres))]);
    if let Some(year) = year.or(release_year) {
        fields.insert("year".to_owned(), Value::Integer(year));
    }
    Item {
        id: id.to_owned(),
        title,
        fields,
    }
}

/// Reads `links.csv`: the films' ids in other catalogues.
fn read_links(files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
    let wanted = [
        Wanted::named("movieId", Presence::Filled),
        Wanted::named("imdbId", Presence::Optional),
        Wanted::named("tmdbId", Presence::Optional),
    ];
    read_optional(files, "links.csv", &wanted, builder, |builder, cells, _| {
        let item = builder.item(cells.need(0)?)?;
        if let Some(imdb_id) = cells.get(1) {
            let digits = imdb_id.trim_start_matches("tt");
            item.fields
                .insert("imdb_id".to_owned(), Value::Text(format!("tt{digits:0>7}")));
        }
        if let Some(tmdb_id) = cells.get(2) {
            item.fields
                .insert("tmdb_id".to_owned(), Value::Text(tmdb_id.to_owned()));
        }
        Ok(())
    })
}

/// Reads `tags.csv`.
fn read_tags(files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
    let wanted = ["movieId", "tag"].map(|name| Wanted::named(name, Presence::Filled));
    let mut counts: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    read_optional(files, "tags.csv", &wanted, builder, |builder, cells, _| {
        let id = cells.need(0)?;
        let tag = on_one_line(cells.need(1)?).to_lowercase();
        builder.item(id)?;
        *counts
            .entry(id.to_owned())
            .or_default()
            .entry(tag)
            .or_default() += 1;
        Ok(())
    })?;
    keep_tags(counts, builder);
    Ok(())
}

/// Has each item keep the tags that were given it most often, alphabetically where equally often.
pub(crate) fn keep_tags(counts: BTreeMap<String, BTreeMap<String, u32>>, builder: &mut Builder) {
    for (id, tags) in counts {
        let mut tags: Vec<(String, u32)> = tags.into_iter().collect();
        // Stable, so that the alphabetical order decides between equals.
        tags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let tags = tags
            .into_iter()
            .take(MAXIMUM_TAGS)
            .map(|(tag, _)| tag)
            .collect();
        if let Ok(item) = builder.item(&id) {
            item.fields.insert("tags".to_owned(), Value::TextList(tags));
        }
    }
}

/// Reads a CSV file if it is there and has something in it.
pub(crate) fn read_optional(
    files: &Files<'_>,
    name: &str,
    wanted: &[Wanted],
    builder: &mut Builder,
    take: impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    if !files.has(name) {
        return Ok(());
    }
    match files.read(name, |input| {
        read_table(name, input, Dialect::CSV, wanted, builder, take)
    }) {
        Err(ImportError::EmptyFile { .. }) => Ok(()),
        read => read,
    }
}

/// The genres of ml-100k, in the order of the flags in `u.item`.
const HUNDRED_K_GENRES: [&str; 19] = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];

/// Where the flags begin, from 1: after id, title, release date, video release date and address.
const FIRST_GENRE_PLACE: u32 = 6;

/// Reads `u.item`: id, title with year, release date and a flag for each genre, between bars.
fn read_hundred_k_items(files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
    let mut wanted = vec![
        Wanted::at(1, Presence::Filled),
        Wanted::at(2, Presence::Filled),
        Wanted::at(3, Presence::There),
    ];
    let genre_places = (FIRST_GENRE_PLACE..).take(HUNDRED_K_GENRES.len());
    wanted.extend(genre_places.map(|place| Wanted::at(place, Presence::Filled)));
    files.read("u.item", |input| {
        read_table(
            "u.item",
            input,
            Dialect::Unquoted(b'|'),
            &wanted,
            builder,
            |builder, cells, line| {
                let mut genres = Vec::new();
                for (genre_idx, genre) in HUNDRED_K_GENRES.iter().enumerate() {
                    match cells.need(3 + genre_idx)? {
                        "1" if *genre != "unknown" => genres.push((*genre).to_owned()),
                        "0" | "1" => {}
                        flag => {
                            return Err((Problem::BadNumber, format!("flag `{flag}` for {genre}")));
                        }
                    }
                }
                // Such as 01-Jan-1995.
                let release_year = cells
                    .get(2)
                    .and_then(|date| date.rsplit('-').next()?.parse().ok());
                builder.add_item(
                    movie(cells.need(0)?, cells.need(1)?, release_year, genres),
                    line,
                );
                Ok(())
            },
        )
    })
}

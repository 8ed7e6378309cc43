//! Playlists, as a table with a song a row or as the slices of the Million Playlist Dataset.
//!
//! | files | of |
//! |---|---|
//! | `playlist*.csv` | columns `pid`, `name`, `album_name`, `artist_name`, `duration_ms`, `track_name` |
//! | `mpd.slice.*.json` | `{"playlists": [{"pid", "name", "tracks": [{"track_name", "artist_name", ...}]}]}` |
//!
//! A playlist is a user, whose name is kept. A song is a title and an artist, whatever album it is from: its id is both, and its album the one that most rows
//! have, the first by the alphabet where equally many do.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

use config::Import;
use index::catalogue::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::files::{Files, has_ending};
use super::ids::Id;
use super::layout::{Found, LayoutReader};
use super::mapped::{json_text, take_row};
use super::report::Problem;
use super::rows::Dialect;
use super::table::{Cells, Presence, Wanted, read_table};
use super::title::on_one_line;
use crate::dataset::Item;

/// Where playlists are looked for unless the configuration says. Archives keep the slices in a folder of their own.
const PATTERNS: [&str; 2] = ["playlist*.csv", "*mpd.slice.*.json"];

struct Playlists {
    patterns: Vec<String>,
}

pub(crate) fn look_for(import: &Import, files: &Files<'_>) -> Found {
    let patterns = match &import.file {
        Some(pattern) => vec![pattern.clone()],
        None => PATTERNS.map(str::to_owned).to_vec(),
    };
    let reader = Playlists { patterns };
    let are_there = import.file.is_some() || !reader.names(files).is_empty();
    are_there.then(|| Box::new(reader) as _)
}

impl Playlists {
    fn names(&self, files: &Files<'_>) -> Vec<String> {
        let names = self.patterns.iter();
        names.flat_map(|pattern| files.matching(pattern)).collect()
    }
}

impl LayoutReader for Playlists {
    fn name(&self) -> &'static str {
        "playlists"
    }

    fn check(&self, files: &Files<'_>) -> Result<(), ImportError> {
        if self.names(files).is_empty() {
            return Err(files.missing(&self.patterns.join(" or ")));
        }
        Ok(())
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        // What is known of a song is only known when every row of it was seen.
        builder.open_catalogue();
        let mut songs = Songs::default();
        for name in self.names(files) {
            files.read(&name, |input| {
                if has_ending(&name, "json") {
                    read_slice(&name, input, builder, &mut songs)
                } else {
                    let take = |builder: &mut Builder, cells: &Cells<'_>, line| {
                        songs.take(builder, cells, line)
                    };
                    read_table(&name, input, Dialect::CSV, &wanted(), builder, take)
                }
            })?;
        }
        songs.add_to(builder);
        Ok(())
    }
}

/// The columns of a row, by the names that the slices have too.
fn wanted() -> [Wanted; 6] {
    [
        Wanted::named("pid", Presence::Filled),
        Wanted::named("name", Presence::Optional),
        Wanted::named("track_name", Presence::Filled),
        Wanted::named("artist_name", Presence::Filled),
        Wanted::named("album_name", Presence::Optional),
        Wanted::named("duration_ms", Presence::Optional),
    ]
}

/// Which of [`wanted`] say something of the playlist; the others, of the song.
const NUM_PLAYLIST_COLUMNS: usize = 2;

/// The songs of all playlists, by id.
#[derive(Default)]
struct Songs(BTreeMap<String, Song>);

struct Song {
    title: String,
    artist: String,
    /// By name; without one, empty.
    albums: BTreeMap<String, Album>,
}

#[derive(Default)]
struct Album {
    num_rows: u32,
    /// How long the song is in the first row that tells.
    duration_s: Option<i64>,
}

impl Songs {
    /// Takes the row of one song in one playlist.
    fn take(
        &mut self,
        builder: &mut Builder,
        cells: &Cells<'_>,
        line: u64,
    ) -> Result<(), RowError> {
        let playlist = Id::parse(cells.need(0)?);
        let title = on_one_line(cells.need(2)?);
        let artist = on_one_line(cells.need(3)?);
        let id = format!("{title} - {artist}");
        builder.add_interaction((playlist, Id::parse(&id)), 1.0, 0, line)?;
        builder.name_user(playlist, &on_one_line(cells.get(1).unwrap_or_default()));
        let song = self.0.entry(id).or_insert_with(|| Song {
            title,
            artist,
            albums: BTreeMap::new(),
        });
        let album = on_one_line(cells.get(4).unwrap_or_default());
        let album = song.albums.entry(album).or_default();
        album.num_rows += 1;
        if let Some(text) = cells.get(5) {
            // The song stays without its length.
            let milliseconds: u32 = text
                .parse()
                .map_err(|_| (Problem::BadNumber, format!("duration_ms `{text}`")))?;
            let rounded = (i64::from(milliseconds) + 500) / 1000;
            album.duration_s.get_or_insert(rounded);
        }
        Ok(())
    }

    /// Adds the songs to the catalogue.
    fn add_to(self, builder: &mut Builder) {
        for (id, song) in self.0 {
            let mut fields = BTreeMap::from([("artist".to_owned(), Value::Text(song.artist))]);
            // The last of the greatest is the first by the alphabet, since the albums are turned round.
            let albums = song.albums.into_iter().rev();
            if let Some((name, album)) = albums.max_by_key(|(_, album)| album.num_rows) {
                if !name.is_empty() {
                    fields.insert("album".to_owned(), Value::Text(name));
                }
                let duration_s = album.duration_s.map(Value::Integer);
                fields.extend(duration_s.map(|seconds| ("duration_s".to_owned(), seconds)));
            }
            let item = Item {
                id,
                title: song.title,
                fields,
            };
            builder.add_item(item, 0);
        }
    }
}

/// Reads a slice of the Million Playlist Dataset, one playlist in memory at a time. A row is a song of a playlist.
fn read_slice(
    file: &str,
    input: &mut dyn Read,
    builder: &mut Builder,
    songs: &mut Songs,
) -> Result<(), ImportError> {
    builder.begin_file(file);
    let wanted = wanted();
    let mut row_number = 0;
    let take_playlist = |playlist: Json| {
        let text = |object: &Json, wanted: &Wanted| json_text(object.get(wanted.name()?)?);
        let (of_playlist, of_song) = wanted.split_at(NUM_PLAYLIST_COLUMNS);
        let playlist_texts = of_playlist.iter().map(|wanted| text(&playlist, wanted));
        let playlist_texts: Vec<Option<String>> = playlist_texts.collect();
        let Some(tracks) = playlist.get("tracks").and_then(Json::as_array) else {
            row_number += 1;
            let what = (Problem::MissingField, "a playlist's `tracks`".to_owned());
            builder.count_row(row_number, Err(what));
            return;
        };
        for track in tracks {
            row_number += 1;
            let track_texts = of_song.iter().map(|wanted| text(track, wanted));
            let track_texts: Vec<Option<String>> = track_texts.collect();
            let texts = playlist_texts.iter().chain(&track_texts);
            let cells = texts.map(Option::as_deref).collect();
            let mut take =
                |builder: &mut Builder, cells: &Cells<'_>, line| songs.take(builder, cells, line);
            take_row(&wanted, cells, row_number, builder, &mut take);
        }
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(input));
    let members = Slice { take_playlist }.deserialize(&mut json);
    let members = members.and_then(|members| json.end().map(|()| members));
    let members = members.map_err(|source| ImportError::Json {
        file: file.to_owned(),
        source,
    })?;
    if !members.iter().any(|member| member == PLAYLISTS) {
        return Err(ImportError::MissingColumn {
            file: file.to_owned(),
            column: format!("`{PLAYLISTS}`"),
            found: members,
        });
    }
    builder.end_file(row_number)
}

/// The member of a slice that has the playlists.
const PLAYLISTS: &str = "playlists";

/// Hands out the playlists of a slice while it is parsed, and gives the names of the slice's members.
struct Slice<F> {
    take_playlist: F,
}

impl<'de, F: FnMut(Json)> DeserializeSeed<'de> for Slice<F> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Json)> Visitor<'de> for Slice<F> {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `playlists`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_key::<String>()? {
            if member == PLAYLISTS {
                map.next_value_seed(List(&mut self.take_playlist))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            members.push(member);
        }
        Ok(members)
    }
}

/// Hands out the elements of a list while it is parsed.
struct List<'a, F>(&'a mut F);

impl<'de, F: FnMut(Json)> DeserializeSeed<'de> for List<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Json)> Visitor<'de> for List<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of playlists")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            self.0(element);
        }
        Ok(())
    }
}

//! Netflix's titles: a catalogue without interactions, in `netflix*.csv`.

use index::catalogue::Value;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::files::Files;
use super::layout::{Found, LayoutReader};
use super::mapped::{ItemMapping, read_item_files};
use super::report::Problem;
use crate::dataset::Item;

const TITLES: &str = "netflix*.csv";

struct Netflix;

pub(crate) fn look_for(files: &Files<'_>) -> Found {
    let are_there = !files.matching(TITLES).is_empty();
    are_there.then(|| Box::new(Netflix) as _)
}

impl LayoutReader for Netflix {
    fn name(&self) -> &'static str {
        "netflix"
    }

    fn has_interactions(&self) -> bool {
        false
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        let titles = ItemMapping::new("show_id", "title")
            .text("type", "type")
            .texts("directors", "director", ",")
            .texts("cast", "cast", ",")
            .or_named("casts")
            .texts("countries", "country", ",")
            .integer("year", "release_year")
            .text("rating", "rating")
            .text("duration", "duration")
            .texts("genres", "listed_in", ",")
            .text("description", "description");
        let names = files.matching(TITLES);
        read_item_files(files, &names, &titles, builder, |_, item| tidy(item))
    }
}

/// Makes `type` what people look for (a `documentary`, a `film` or a `series`), and of the duration a number: `duration_min`, or `seasons`.
fn tidy(item: &mut Item) -> Result<(), RowError> {
    let is_documentary = |genre: &String| genre == "Documentaries" || genre == "Docuseries";
    let kind = match (item.fields.get("genres"), item.fields.get("type")) {
        (Some(Value::TextList(genres)), _) if genres.iter().any(is_documentary) => "documentary",
        (_, Some(Value::Text(kind))) if kind == "TV Show" => "series",
        _ => "film",
    };
    item.fields
        .insert("type".to_owned(), Value::Text(kind.to_owned()));
    // A few rows have their duration where the rating should be.
    let misplaced = match (item.fields.get("rating"), item.fields.get("duration")) {
        (Some(Value::Text(rating)), None) => duration(rating).is_some(),
        _ => false,
    };
    let column = if misplaced { "rating" } else { "duration" };
    if let Some(Value::Text(text)) = item.fields.remove(column) {
        let bad = || (Problem::BadNumber, format!("duration `{text}`"));
        let (name, number) = duration(&text).ok_or_else(bad)?;
        item.fields.insert(name.to_owned(), Value::Integer(number));
    }
    Ok(())
}

/// The field and the number of `90 min`, `1 Season` or `2 Seasons`.
fn duration(text: &str) -> Option<(&'static str, i64)> {
    let (number, unit) = text.split_once(' ')?;
    let field = match unit {
        "min" => "duration_min",
        "Season" | "Seasons" => "seasons",
        _ => return None,
    };
    Some((field, number.parse().ok()?))
}

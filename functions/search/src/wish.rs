//! What a request asks for.

use analysis::words;
use index::{
    AskedWord, Near, Sort, TextQuestion,
    text::{Circle, Point, Rectangle},
};
use kit::{
    filter::filter_of_query,
    json,
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_HISTORY_COUNT, MAXIMUM_WORD_COUNT},
    problem::Problem,
    query::Query,
};

use crate::cursor::Cursor;

/// The parameters.
pub(crate) const PARAMETERS: [&str; 12] = [
    "q",
    "count",
    "cursor",
    "filter",
    "prefix",
    "near",
    "radius_km",
    "bounds",
    "sort",
    "facets",
    "fields",
    "history",
];

/// How many fields may be asked for, and how many be counted.
const FIELDS_MAX_COUNT: usize = 32;

/// What is near where nothing is said.
const DEFAULT_RADIUS_KM: f64 = 10.0;

/// Half of the way around the earth.
const MAXIMUM_RADIUS_KM: f64 = 20_038.0;

/// What stands around words that belong together.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

/// How one asks for what is around one.
const NEAR_ME: [&str; 2] = ["near", "me"];

/// What a request asks for.
pub(crate) struct Wish {
    pub(crate) question: TextQuestion,
    pub(crate) cursor: Option<Cursor>,
    /// The fields that are shown, where not all are.
    pub(crate) fields: Vec<String>,
    /// The ids of what somebody likes.
    pub(crate) history: Vec<String>,
    /// What was left out, in sentences.
    pub(crate) notes: Vec<String>,
}

impl Wish {
    pub(crate) fn of(query: &Query) -> Result<Self, Problem> {
        let mut notes = Vec::new();
        let is_being_typed = query.flag("prefix")?.unwrap_or(true);
        let mut words = asked_words(query.get("q").unwrap_or_default(), is_being_typed);
        let near = near(query)?;
        let around = words.windows(NEAR_ME.len()).position(|words| {
            let typed = words.iter().map(|word| word.typed.to_lowercase());
            typed.eq(NEAR_ME)
        });
        if let Some(start) = around {
            words.drain(start..start + NEAR_ME.len());
            if near.is_none() {
                notes.push("where you are is not known here: send it as `near`".to_owned());
            }
        }
        if MAXIMUM_WORD_COUNT < words.len() {
            words.truncate(MAXIMUM_WORD_COUNT);
            notes.push(format!(
                "only the first {MAXIMUM_WORD_COUNT} words were read"
            ));
        }
        let texts = |name, limit| -> Result<Vec<String>, Problem> {
            let texts = query.list(name, limit)?.into_iter();
            Ok(texts.map(str::to_owned).collect())
        };
        let cursor = query.get("cursor").map(Cursor::parse).transpose()?;
        let first = cursor.as_ref().map_or(0, |cursor| cursor.first);
        Ok(Self {
            question: TextQuestion {
                words,
                near,
                within: bounds(query)?,
                filter: filter_of_query(query, "filter")?,
                count: first + query.count("count", COUNT_RANGE, DEFAULT_COUNT)?,
                sort: sort(query),
                facets: texts("facets", FIELDS_MAX_COUNT)?,
                ..TextQuestion::default()
            },
            cursor,
            fields: texts("fields", FIELDS_MAX_COUNT)?,
            history: texts("history", MAXIMUM_HISTORY_COUNT)?,
            notes,
        })
    }

    /// How many items come before those that are wanted.
    pub(crate) fn first(&self) -> usize {
        self.cursor.as_ref().map_or(0, |cursor| cursor.first)
    }
}

/// The words of a query. The last may not be finished, if it is being typed and no space follows it.
pub(crate) fn asked_words(text: &str, is_being_typed: bool) -> Vec<AskedWord> {
    let quotes: Vec<usize> = text.match_indices(QUOTES).map(|(at, _)| at).collect();
    // One that is not closed means nothing.
    let (pairs, _) = quotes.as_chunks::<2>();
    let phrase_of = |start: usize| {
        pairs
            .iter()
            .find(|[open, close]| (*open..*close).contains(&start))
    };
    let mut before = None;
    let words = words(text).map(|word| {
        let phrase = phrase_of(word.start);
        let follows = phrase.is_some() && before == phrase;
        before = phrase;
        AskedWord {
            typed: word.text.to_owned(),
            is_open: false,
            follows,
        }
    });
    let mut words: Vec<AskedWord> = words.collect();
    if let Some(last) = words.last_mut() {
        last.is_open = is_being_typed && !text.ends_with(char::is_whitespace);
    }
    words
}

/// `near=latitude,longitude`, and how far that goes.
fn near(query: &Query) -> Result<Option<Near>, Problem> {
    let radius_km = query.number("radius_km")?;
    if radius_km.is_some_and(|radius| !(0.0..=MAXIMUM_RADIUS_KM).contains(&radius)) {
        return Err(Problem::OutOfRange {
            field: "radius_km".to_owned(),
            minimum: 0.0,
            maximum: MAXIMUM_RADIUS_KM,
        });
    }
    let Some([latitude, longitude]) = degrees(query, "near")? else {
        return match radius_km {
            None => Ok(None),
            Some(_) => Err(Problem::InvalidValue {
                field: "radius_km".to_owned(),
                what: "says how far around `near` is meant, which is not given".to_owned(),
            }),
        };
    };
    Ok(Some(Near {
        circle: Circle {
            center: point("near", latitude, longitude)?,
            radius_m: (radius_km.unwrap_or(DEFAULT_RADIUS_KM) * 1_000.0) as u32,
        },
        is_limit: radius_km.is_some(),
    }))
}

/// `bounds=south,west,north,east`.
fn bounds(query: &Query) -> Result<Option<Rectangle>, Problem> {
    let Some([south, west, north, east]) = degrees(query, "bounds")? else {
        return Ok(None);
    };
    let south_west = point("bounds", south, west)?;
    let rectangle = Rectangle::new(south_west, point("bounds", north, east)?);
    match rectangle {
        Some(rectangle) => Ok(Some(rectangle)),
        None => Err(Problem::InvalidValue {
            field: "bounds".to_owned(),
            what: "is to be south,west,north,east, and ends before it begins: two of them go across the date line".to_owned(),
        }),
    }
}

/// So many numbers between commas.
fn degrees<const COUNT: usize>(
    query: &Query,
    name: &'static str,
) -> Result<Option<[f64; COUNT]>, Problem> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|part| json::number(part.trim()))
        .collect();
    let numbers = numbers.and_then(|numbers| <[f64; COUNT]>::try_from(numbers).ok());
    numbers.map(Some).ok_or_else(|| Problem::WrongType {
        field: name.to_owned(),
        expected: format!("{COUNT} degrees with commas between them"),
        found: format!("`{text}`"),
    })
}

fn point(name: &str, latitude: f64, longitude: f64) -> Result<Point, Problem> {
    Point::new(latitude, longitude).ok_or_else(|| Problem::InvalidValue {
        field: name.to_owned(),
        what: "is not on the earth: first the latitude, from -90 to 90, then the longitude, from -180 to 180".to_owned(),
    })
}

/// `sort=field`, or `sort=-field` for the greatest first.
fn sort(query: &Query) -> Option<Sort> {
    let text = query.get("sort").filter(|text| !text.is_empty())?;
    let field = text.strip_prefix('-').unwrap_or(text);
    Some(Sort {
        field: field.to_owned(),
        is_descending: field.len() < text.len(),
    })
}

use serde::{Deserialize, Deserializer, de};

use crate::DemoError;

const FILMS_CSV: &[u8] = include_bytes!("../films.csv");

/// A film of the catalogue, as Wikidata describes it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Film {
    /// The number of the film's entry in Wikidata: 171048 is <https://www.wikidata.org/wiki/Q171048>.
    pub id: u32,
    /// The name in English, or the one it is known by.
    pub title: String,
    /// When it was first shown.
    pub year: u16,
    /// At least one.
    #[serde(deserialize_with = "separated_by_bars")]
    pub genres: Vec<String>,
    /// At least one.
    #[serde(deserialize_with = "separated_by_bars")]
    pub directors: Vec<String>,
    /// Where it was made; sometimes not known.
    #[serde(deserialize_with = "separated_by_bars")]
    pub countries: Vec<String>,
    /// How long it runs.
    pub minutes: Option<u16>,
    /// IMDb's number, without the `tt` before it.
    #[serde(deserialize_with = "after_tt")]
    pub imdb_id: String,
    /// How many reviews by critics were counted.
    pub review_count: u16,
    /// How many of a hundred of those reviews praise the film.
    pub review_percent: u8,
    /// Academy Awards won.
    pub oscars: u8,
}

/// The catalogue, sorted by id.
pub fn films() -> Result<Vec<Film>, DemoError> {
    let rows = csv::Reader::from_reader(FILMS_CSV).into_deserialize();
    Ok(rows.collect::<Result<_, _>>()?)
}

fn separated_by_bars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text
        .split('|')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

fn after_tt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.strip_prefix("tt")
        .map(str::to_owned)
        .ok_or_else(|| de::Error::custom(format_args!("`{text}` is not an IMDb id")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_is_well_formed() {
        let films = films().unwrap();
        assert_eq!(films.len(), 2718);
        assert!(FILMS_CSV.len() < 600_000);
        assert!(
            films.is_sorted_by(|a, b| a.id < b.id),
            "ids are sorted and unique"
        );
        let names: BTreeSet<_> = films
            .iter()
            .map(|film| (film.title.to_lowercase(), film.year))
            .collect();
        assert_eq!(names.len(), films.len(), "title and year tell films apart");
        let imdb_ids: BTreeSet<_> = films.iter().map(|film| &film.imdb_id).collect();
        assert_eq!(imdb_ids.len(), films.len());
        let genres: BTreeSet<_> = films.iter().flat_map(|film| &film.genres).collect();
        assert_eq!(genres.len(), 21);
        for film in &films {
            let Film {
                title,
                genres,
                directors,
                ..
            } = film;
            assert!(!title.is_empty() && title.trim() == title, "{film:?}");
            assert!(!title.ends_with(" film)"), "{film:?}");
            assert!((1940..=2014).contains(&film.year), "{film:?}");
            assert!(!genres.is_empty() && !directors.is_empty(), "{film:?}");
            assert!(
                genres
                    .iter()
                    .chain(directors)
                    .all(|name| name.trim() == name),
                "{film:?}"
            );
            assert!(7 <= film.imdb_id.len() && film.imdb_id.bytes().all(|b| b.is_ascii_digit()));
            assert!(film.review_percent <= 100, "{film:?}");
        }
    }

    #[test]
    fn well_known_films_keep_their_names() {
        let films = films().unwrap();
        for (id, title, year, imdb_id) in [
            (171_048, "Toy Story", 1995, "0114709"),
            (47_703, "The Godfather", 1972, "0068646"),
            (132_689, "Casablanca", 1942, "0034583"),
            (484_048, "Amélie", 2001, "0211915"),
            (83_495, "The Matrix", 1999, "0133093"),
        ] {
            let film = films.iter().find(|film| film.id == id).unwrap();
            let found = (film.title.as_str(), film.year, film.imdb_id.as_str());
            assert_eq!(found, (title, year, imdb_id));
        }
    }
}

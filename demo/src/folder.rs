//! The layout of MovieLens' `ml-latest`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::{DemoError, Film, Rating, Recipe, films, ratings};

/// Writes `movies.csv`, `links.csv`, `ratings.csv` and a `README.txt` that says what they are into a folder, which is made where it is missing.
/// Returns the number of films and of ratings.
///
/// # Errors
///
/// [`DemoError::Write`] names the file.
pub fn write_folder(folder: &Path, recipe: Recipe) -> Result<(usize, usize), DemoError> {
    let films = films()?;
    let ratings = ratings(&films, recipe);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DemoError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for (name, content) in [
        ("README.txt", readme(recipe)),
        ("movies.csv", movies_csv(&films)),
        ("links.csv", links_csv(&films)),
        ("ratings.csv", ratings_csv(&ratings)),
    ] {
        let path = folder.join(name);
        fs::write(&path, content).map_err(failed(&path))?;
    }
    Ok((films.len(), ratings.len()))
}

/// `movieId,title,genres`, where the title carries the year: `171048,Toy Story (1995),Animation|Comedy`.
pub fn movies_csv(films: &[Film]) -> String {
    table("movieId,title,genres", films, |film| {
        let title = quoted(&format!("{} ({})", film.title, film.year));
        format!("{},{title},{}", film.id, film.genres.join("|"))
    })
}

/// `movieId,imdbId,tmdbId`; the last is not known and stays empty.
pub fn links_csv(films: &[Film]) -> String {
    table("movieId,imdbId,tmdbId", films, |film| {
        format!("{},{},", film.id, film.imdb_id)
    })
}

/// `userId,movieId,rating,timestamp`.
pub fn ratings_csv(ratings: &[Rating]) -> String {
    table("userId,movieId,rating,timestamp", ratings, |rating| {
        let Rating {
            user_id,
            film_id,
            half_stars,
            time_s,
        } = rating;
        let half = if half_stars % 2 == 0 { 0 } else { 5 };
        format!("{user_id},{film_id},{}.{half},{time_s}", half_stars / 2)
    })
}

fn readme(recipe: Recipe) -> String {
    let Recipe { seed, user_count } = recipe;
    format!(
        "The films are real: Wikidata (CC0), by way of PyPI's bokeh-sampledata. movieId is the number of the film's entry in Wikidata.\n\
         The ratings are SYNTHETIC: made up by Kindred's demo crate for {user_count} people who do not exist, from seed {seed}.\n"
    )
}

fn table<T>(header: &str, rows: &[T], row: impl Fn(&T) -> String) -> String {
    let mut text = format!("{header}\n");
    for one in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", row(one));
    }
    text
}

/// A field of a CSV row, in quotes where it needs them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

//! What is asked in words, and how it is read.

use analysis::{Word, words};
use index::{
    AskedWord, FileKind, Keys, Question, Reading, TextAnswer, TextQuestion, catalogue::Filter,
};
use kit::{
    Call, Collection, Keeping, Needs, Provenance,
    filter::filter_of_query,
    http::Response,
    limits::{COUNT_RANGE, DEFAULT_COUNT, MAXIMUM_WORD_COUNT},
    problem::Problem,
    record::Item,
};
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    interpretation: Interpretation,
    /// How many items were found; of very common words, not all are counted.
    total: usize,
    items: Vec<Item>,
}

/// How a query was read.
#[derive(Default, Serialize)]
struct Interpretation {
    words: Vec<InterpretedWord>,
    /// `all` where an item has all the words, `any` where none does; `popular` where nothing was asked.
    #[serde(rename = "match")]
    matching: &'static str,
    /// What an answer lacks, in sentences.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct InterpretedWord {
    typed: String,
    #[serde(rename = "as")]
    reading: &'static str,
    terms: Vec<String>,
}

/// What a request asks for.
struct Wish {
    query: String,
    filter: Filter,
    count: usize,
    /// Whether the last word may not be finished.
    is_being_typed: bool,
}

/// `GET /v1/{collection}/search`.
pub(crate) fn search(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["q", "count", "filter", "prefix"])?;
    let wish = Wish {
        query: query.get("q").unwrap_or_default().to_owned(),
        filter: filter_of_query(&query, "filter")?,
        count: query.count("count", COUNT_RANGE, DEFAULT_COUNT)?,
        is_being_typed: query.flag("prefix")?.unwrap_or(true),
    };
    let needs = Needs {
        kinds: &|_| vec![FileKind::Text],
        keys: Keys {
            ids: &[],
            titles: &[],
        },
    };
    call.answer_from(&needs, Keeping::Everybody, &mut |collection| {
        answer(collection, &wish)
    })
}

fn answer(collection: &Collection<'_>, wish: &Wish) -> Result<Response, Problem> {
    let generation = &collection.generation;
    if !generation.has(FileKind::Text) {
        return Err(Problem::NotInGeneration {
            file: FileKind::Text,
        });
    }
    let mut typed: Vec<Word<'_>> = words(&wish.query).collect();
    let mut interpretation = Interpretation::default();
    if MAXIMUM_WORD_COUNT < typed.len() {
        typed.truncate(MAXIMUM_WORD_COUNT);
        let note = format!("only the first {MAXIMUM_WORD_COUNT} words were read");
        interpretation.notes.push(note);
    }
    let (hits, total) = if typed.is_empty() {
        interpretation.matching = "popular";
        let popular = generation.popular(&Question {
            count: wish.count,
            filter: wish.filter.clone(),
            ..Question::default()
        })?;
        let total = popular.len();
        (popular, total)
    } else {
        let found = found(collection, wish, &typed, &mut interpretation)?;
        (found.hits, found.total)
    };
    Response::json(Answer {
        provenance: collection.provenance(),
        interpretation,
        total,
        items: collection.scored(&hits)?,
    })
}

/// Items with all the words, and where there are none, with any.
fn found(
    collection: &Collection<'_>,
    wish: &Wish,
    typed: &[Word<'_>],
    interpretation: &mut Interpretation,
) -> Result<TextAnswer, Problem> {
    let generation = &collection.generation;
    let is_open = wish.is_being_typed && !wish.query.ends_with(char::is_whitespace);
    let last = typed.len().saturating_sub(1);
    let asked = |(place, word): (usize, &Word<'_>)| AskedWord {
        typed: word.text.to_owned(),
        is_open: is_open && place == last,
    };
    let mut question = TextQuestion {
        words: typed.iter().enumerate().map(asked).collect(),
        needs_all: true,
        filter: wish.filter.clone(),
        count: wish.count,
        ..TextQuestion::default()
    };
    let mut found = generation.search(&question)?;
    interpretation.matching = "all";
    if found.hits.is_empty() && 1 < typed.len() {
        question.needs_all = false;
        found = generation.search(&question)?;
        interpretation.matching = "any";
    }
    if found.is_partial {
        let note = "very common words were read only in part: name rarer ones too";
        interpretation.notes.push(note.to_owned());
    }
    let read = typed.iter().zip(&found.words);
    interpretation.words = read
        .map(|(word, read)| InterpretedWord {
            typed: word.text.to_owned(),
            reading: match read.reading {
                Reading::AsTyped => "typed",
                Reading::Corrected => "corrected",
                Reading::Unknown => "unknown",
            },
            terms: read.terms.clone(),
        })
        .collect();
    Ok(found)
}

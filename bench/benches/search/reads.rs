//! What a cold question reads: round trips behind the pointer, range reads with near ones merged, bytes; and whether a document is still found with a typo.

use analysis::{fold, words};
use bench::cost;
use index::catalogue::{Record, Value};
use index::text::{DEFAULT_SATURATION, Language, TextSettings};
use index::{
    AskedWord, ByteRange, FileKind, Generation, Keys, MemorySource, NEAR_GAP_LEN_BYTES,
    RecordingSource, TextAnswer, TextQuestion,
};
use seeded::Random;

use crate::{field, files};

const QUERY_COUNT: usize = 1000;

/// What one question cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    trip_count: usize,
    get_count: usize,
    len_bytes: u64,
}

/// Two words of a title, and the same with one letter of one of them wrong.
struct Query {
    book: u32,
    typed: [String; 2],
    mistyped: [String; 2],
}

pub(crate) fn measure(books: &[[String; 2]]) {
    let settings = TextSettings {
        language: Language::English,
        fields: vec![field('t', 2.0, 0.75), field('a', 1.0, 0.75)],
        saturation: DEFAULT_SATURATION,
    };
    let documents = books.iter().enumerate().map(|(number, [title, authors])| {
        let record = Record {
            id: number.to_string(),
            title: title.clone(),
            fields: [("authors".into(), Value::Text(authors.clone()))].into(),
        };
        (record, vec![(0, title.as_str()), (1, authors.as_str())])
    });
    let (files, outlines) = files(settings, documents);
    let source = RecordingSource::new(MemorySource::new(files));
    let ask = |typed: &[String; 2]| -> (TextAnswer, [Cost; 2]) {
        let kinds = [FileKind::Catalogue, FileKind::Text];
        let keys = Keys::default();
        let generation = Generation::open(&source, outlines.clone(), &kinds, &keys).unwrap();
        let answer = generation.search(&TextQuestion {
            words: typed
                .iter()
                .map(|word| AskedWord {
                    typed: word.clone(),
                    is_open: false,
                })
                .collect(),
            count: 10,
            ..TextQuestion::default()
        });
        let answer = answer.unwrap();
        let search = cost_of(&source.take());
        let items: Vec<u32> = answer.hits.iter().map(|hit| hit.item).collect();
        generation.records(&items).unwrap();
        (answer, [search, cost_of(&source.take())])
    };

    let queries = queries(books);
    let (mut found_count, mut again_count) = (0, 0);
    let mut costs = [const { Vec::new() }; 4];
    for query in &queries {
        let (answer, [search, records]) = ask(&query.typed);
        let (mistyped, [search_mistyped, _]) = ask(&query.mistyped);
        let has = |answer: &TextAnswer| answer.hits.iter().any(|hit| hit.item == query.book);
        let is_common = search.trip_count > 2;
        costs[usize::from(is_common)].push(search);
        costs[2].push(search_mistyped);
        costs[3].push(records);
        if has(&answer) {
            found_count += 1;
            again_count += usize::from(has(&mistyped));
        }
    }
    let kinds = ["two words", "with a common one", "with a typo", "records"];
    for (kind, costs) in kinds.iter().zip(&costs) {
        describe(kind, costs);
    }
    println!(
        "one typo in one of two words: {again_count} of {found_count} books are still among the first ten, {:.1} %",
        100.0 * again_count as f64 / f64::from(found_count.max(1))
    );
}

/// Of all batches together.
fn cost_of(batches: &[Vec<ByteRange>]) -> Cost {
    let costs = batches.iter().map(|batch| cost(batch, NEAR_GAP_LEN_BYTES));
    let (get_counts, lens_bytes): (Vec<usize>, Vec<u64>) = costs.unzip();
    Cost {
        trip_count: batches.len(),
        get_count: get_counts.iter().sum(),
        len_bytes: lens_bytes.iter().sum(),
    }
}

fn describe(kind: &str, costs: &[Cost]) {
    let describe = |what: &str, value: &dyn Fn(&Cost) -> u64| {
        let mut values: Vec<u64> = costs.iter().map(value).collect();
        values.sort_unstable();
        let median = values.get(values.len() / 2).copied().unwrap_or_default();
        let most = values.last().copied().unwrap_or_default();
        format!("{median} {what} (at most {most})")
    };
    println!(
        "{kind}, {} questions: {}, {}, {}",
        costs.len(),
        describe("trips", &|cost| cost.trip_count as u64),
        describe("GETs", &|cost| cost.get_count as u64),
        describe("bytes", &|cost| cost.len_bytes),
    );
}

/// Seeded: books, words of their titles, places and letters.
fn queries(books: &[[String; 2]]) -> Vec<Query> {
    let mut random = Random::new(6);
    let mut queries = Vec::new();
    while queries.len() < QUERY_COUNT {
        let book = random.below(books.len());
        let mut long: Vec<String> = words(&books[book][0])
            .map(|word| fold(word.text))
            .filter(|word| {
                4 <= word.len() && word.bytes().all(|letter| letter.is_ascii_lowercase())
            })
            .collect();
        long.sort();
        long.dedup();
        random.shuffle(&mut long);
        let [first, second, ..] = &long[..] else {
            continue;
        };
        let typed = [first.clone(), second.clone()];
        let mut mistyped = typed.clone();
        mistyped[0] = mistype(first, &mut random);
        queries.push(Query {
            book: book as u32,
            typed,
            mistyped,
        });
    }
    queries
}

fn mistype(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<u8> = word.bytes().collect();
    let place = random.below(letters.len());
    let letter = b'a' + random.below(26) as u8;
    match random.below(4) {
        0 => letters[place] = letter,
        1 => letters.insert(place, letter),
        2 => {
            letters.remove(place);
        }
        _ => {
            let last = letters.len() - 1;
            letters.swap(place.min(last - 1), place.min(last - 1) + 1);
        }
    }
    String::from_utf8(letters).unwrap()
}

//! How fast an index in this process answers, warm and opened for each question, as a function does it, beside tantivy in its own process, warm; and whether both find what was meant.
//!
//! Every question is asked in some rounds, of which the fastest counts. Who asks with a typo cannot say in which word: tantivy lets each differ by a letter.

use std::iter;
use std::time::Instant;

use index::TextAnswer;

use crate::documents::{Documents, Query, Terms};
use crate::figure::{Bar, Figure, quantile};
use crate::ours::{Files, ask};
use crate::peers::{Answer, How, Tantivy};

/// After one to warm up.
const NUM_ROUNDS: usize = 10;

const HIT_COUNT: usize = 10;

/// How many times tantivy's median ours may be, for words as they are typed.
const TYPED_BAR: f64 = 1.0;

/// The same with a typo, beside the median of tantivy without one.
const MISTYPED_BAR: f64 = 5.0;

/// The share of documents that are still among the first hits with a typo.
const FORGIVEN_BAR: f64 = 0.95;

/// Which words of a question are asked.
type Words = fn(&Query) -> &[String; 2];

/// Asks for the documents with both words.
type Ask<'a> = &'a dyn Fn(&[String; 2]) -> TextAnswer;

pub(crate) fn measure(documents: &Documents, files: &Files, tantivy: &Tantivy) {
    if cfg!(debug_assertions) {
        println!(
            "{}: this profile is not fast: compare times without `--profile dev`",
            documents.name
        );
    }
    let typed: Words = |query| &query.typed;
    let mistyped: Words = |query| &query.mistyped;
    let source = files.source();
    let warm = files.open(&source);
    let ask_warm: Ask = &|words| ask(&warm, words, true, HIT_COUNT);
    let ask_fresh: Ask = &|words| ask(&files.open(&source), words, true, HIT_COUNT);
    let ours_fresh = [typed, mistyped].map(|words| ours(documents, ask_fresh, words));
    let ours = [typed, mistyped].map(|words| ours(documents, ask_warm, words));
    let theirs = [(typed, How::All), (mistyped, How::Typos)]
        .map(|(words, how)| theirs(documents, tantivy, words, how));

    let [tantivy_typed, tantivy_mistyped] = theirs.each_ref().map(|answers| Times::of(answers));
    let [our_typed, our_mistyped] = ours.each_ref().map(|answers| Times::of(answers));
    let [fresh_typed, fresh_mistyped] = ours_fresh.map(|answers| Times::of(&answers));
    for (name, ours, peer, theirs, bar) in [
        (
            "two words, median",
            our_typed.median,
            "tantivy",
            tantivy_typed.median,
            Some(TYPED_BAR),
        ),
        (
            "two words, 99 %",
            our_typed.high,
            "tantivy",
            tantivy_typed.high,
            None,
        ),
        (
            "two words, opened for each question, median",
            fresh_typed.median,
            "tantivy",
            tantivy_typed.median,
            None,
        ),
        (
            "one mistyped, opened for each question, median",
            fresh_mistyped.median,
            "tantivy",
            tantivy_mistyped.median,
            None,
        ),
        (
            "one mistyped, median",
            our_mistyped.median,
            "tantivy without typos",
            tantivy_typed.median,
            Some(MISTYPED_BAR),
        ),
        (
            "one mistyped, median",
            our_mistyped.median,
            "tantivy",
            tantivy_mistyped.median,
            None,
        ),
        (
            "one mistyped, 99 %",
            our_mistyped.high,
            "tantivy",
            tantivy_mistyped.high,
            None,
        ),
    ] {
        let figure = Figure {
            name: format!("{}, {name}", documents.name),
            ours,
            unit: " microseconds",
            peer: Some((peer, theirs)),
            bar: bar.map(Bar::AtMost),
        };
        println!("{figure}");
    }
    let [our_share, their_share] =
        [ours, theirs].map(|[typed, mistyped]| forgiven_share(documents, &typed, &mistyped));
    let figure = Figure {
        name: format!(
            "{}, still among the first ten with a typo (tantivy: {their_share:.3})",
            documents.name
        ),
        ours: our_share,
        unit: "",
        peer: None,
        bar: Some(Bar::AtLeast(FORGIVEN_BAR)),
    };
    println!("{figure}");
}

/// In microseconds.
struct Times {
    median: f64,
    /// The 99th percentile.
    high: f64,
}

impl Times {
    fn of(answers: &[Answer]) -> Self {
        let nanoseconds: Vec<u64> = answers.iter().map(|answer| answer.nanoseconds).collect();
        let [median, high] = [0.5, 0.99].map(|share| quantile(&nanoseconds, share) as f64 / 1e3);
        Self { median, high }
    }
}

fn ours(documents: &Documents, ask: Ask, words: Words) -> Vec<Answer> {
    let asked = |query: &Query| {
        let start = Instant::now();
        let answer = ask(words(query));
        let nanoseconds = start.elapsed().as_nanos() as u64;
        Answer {
            nanoseconds,
            hits: answer.hits.iter().map(|hit| hit.item).collect(),
        }
    };
    let warm_up = documents.queries.iter().map(|query| Answer {
        nanoseconds: u64::MAX,
        ..asked(query)
    });
    let mut answers: Vec<Answer> = warm_up.collect();
    for _ in 0..NUM_ROUNDS {
        for (query, answer) in documents.queries.iter().zip(&mut answers) {
            answer.nanoseconds = asked(query).nanoseconds.min(answer.nanoseconds);
        }
    }
    answers
}

fn theirs(documents: &Documents, tantivy: &Tantivy, words: Words, how: How) -> Vec<Answer> {
    let mut terms = Terms::new();
    let questions = documents
        .queries
        .iter()
        .map(|query| terms.of(&words(query).join(" ")));
    let questions: Vec<String> = questions.collect();
    tantivy.ask(
        &documents.terms,
        documents.boosts,
        &questions,
        how,
        HIT_COUNT,
    )
}

/// Of the documents found before, the share that is found again.
fn forgiven_share(documents: &Documents, typed: &[Answer], mistyped: &[Answer]) -> f64 {
    let answers = iter::zip(typed, mistyped);
    let found = iter::zip(&documents.queries, answers)
        .filter(|(query, (typed, _))| typed.hits.contains(&query.document));
    let (mut found_count, mut again_count) = (0_u32, 0_u32);
    for (query, (_, mistyped)) in found {
        found_count += 1;
        again_count += u32::from(mistyped.hits.contains(&query.document));
    }
    f64::from(again_count) / f64::from(found_count.max(1))
}

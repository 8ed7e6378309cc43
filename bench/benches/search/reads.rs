//! What a cold question reads: round trips behind the pointer, range reads with near ones merged, bytes.

use bench::cost;
use index::{ByteRange, FoundWord, Reading, RecordingSource};

use crate::documents::{Documents, Terms};
use crate::figure::{Bar, Figure, quantile};
use crate::ours::{Files, ask};

/// A term is very common that a larger share of the documents has.
const VERY_COMMON_SHARE: f64 = 0.01;

/// How many hits are asked for.
const HIT_COUNT: usize = 10;

/// Round trips and GETs that a question may take whose words are found as they are typed.
const FOUND_BARS: [u64; 2] = [2, 4];

/// The same where a word is mistyped or very common.
const HARD_BARS: [u64; 2] = [3, 10];

/// And for the records of the hits, which are a batch of their own: at most a GET each.
const RECORDS_BARS: [u64; 2] = [1, HIT_COUNT as u64];
const RECORDS_LEN_BAR_BYTES: u64 = 32_000;

/// Questions of one kind: what each cost, as round trips, GETs and bytes.
struct Kind {
    name: &'static str,
    costs: Vec<[u64; 3]>,
    bars: [u64; 3],
}

impl Kind {
    fn new(name: &'static str, [trips, gets]: [u64; 2], len_bytes: u64) -> Self {
        Self {
            name,
            costs: Vec::new(),
            bars: [trips, gets, len_bytes],
        }
    }

    fn print(&self, set: &str) {
        for (place, unit) in ["round trips", "GETs", "bytes"].into_iter().enumerate() {
            let costs: Vec<u64> = self.costs.iter().map(|cost| cost[place]).collect();
            let figure = Figure {
                name: format!(
                    "{set}, {} questions, {}, most {unit} (median {})",
                    costs.len(),
                    self.name,
                    quantile(&costs, 0.5)
                ),
                ours: quantile(&costs, 1.0) as f64,
                unit: "",
                peer: None,
                bar: Some(Bar::AtMost(self.bars[place] as f64)),
            };
            println!("{figure}");
        }
    }
}

/// Opens the files for each question.
pub(crate) fn measure(documents: &Documents, files: &Files) {
    for (kind, len_bytes) in files.heads_len_bytes() {
        let figure = Figure {
            name: format!("{}, head of {kind}", documents.name),
            ours: f64::from(len_bytes),
            unit: " bytes",
            peer: None,
            bar: None,
        };
        println!("{figure}");
    }
    let [found_len_bytes, hard_len_bytes] = documents.question_len_bars_bytes;
    let mut found = Kind::new("two words", FOUND_BARS, found_len_bytes);
    let mut common = Kind::new("a very common or unknown word", HARD_BARS, hard_len_bytes);
    let mut mistyped = Kind::new("a mistyped word", HARD_BARS, hard_len_bytes);
    let mut records = Kind::new("records of the hits", RECORDS_BARS, RECORDS_LEN_BAR_BYTES);
    let source = RecordingSource::new(files.source());
    let mut terms = Terms::new();
    for query in &documents.queries {
        let is_common = |word: &String| VERY_COMMON_SHARE < documents.share_with(&terms.of(word));
        let generation = files.open(&source);
        let answer = ask(&generation, &query.typed, true, HIT_COUNT);
        let is_unknown = |word: &FoundWord| word.reading != Reading::AsTyped;
        let is_hard = query.typed.iter().any(is_common) || answer.words.iter().any(is_unknown);
        let kind = if is_hard { &mut common } else { &mut found };
        kind.costs.push(cost_of(&source.take()));
        let items: Vec<u32> = answer.hits.iter().map(|hit| hit.item).collect();
        generation.records(&items).unwrap();
        records.costs.push(cost_of(&source.take()));
        ask(&files.open(&source), &query.mistyped, true, HIT_COUNT);
        mistyped.costs.push(cost_of(&source.take()));
    }
    for kind in [found, common, mistyped, records] {
        kind.print(documents.name);
    }
}

/// Of all batches together.
fn cost_of(batches: &[Vec<ByteRange>]) -> [u64; 3] {
    let costs = batches.iter().map(|batch| cost(batch, None));
    let (get_counts, lens_bytes): (Vec<usize>, Vec<u64>) = costs.unzip();
    let get_count: usize = get_counts.iter().sum();
    [
        batches.len() as u64,
        get_count as u64,
        lens_bytes.iter().sum(),
    ]
}

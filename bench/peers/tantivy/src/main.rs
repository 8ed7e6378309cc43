//! The peer: tantivy, with one thread, in memory.
//!
//! Arguments: a file of documents, the boosts of their fields with commas between them, `terms` or `english`, `frequencies` or `positions`; and where questions are asked too, a file
//! of them, `all`, `any` or `typos`, how many hits are wanted, and where the answers go.
//!
//! A document is a line, its fields with tabs between them. With `terms` the words of a field are separated by spaces, and taken as they are; with `english` it is a text, and
//! tantivy's own analyser of English makes the words. A question is a line of words, separated by spaces: a document has to have `all` of them in some field, or `any`; with `typos` all, where
//! each may differ by a letter. An answer is a line too: the nanoseconds of the fastest of some rounds, and the numbers of the documents, the best first.
//!
//! Prints the seconds from the file to an index that can be searched, the most memory in bytes that the process had till then, and the bytes of the index without stored documents.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexWriter, Searcher, TantivyDocument, Term};

/// What may be collected before it is written as a segment: the memory that Kindred may take for a million short documents.
const MEMORY_BUDGET_BYTES: usize = 256 << 20;

/// One to warm up, and those of which the fastest counts.
const NUM_ROUNDS: usize = 10;

/// A field, and how much a word in it counts.
type Boosted = (Field, f32);

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [documents, boosts, analyser, kept, questions @ ..] = &arguments[..] else {
        bail!(
            "the arguments are: documents, boosts, analyser, what is kept, and perhaps four of questions"
        );
    };
    let start = Instant::now();
    let (index, fields) = build(documents, boosts, analyser, kept)?;
    let searcher = index.reader()?.searcher();
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds} {} {}", peak_bytes()?, len_bytes(&searcher)?);
    match questions {
        [] => Ok(()),
        [questions, how, count, answers] => {
            let text = fs::read_to_string(questions)?;
            let asked = ask(&searcher, &fields, &text, how, count.parse()?)?;
            fs::write(answers, asked).context("the answers cannot be written")
        }
        _ => bail!(
            "four arguments say what is asked: questions, how, the number of hits, where the answers go"
        ),
    }
}

/// One segment, so that the number of a document is its line.
fn build(
    documents: &str,
    boosts: &str,
    analyser: &str,
    kept: &str,
) -> Result<(Index, Vec<Boosted>)> {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(match analyser {
            "terms" => "whitespace",
            "english" => "en_stem",
            other => bail!("there is no analyser {other}"),
        })
        .set_index_option(match kept {
            "frequencies" => IndexRecordOption::WithFreqs,
            "positions" => IndexRecordOption::WithFreqsAndPositions,
            other => bail!("{other} cannot be kept"),
        });
    let options = TextOptions::default().set_indexing_options(indexing);
    let mut schema = Schema::builder();
    let mut fields = Vec::new();
    for (place, boost) in boosts.split(',').enumerate() {
        let field = schema.add_text_field(&place.to_string(), options.clone());
        fields.push((field, boost.parse()?));
    }
    let index = Index::create_in_ram(schema.build());
    let mut writer: IndexWriter = index.writer_with_num_threads(1, MEMORY_BUDGET_BYTES)?;
    for line in BufReader::new(File::open(documents)?).lines() {
        let mut document = TantivyDocument::default();
        for ((field, _), text) in fields.iter().zip(line?.split('\t')) {
            document.add_text(*field, text);
        }
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    ensure!(
        segments.len() == 1,
        "the documents are in {} segments",
        segments.len()
    );
    Ok((index, fields))
}

/// An answer a line.
fn ask(
    searcher: &Searcher,
    fields: &[Boosted],
    questions: &str,
    how: &str,
    count: usize,
) -> Result<String> {
    let collector = TopDocs::with_limit(count).order_by_score();
    let questions: Vec<&str> = questions.lines().collect();
    let mut answers = vec![(u128::MAX, Vec::new()); questions.len()];
    for round in 0..=NUM_ROUNDS {
        for (question, (fastest, hits)) in questions.iter().zip(&mut answers) {
            let start = Instant::now();
            let query = query(fields, question, how)?;
            *hits = searcher.search(&*query, &collector)?;
            let nanoseconds = start.elapsed().as_nanos();
            if 0 < round {
                *fastest = nanoseconds.min(*fastest);
            }
        }
    }
    let mut text = String::new();
    for (nanoseconds, hits) in answers {
        write!(text, "{nanoseconds}")?;
        for (_, address) in hits {
            write!(text, " {}", address.doc_id)?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// Each word in any field.
fn query(fields: &[Boosted], question: &str, how: &str) -> Result<Box<dyn Query>> {
    let in_field = |&(field, boost): &Boosted, word: &str| -> Box<dyn Query> {
        let term = Term::from_field_text(field, word);
        let query: Box<dyn Query> = match how {
            "typos" => Box::new(FuzzyTermQuery::new(term, 1, true)),
            _ => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
        };
        if boost == 1.0 {
            query
        } else {
            Box::new(BoostQuery::new(query, boost))
        }
    };
    let words = question.split(' ').map(|word| -> Box<dyn Query> {
        match fields {
            [field] => in_field(field, word),
            _ => Box::new(BooleanQuery::union(
                fields.iter().map(|field| in_field(field, word)).collect(),
            )),
        }
    });
    Ok(match how {
        "all" | "typos" => Box::new(BooleanQuery::intersection(words.collect())),
        "any" => Box::new(BooleanQuery::union(words.collect())),
        other => bail!("documents cannot be asked to have {other}"),
    })
}

/// Of terms, postings, positions and the lengths of fields.
fn len_bytes(searcher: &Searcher) -> Result<u64> {
    let usage = searcher.space_usage()?;
    let parts = usage.segments().iter().flat_map(|segment| {
        [
            segment.termdict(),
            segment.postings(),
            segment.positions(),
            segment.fieldnorms(),
        ]
    });
    Ok(parts.map(|part| part.total().get_bytes()).sum())
}

/// The most memory that the kernel counted.
fn peak_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("the kernel does not say what memory there was")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

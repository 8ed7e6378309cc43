//! Questions in words to goodbooks: two words of a title, seeded.

use analysis::words;
use bench::{catalogues, columns};
use e2e::application::function;
use e2e::load::Ask;
use index::FileKind;
use index::catalogue::{CatalogueWriter, Record, Value};
use index::popularity::PopularityWriter;
use index::text::{DEFAULT_SATURATION, Language, TextField, TextSettings, TextWriter};
use seeded::Random;

use crate::parts::{SEALED_ENDPOINT, beside_floor, ms, sealed_function};
use crate::table::{Row, number};
use crate::workshop::{Asked, Workshop};

const BOOKS: &str = "goodbooks-10k/books.csv";
const COLLECTION: &str = "books";
const QUERY_COUNT: usize = 1000;
const VARIABLES: [(&str, &str); 2] = [
    ("collections", COLLECTION),
    ("default_collection", COLLECTION),
];

/// `/search` sealed, and by the bucket.
pub(crate) fn search(workshop: &mut Workshop) -> Vec<Row> {
    let path = catalogues::data_folder().join(BOOKS);
    if !path.exists() {
        let why = format!("{} is absent", path.display());
        return vec![Row::not_measured("search", why)];
    }
    let books = columns(&path, ["title", "authors"]);
    let published = workshop.publish(COLLECTION, "Books", books.len() as u64, &files(&books));
    let asks = asks(&books);
    let sealed = sealed_function(workshop, "search", &published.generation);
    let sealed = Asked {
        site: workshop.site_of(("search", &sealed), SEALED_ENDPOINT, &VARIABLES),
        asks: asks.clone(),
    };
    let of_bucket = Asked {
        site: workshop.site_of(
            ("search", &function("search")),
            published.objects.url(),
            &VARIABLES,
        ),
        asks,
    };
    let [floor, measured] = workshop.measure_beside_floor(&sealed);
    let [floor_ms, median_ms] =
        [&floor, &measured].map(|measured| ms(measured.report.latency_within(0.5)));
    let [warm_floor, warm] = workshop.measure_beside_floor(&of_bucket);
    vec![
        Row::at_most(
            "search, sealed: median beside the floor's",
            1.5,
            median_ms / floor_ms,
            "times",
            &format!(
                "the floor's is {} ms; {}",
                number(floor_ms),
                beside_floor(&floor, &measured)
            ),
        ),
        Row::at_most(
            "search, S3 on loopback, warm: 99 % at 8 connections",
            12.0,
            ms(warm.report.latency_within(0.99)),
            "ms",
            &beside_floor(&warm_floor, &warm),
        ),
    ]
}

fn files(books: &[[String; 2]]) -> Vec<(FileKind, Vec<u8>)> {
    let field = |name: &str, boost| TextField {
        name: name.to_owned(),
        boost,
        length_normalization: 0.75,
        keeps_pairs: false,
    };
    let mut catalogue = CatalogueWriter::new();
    let mut text = TextWriter::new(TextSettings {
        language: Language::English,
        fields: vec![field("title", 3.0), field("authors", 1.0)],
        saturation: DEFAULT_SATURATION,
    });
    for (number, [title, authors]) in books.iter().enumerate() {
        let record = Record {
            id: number.to_string(),
            title: title.clone(),
            fields: [("authors".into(), Value::Text(authors.clone()))].into(),
        };
        catalogue.push(record, 0.0);
        text.push([(0, title.as_str()), (1, authors.as_str())]);
    }
    let item_space = catalogue.item_space();
    let popularity = PopularityWriter::new(&vec![1.0; books.len()], 100, &[]);
    let popularity = popularity.expect("the scores are finite");
    let file = |file: Result<Vec<u8>, index::WriteError>| file.expect("the books are written");
    vec![
        (FileKind::Catalogue, file(catalogue.finish())),
        (FileKind::Popularity, file(popularity.finish(item_space))),
        (FileKind::Text, file(text.finish(item_space))),
    ]
}

/// Two words of the title of a book that has two.
fn asks(books: &[[String; 2]]) -> Vec<Ask> {
    let mut random = Random::new(6);
    let mut asks = Vec::new();
    while asks.len() < QUERY_COUNT {
        let [title, _] = &books[random.below(books.len())];
        let of_title: Vec<&str> = words(title).map(|word| word.text).collect();
        let of_title: Vec<&str> = of_title
            .into_iter()
            .filter(|word| 3 < word.len() && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
            .collect();
        if 1 < of_title.len() {
            let place = random.below(of_title.len() - 1);
            let [first, second] = [of_title[place], of_title[place + 1]];
            let path = format!("/v1/{COLLECTION}/search?q={first}+{second}&prefix=false");
            asks.push(Ask::get(path));
        }
    }
    asks
}

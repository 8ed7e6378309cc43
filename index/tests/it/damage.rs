//! What the tests and the fuzz targets share: asking everything of a generation, and making damaged files pass the checksums.

use index::{
    Algorithm, AskedWord, Error, FileKind, Generation, Keys, MemorySource, Near, Outline, Question,
    Sort, TextQuestion,
    catalogue::{Condition, Filter},
    model::{Model, Value},
    recommend::HistoryItem,
    text::{Circle, Point, Rectangle},
};

/// Asks everything that reads a block; the answers as text.
pub(crate) fn ask_everything(
    files: Vec<(FileKind, Vec<u8>)>,
    outlines: Vec<Outline>,
) -> Result<String, Error> {
    let keys = Keys {
        ids: &["11", "none"],
        titles: &["Heat (1986)"],
    };
    let generation = Generation::open(
        MemorySource::new(files),
        outlines,
        &FileKind::OF_ITEMS,
        &keys,
    )?;
    let items = generation.items_of_ids(&["11", "16", "none"])?;
    let history = items
        .into_iter()
        .flatten()
        .map(|item| HistoryItem { item, weight: 1.0 })
        .collect();
    let question = Question {
        history,
        count: 5,
        diversity: 0.5,
        ..Question::default()
    };
    let recommended = generation.recommend(&question)?;
    let items: Vec<u32> = recommended.iter().map(|scored| scored.item).collect();
    let recent = Condition::Range {
        minimum: Some(1980.0),
        maximum: None,
    };
    let filtered = Question {
        filter: Filter {
            fields: [("year".to_owned(), recent)].into(),
        },
        ..question.clone()
    };
    let by_clusters = |question: &Question| Question {
        by: vec![(Algorithm::Clusters, 1.0)],
        ..question.clone()
    };
    let answers = (
        &recommended,
        generation.recommend(&filtered)?,
        generation.reasons(Algorithm::Neighbours, &items, &question.history)?,
        generation.records(&items)?,
        generation.items_of_titles(&["Heat (1986)", "The Third Man"])?,
        generation.popular(&question)?,
        generation.onboarding()?,
        generation.recommend(&by_clusters(&question))?,
        generation.recommend(&by_clusters(&filtered))?,
        generation.cluster_names()?,
        generation.cluster_members(1)?,
    );
    let blended = Question {
        by: Algorithm::ALL.map(|algorithm| (algorithm, 0.5)).to_vec(),
        preferences: filtered.filter,
        ..question.clone()
    };
    let nearest = generation.nearest_baskets(&question.history, 5)?;
    let baskets: Vec<u32> = nearest.iter().map(|scored| scored.item).collect();
    let answers = (
        answers,
        generation.recommend(&blended)?,
        generation.reasons(Algorithm::Content, &items, &question.history)?,
        generation.rules_for(&[0, 1, 2, 3, 4, 5], &question.history)?,
        generation.rule_basket_count()?,
        generation.basket_records(&baskets)?,
    );
    let found = search_everything(&generation, &question)?;
    Ok(format!("{answers:?} {found}"))
}

/// Asks everything in words; the answers as text.
fn search_everything(generation: &Generation<'_>, personal: &Question) -> Result<String, Error> {
    let word = |term: &str, is_open| AskedWord {
        typed: term.to_owned(),
        is_open,
        ..AskedWord::default()
    };
    let words = |needs_all| TextQuestion {
        words: vec![
            word("heat", false),
            word("dramma", false),
            word("cri", true),
        ],
        needs_all,
        count: 5,
        ..TextQuestion::default()
    };
    let answers = (
        generation.search(&words(true))?,
        generation.search(&words(false))?,
    );
    let in_place = TextQuestion {
        words: ["urbana", "gangster"]
            .map(|term| word(term, false))
            .to_vec(),
        facets: vec!["genres".to_owned(), "year".to_owned()],
        count: 9,
        personal: Some(personal.clone()),
        ..TextQuestion::default()
    };
    let [center, corner] = [(40.0, -88.0), (41.0, -87.0)];
    let point = |(latitude, longitude)| Point::new(latitude, longitude).unwrap();
    let near = TextQuestion {
        near: Some(Near {
            circle: Circle {
                center: point(center),
                radius_m: 30_000,
            },
            is_limit: true,
        }),
        within: Rectangle::new(point(center), point(corner)),
        sort: Some(Sort {
            field: "year".to_owned(),
            is_descending: true,
        }),
        count: 9,
        ..TextQuestion::default()
    };
    let pinned = TextQuestion {
        words: ["first", "of", "all"]
            .map(|term| word(term, false))
            .to_vec(),
        count: 3,
        ..TextQuestion::default()
    };
    let answers = (
        answers,
        generation.search(&in_place)?,
        generation.search(&near)?,
        generation.search(&pinned)?,
        generation.search(&TextQuestion::default())?,
        generation.suggestions(&[word("cri", true)], 5)?,
    );
    Ok(format!("{answers:?}"))
}

/// Computes the checksums of every block and of the head anew, by the specification alone.
pub(crate) fn reseal(file: &mut [u8], head_len: usize) {
    let number = |file: &[u8], at: usize, len: usize| {
        file.get(at..at + len).map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |number, &byte| number << 8 | u64::from(byte)) as usize
        })
    };
    let checksum = |bytes: &[u8], seed| xxhash_rust::xxh64::xxh64(bytes, seed);
    let kind = number(file, 10, 2).unwrap_or(0) as u64;
    let metadata_len = number(file, 32, 4).unwrap_or(0);
    let sections = number(file, 36, 4).unwrap_or(0).min(64);
    for section in 0..sections {
        let entry = 48 + section * 24;
        let (Some(id), Some(blocks), Some(block_len), Some(table), Some(data)) = (
            number(file, entry, 2),
            number(file, entry + 4, 4),
            number(file, entry + 8, 4),
            number(file, entry + 12, 4),
            number(file, entry + 16, 8),
        ) else {
            continue;
        };
        let mut start = 0;
        for block_number in 0..blocks.min(10_000) {
            let end = if block_len == 0 {
                number(file, table + block_number * 4, 4)
            } else {
                Some(start + block_len)
            };
            let Some(end) = end else { break };
            let block_start = data.saturating_add(start);
            let block_end = data.saturating_add(end);
            if let Some(block) = file.get_mut(block_start..block_end)
                && let Some((content, sum)) = block.split_last_chunk_mut::<4>()
            {
                let seed = kind << 48 | (id as u64) << 32 | block_number as u64;
                *sum = (checksum(content, seed) as u32).to_le_bytes();
            }
            start = end;
        }
    }
    file[40..48].fill(0);
    let beginning = (48 + sections * 24 + metadata_len).min(head_len);
    let sum = checksum(&file[..beginning], 0);
    file[40..48].copy_from_slice(&sum.to_le_bytes());
}

/// Asks a model everything; the answers as text.
pub(crate) fn ask_model(file: Vec<u8>) -> Result<String, Error> {
    let outline = Outline::of(FileKind::Model, &file)?;
    let model = Model::open(&MemorySource::new([(FileKind::Model, file)]), &[outline])?;
    let known = vec![Value::Number(5.0), Value::Category(1), Value::Number(1.0)];
    let rows = [known, vec![Value::Missing], Vec::new()];
    let probabilities = model.predict(&rows)?;
    let contributions = rows.iter().map(|row| model.contributions(row, 1));
    let contributions: Vec<_> = contributions.collect::<Result<_, Error>>()?;
    Ok(format!("{probabilities:?} {contributions:?}"))
}

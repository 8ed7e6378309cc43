use std::collections::BTreeMap;

use super::{
    TextSettings,
    dictionary::{write_after, write_entry},
    filter::{is_correctable, write_filter},
    geography::Point,
    metadata::{
        FENCES, FILTER, LISTS, Metadata, PAGE_LEN_BYTES, POINTS, POINTS_PER_BLOCK, RECTANGLES,
        TERMS,
    },
    names::{NAME_END, tag_of, terms_of},
    notes::Notes,
    points::{write_points, write_rectangle},
    postings::Posting,
};
use crate::{
    container::{BLOCK_CHECKSUM_LEN_BYTES, ContainerSerializer, Section, SectionId},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// So many words, those of the most frequent terms, are what a typo may have meant.
const FILTER_MAX_COUNT: usize = 20_000;

/// What a block of terms costs in the head, about: its end and what it begins with.
const FENCE_LEN_BYTES: usize = 10;

/// Shorter blocks would save nothing: near ranges are read as one.
const BLOCK_MIN_LEN_BYTES: usize = 1 << 10;

/// How many blocks of terms a question reads.
const BLOCKS_PER_QUESTION: usize = 4;

/// Letters beyond these are not what a typo leaves out.
const ALPHABET_MAX_COUNT: usize = 64;

/// A term or a name with its items, ascending, and what else is known of it.
pub(super) struct Term {
    pub(super) spelling: Box<str>,
    pub(super) postings: Vec<Posting>,
    pub(super) notes: Notes,
}

/// What the file says.
pub(super) struct Texts {
    /// Ascending.
    pub(super) terms: Vec<Term>,
    /// The words as they are written, folded, with how many items have the term of each.
    pub(super) as_written: BTreeMap<String, usize>,
    pub(super) item_count: u32,
    pub(super) impact_unit: f32,
    /// Where each item lies.
    pub(super) points: Vec<Option<Point>>,
}

/// The file.
pub(super) fn serialize(
    texts: &Texts,
    settings: &TextSettings,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let terms = &texts.terms[..];
    let item_count = texts.item_count;
    let mut lists = Vec::new();
    let mut entries = Vec::new();
    let mut ends = Vec::with_capacity(terms.len());
    for term in terms {
        write_entry(
            &term.postings,
            &term.notes,
            item_count,
            &mut entries,
            &mut lists,
        );
        ends.push(entries.len());
    }
    let spelling_len_bytes: usize = terms.iter().map(|term| term.spelling.len()).sum();
    let (terms_section, fences) = blocks(
        terms,
        &entries,
        &ends,
        block_len(entries.len() + spelling_len_bytes),
    );

    let mut meant = correctable(&texts.as_written);
    meant.truncate(FILTER_MAX_COUNT);
    let mut filter = Section::new(FileKind::Text, FILTER);
    filter.push_block(&write_filter(&meant));

    let metadata = metadata::encode(&Metadata {
        item_count,
        language: settings.language.name().to_owned(),
        fields: settings
            .fields
            .iter()
            .map(|field| (field.name.clone(), field.boost, field.keeps_pairs))
            .collect(),
        impact_unit: texts.impact_unit,
        alphabet: alphabet(&meant),
        longest_name: longest_name(terms),
    });
    let mut container = ContainerSerializer::new(FileKind::Text, item_space, metadata);
    container.push_hot(fences);
    container.push_hot(filter);
    let (rectangles, points) = places(&texts.points);
    container.push_hot(rectangles);
    container.push_cold(terms_section);
    container.push_cold(pages(LISTS, &lists));
    container.push_cold(points);
    container.finish()
}

/// The rectangles around the blocks of points, and the blocks; none where no item has a place.
fn places(points: &[Option<Point>]) -> (Section, Section) {
    let mut rectangles = Section::new(FileKind::Text, RECTANGLES);
    let mut section = Section::new(FileKind::Text, POINTS);
    let is_anywhere = points.iter().any(Option::is_some);
    let mut around = Vec::new();
    if is_anywhere {
        for points in points.chunks(POINTS_PER_BLOCK as usize) {
            let mut block = Vec::new();
            write_points(points, &mut block);
            section.push_block(&block);
            write_rectangle(points, &mut around);
        }
    }
    rectangles.push_block(&around);
    (rectangles, section)
}

/// How many terms the longest name has.
fn longest_name(terms: &[Term]) -> u8 {
    let names = terms.iter().map(|term| &term.spelling);
    // A pair of words is no name.
    let names = names.filter(|key| tag_of(key).is_some() && !key.starts_with(NAME_END));
    let lens = names.map(|name| terms_of(name).split(' ').count());
    lens.max().unwrap_or_default().min(u8::MAX.into()) as u8
}

/// The length of a block of terms with which the head and the blocks of a question are shortest together.
fn block_len(terms_len_bytes: usize) -> usize {
    let len_bytes = (terms_len_bytes * FENCE_LEN_BYTES / BLOCKS_PER_QUESTION).isqrt();
    len_bytes.max(BLOCK_MIN_LEN_BYTES)
}

/// The blocks of terms, and what they begin with.
fn blocks(terms: &[Term], entries: &[u8], ends: &[usize], block_len: usize) -> (Section, Section) {
    let mut section = Section::new(FileKind::Text, TERMS);
    let mut fences = Vec::new();
    let mut block = Vec::new();
    let (mut previous, mut fence) = ("", "");
    let mut start = 0;
    for (term, &end) in terms.iter().zip(ends) {
        let entry = entries.get(start..end).unwrap_or_default();
        if !block.is_empty() && block_len < block.len() + entry.len() {
            section.push_block(&block);
            block.clear();
            let next = separator(previous, &term.spelling);
            write_after(fence, next, &mut fences);
            fence = next;
            previous = "";
        }
        write_after(previous, &term.spelling, &mut block);
        block.extend_from_slice(entry);
        previous = &term.spelling;
        start = end;
    }
    section.push_block(&block);
    let mut fences_section = Section::new(FileKind::Text, FENCES);
    fences_section.push_block(&fences);
    (section, fences_section)
}

/// The shortest beginning of `next` that is above `previous`, which is below it (Bayer and Unterauer: Prefix B-trees, 1977).
fn separator<'a>(previous: &str, next: &'a str) -> &'a str {
    let mut ends = next
        .char_indices()
        .map(|(start, letter)| start + letter.len_utf8());
    let is_above = |end: &usize| {
        next.get(..*end)
            .is_some_and(|beginning| previous < beginning)
    };
    let end = ends.find(is_above).unwrap_or(next.len());
    next.get(..end).unwrap_or(next)
}

/// The words that a typo may have meant: first those of the most frequent terms, of equals the first.
fn correctable(as_written: &BTreeMap<String, usize>) -> Vec<&str> {
    let words = as_written.iter().filter(|(word, _)| is_correctable(word));
    let mut words: Vec<(&String, &usize)> = words.collect();
    words.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    words.into_iter().map(|(word, _)| word.as_str()).collect()
}

/// Their letters, the most frequent first, of equals the first.
fn alphabet(words: &[&str]) -> String {
    let mut counts = BTreeMap::new();
    for letter in words.iter().flat_map(|word| word.chars()) {
        *counts.entry(letter).or_insert(0_usize) += 1;
    }
    let mut letters: Vec<(char, usize)> = counts.into_iter().collect();
    letters.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    letters
        .into_iter()
        .take(ALPHABET_MAX_COUNT)
        .map(|(letter, _)| letter)
        .collect()
}

/// Bytes in pages of one length.
fn pages(id: SectionId, bytes: &[u8]) -> Section {
    let mut section = Section::of_equal_blocks(FileKind::Text, id, PAGE_LEN_BYTES);
    for page in bytes.chunks(PAGE_LEN_BYTES as usize - BLOCK_CHECKSUM_LEN_BYTES) {
        section.push_block(page);
    }
    section
}

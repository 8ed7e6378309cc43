//! The questions: a generation plans what a question needs, has it read in batches, and answers.
//!
//! - here: the files, opened when they are needed.
//! - `look_up`: items by their names, records, baskets.
//! - `rank`: recommendations.
//! - `search`: items by their words.

mod look_up;
mod rank;
mod search;

use std::cell::{OnceCell, RefCell};

use crate::{
    baskets::Baskets,
    catalogue::{Catalogue, Filter},
    clusters::Clusters,
    container::{Blocks, Container, Plan, read},
    error::Error,
    neighbours::Neighbours,
    outline::{Keys, Outline},
    popularity::Popularity,
    rules::Rules,
    source::{ByteRange, ByteSource, Bytes, FileKind},
    text::Text,
};

pub use rank::{Algorithm, Question};
pub use search::{
    AskedWord, DISTANCE, FacetCounts, FoundPlace, FoundWord, Highlighter, Hit, Match, Near,
    ReadLimits, Reading, Sort, Suggestion, TextAnswer, TextQuestion,
};

/// An open generation of a collection, and the questions that it answers.
///
/// A question plans what it needs and reads it in batches: the lists of a history are one, the records of the results another. Blocks that were read stay
/// for the next question; a function lives for one request, and the evaluation asks thousands.
#[derive(Debug)]
pub struct Generation<'s> {
    source: Box<dyn ByteSource + 's>,
    /// All files, opened or not.
    files: Vec<Outline>,
    blocks: RefCell<Blocks>,
    catalogue: Catalogue,
    opened: Opened,
}

/// The files beside the catalogue that have been needed so far.
#[derive(Debug, Default)]
struct Opened {
    baskets: OnceCell<Baskets>,
    clusters: OnceCell<Clusters>,
    content: OnceCell<Neighbours>,
    neighbours: OnceCell<Neighbours>,
    popularity: OnceCell<Popularity>,
    rules: OnceCell<Rules>,
    text: OnceCell<Text>,
}

/// Which items pass a filter; all where there is none.
struct Passing(Option<Vec<bool>>);

impl Passing {
    fn has(&self, item: u32) -> bool {
        match &self.0 {
            None => true,
            Some(matching) => matching.get(item as usize) == Some(&true),
        }
    }
}

impl<'s> Generation<'s> {
    /// Opens the catalogue, which numbers the items, and the files of the kinds `first` with one batch of reads: their heads and, as far as the catalogue's
    /// outline says where the tables lie, what `keys` lead to.
    ///
    /// Looking these keys up then reads nothing more. Any other key can be looked up too, and any other of `files` is opened when a question needs it, each
    /// with a batch of its own.
    pub fn open(
        source: impl ByteSource + 's,
        files: Vec<Outline>,
        first: &[FileKind],
        keys: &Keys<'_>,
    ) -> Result<Self, Error> {
        let is_catalogue = |outline: &&Outline| outline.file == FileKind::Catalogue;
        let catalogue = files.iter().find(is_catalogue);
        let outline = catalogue.ok_or(missing(FileKind::Catalogue))?;
        let others = || {
            files
                .iter()
                .filter(|outline| !is_catalogue(outline) && first.contains(&outline.file))
        };
        let mut plan = Plan::default();
        Catalogue::plan_keys(outline, keys, &mut plan);
        let mut ranges = vec![head_range(outline)];
        ranges.extend(others().map(head_range));
        ranges.extend(plan.ranges());
        let mut buffers = read(&source, &ranges)?.into_iter();

        let head = buffers.next().unwrap_or_default();
        let catalogue = Catalogue::open(opened(FileKind::Catalogue, head)?)?;
        catalogue.check_tables(outline)?;
        let others: Vec<(FileKind, Bytes)> = others()
            .map(|outline| outline.file)
            .zip(buffers.by_ref())
            .collect();
        let mut blocks = Blocks::default();
        blocks.keep(&plan, buffers)?;
        let generation = Self {
            source: Box::new(source),
            files,
            blocks: RefCell::new(blocks),
            catalogue,
            opened: Opened::default(),
        };
        for (file, head) in others {
            generation.keep(opened(file, head)?)?;
        }
        Ok(generation)
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Which items a filter lets through; its blocks have been fetched.
    fn passing(&self, filter: &Filter) -> Result<Passing, Error> {
        let matching = |filter| self.catalogue.matching(filter, &self.blocks.borrow());
        let filter = (!filter.is_empty()).then_some(filter);
        filter.map(matching).transpose().map(Passing)
    }

    /// Reads what `fill` plans, in one batch.
    fn fetch(&self, fill: &mut dyn FnMut(&mut Plan) -> Result<(), Error>) -> Result<(), Error> {
        let mut plan = Plan::default();
        fill(&mut plan)?;
        self.blocks.borrow_mut().fetch(plan, &*self.source)
    }

    fn baskets(&self) -> Result<&Baskets, Error> {
        self.needed(FileKind::Baskets, &self.opened.baskets)
    }

    fn clusters(&self) -> Result<&Clusters, Error> {
        self.needed(FileKind::Clusters, &self.opened.clusters)
    }

    fn content(&self) -> Result<&Neighbours, Error> {
        self.needed(FileKind::Content, &self.opened.content)
    }

    fn neighbours(&self) -> Result<&Neighbours, Error> {
        self.needed(FileKind::Neighbours, &self.opened.neighbours)
    }

    fn popularity(&self) -> Result<&Popularity, Error> {
        self.needed(FileKind::Popularity, &self.opened.popularity)
    }

    fn rules(&self) -> Result<&Rules, Error> {
        self.needed(FileKind::Rules, &self.opened.rules)
    }

    fn text(&self) -> Result<&Text, Error> {
        self.needed(FileKind::Text, &self.opened.text)
    }

    /// What lies in a cell, which is that of the file; opened now if it was not among the first.
    fn needed<'a, F>(&self, file: FileKind, cell: &'a OnceCell<F>) -> Result<&'a F, Error> {
        if cell.get().is_none() {
            self.open_later(file)?;
        }
        cell.get().ok_or(missing(file))
    }

    /// Whether the generation has a file of this kind.
    pub fn has(&self, file: FileKind) -> bool {
        self.files.iter().any(|outline| outline.file == file)
    }

    /// Opens a file that was not among the first.
    fn open_later(&self, file: FileKind) -> Result<(), Error> {
        let outline = self.files.iter().find(|outline| outline.file == file);
        let range = head_range(outline.ok_or(missing(file))?);
        let head = read(&*self.source, &[range])?.pop();
        self.keep(opened(file, head.unwrap_or_default())?)
    }

    /// Keeps a file beside the catalogue, if both number the items alike.
    fn keep(&self, container: Container) -> Result<(), Error> {
        let file = container.file();
        let same_space = container.item_space() == self.catalogue.container().item_space();
        let check = |item_count| {
            if same_space && item_count == self.catalogue.item_count() {
                Ok(())
            } else {
                Err(Error::MixedCatalogues { file })
            }
        };
        let Opened {
            baskets,
            clusters,
            content,
            neighbours,
            popularity,
            rules,
            text,
        } = &self.opened;
        match file {
            FileKind::Baskets => {
                let opened = Baskets::open(container)?;
                check(opened.item_count())?;
                baskets.get_or_init(|| opened);
            }
            // A model speaks of rows, and is opened by itself.
            FileKind::Catalogue | FileKind::Model => {}
            FileKind::Clusters => {
                let opened = Clusters::open(container)?;
                check(opened.item_count())?;
                clusters.get_or_init(|| opened);
            }
            FileKind::Content | FileKind::Neighbours => {
                let opened = Neighbours::open(container)?;
                check(opened.item_count())?;
                let cell = if file == FileKind::Content {
                    content
                } else {
                    neighbours
                };
                cell.get_or_init(|| opened);
            }
            FileKind::Popularity => {
                let opened = Popularity::open(container)?;
                check(opened.item_count())?;
                popularity.get_or_init(|| opened);
            }
            FileKind::Rules => {
                let opened = Rules::open(container)?;
                check(opened.item_count())?;
                rules.get_or_init(|| opened);
            }
            FileKind::Text => {
                let opened = Text::open(container)?;
                check(opened.item_count())?;
                text.get_or_init(|| opened);
            }
        }
        Ok(())
    }
}

fn missing(file: FileKind) -> Error {
    Error::MissingFile { file }
}

fn head_range(outline: &Outline) -> ByteRange {
    ByteRange {
        file: outline.file,
        offset: 0,
        len_bytes: outline.head_len_bytes,
    }
}

fn opened(file: FileKind, head: Bytes) -> Result<Container, Error> {
    let container = Container::open(file, head)?;
    container.check()?;
    Ok(container)
}

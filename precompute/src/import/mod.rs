//! Reads a data set: any source in, a [`Dataset`] and a report of everything odd out.
//!
//! [`import`] finds out what the source is, reads its catalogue and then its interactions through one `Builder`, which numbers ids, checks every
//! row, and puts the whole in the order that [`Dataset`] promises. Rows that are wrong are counted and left out; when too many are, the
//! import stops. Two imports of the same files give the same data set and the same report.
//!
//! - `files`: what holds the source: a folder, a `.zip`, a bucket.
//! - `rows`, `table`, `interactions`: bytes to rows, rows to cells, cells to interactions.
//! - `movielens`, `lists`, `mapped`: the layouts.
//! - `bucket`: a source in a bucket, of which a nightly run reads only what is new.
//! - `posters`, `download`: what comes over the network, when it is asked for.

mod bucket;
mod builder;
mod download;
mod error;
mod examples;
mod files;
mod ids;
mod interactions;
mod lists;
mod mapped;
mod movielens;
mod posters;
mod report;
mod rows;
mod table;
mod time;
mod title;

use config::{Collection, InteractionTable, ItemTable, Source};

pub use bucket::{Watermark, import_new_objects};
pub use download::{Download, GROUPLENS, RELEASES, download};
pub use error::ImportError;
pub use examples::{TextTable, import_examples};
pub(crate) use files::names_in_folder;
pub use posters::{PosterReport, find_posters};
pub use report::{FileReport, ImportReport, MAXIMUM_PLACES, Place, Problem, ProblemCount};

use crate::dataset::{Dataset, Split};
use crate::store::Store;
use builder::{Builder, Finished};
use files::Files;
use movielens::Release;

/// Reads everything that a collection's source holds. `store` is the bucket of a source that is one.
pub fn import(
    collection: &Collection,
    store: Option<&dyn Store>,
) -> Result<(Dataset, ImportReport), ImportError> {
    let files = open(collection, store)?;
    let layout = Layout::find(collection, &files)?;
    let mut builder = layout.builder(collection);
    layout.check(&files)?;
    layout.read(&files, &mut builder)?;
    let (finished, report) = finish(&files, layout, builder)?;
    Ok((finished.dataset, report))
}

/// Reads a split that the source brings: `u1` to `u5`, `ua` and `ub` of ml-100k, or the only one of a pair of lists, by any name.
pub fn import_split(
    collection: &Collection,
    store: Option<&dyn Store>,
    split: &str,
) -> Result<(Split, ImportReport), ImportError> {
    let files = open(collection, store)?;
    let layout = Layout::find(collection, &files)?;
    let mut builder = layout.builder(collection);
    match layout {
        Layout::Lists => {
            lists::read_lists(&files, lists::TRAIN_FILE, &mut builder)?;
            builder.begin_test();
            lists::read_lists(&files, lists::TEST_FILE, &mut builder)?;
        }
        Layout::MovieLens(release) if release.splits(&files).iter().any(|there| there == split) => {
            release.read_items(&files, &mut builder)?;
            movielens::read_split_file(&files, &format!("{split}.base"), &mut builder)?;
            builder.begin_test();
            movielens::read_split_file(&files, &format!("{split}.test"), &mut builder)?;
        }
        Layout::MovieLens(_) | Layout::Mapped { .. } => {
            let found = match layout {
                Layout::MovieLens(release) => release.splits(&files),
                _ => Vec::new(),
            };
            return Err(ImportError::UnknownSplit {
                location: files.location().to_owned(),
                split: split.to_owned(),
                found,
            });
        }
    }
    let (finished, report) = finish(&files, layout, builder)?;
    Ok((
        Split {
            train: finished.dataset,
            test: finished.test,
        },
        report,
    ))
}

fn open<'a>(
    collection: &Collection,
    store: Option<&'a dyn Store>,
) -> Result<Files<'a>, ImportError> {
    match &collection.source {
        Source::Path(path) => Files::open(path),
        Source::S3 { prefix, .. } => {
            let location = collection.source.to_string();
            let Some(store) = store else {
                return Err(ImportError::NoStore { location });
            };
            Ok(Files::in_bucket(
                location,
                store,
                prefix,
                &store.list(prefix)?,
            ))
        }
    }
}

fn finish(
    files: &Files<'_>,
    layout: Layout<'_>,
    builder: Builder,
) -> Result<(Finished, ImportReport), ImportError> {
    let values = builder.scale();
    let mut finished = builder.finish();
    let dataset = &finished.dataset;
    if dataset.interactions.is_empty() {
        return Err(ImportError::NoInteractions {
            location: files.location().to_owned(),
        });
    }
    let report = ImportReport {
        layout: layout.name().to_owned(),
        values,
        users: dataset.users.len(),
        items: dataset.items.len(),
        interactions: dataset.interactions.len() + finished.test.len(),
        files: std::mem::take(&mut finished.reports),
        posters: None,
    };
    Ok((finished, report))
}

/// How a source is laid out.
#[derive(Clone, Copy)]
enum Layout<'a> {
    MovieLens(Release),
    Lists,
    Mapped {
        interactions: &'a InteractionTable,
        items: Option<&'a ItemTable>,
    },
}

impl<'a> Layout<'a> {
    /// The layout that is configured, or else the one that the files show.
    fn find(collection: &'a Collection, files: &Files<'_>) -> Result<Self, ImportError> {
        if let Some(interactions) = &collection.import.interactions {
            return Ok(Self::Mapped {
                interactions,
                items: collection.import.items.as_ref(),
            });
        }
        let movielens = Release::find(files).map(Self::MovieLens);
        let lists = lists::are_there(files).then_some(Self::Lists);
        let found = match collection.layout {
            Some(config::Layout::MovieLens) => movielens,
            Some(config::Layout::Lists) => lists,
            Some(config::Layout::Table) | None => movielens.or(lists),
        };
        found.ok_or_else(|| ImportError::UnknownLayout {
            location: files.location().to_owned(),
            found: files.some_names(),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::MovieLens(release) => release.name(),
            Self::Lists => "lists",
            Self::Mapped { .. } => "table",
        }
    }

    /// A builder with the collection's scale, or else the layout's own.
    fn builder(self, collection: &Collection) -> Builder {
        let configured = collection.values.map(|values| pointer::ValueScale {
            minimum: values.minimum,
            maximum: values.maximum,
            neutral: values.neutral,
        });
        let scale = match self {
            Self::MovieLens(release) => configured.or(Some(release.scale())),
            Self::Lists => None,
            Self::Mapped { .. } => configured,
        };
        let mut builder = Builder::new(scale, collection.import.maximum_bad_row_share);
        if matches!(self, Self::Lists | Self::Mapped { items: None, .. }) {
            builder.open_catalogue();
        }
        builder
    }

    /// Whether everything is there that a first import needs.
    fn check(self, files: &Files<'_>) -> Result<(), ImportError> {
        let needed = match self {
            Self::MovieLens(release) => vec![release.ratings_pattern(files)],
            Self::Lists => Vec::new(),
            Self::Mapped {
                interactions,
                items,
            } => {
                let items = items.map(|items| items.file.as_str());
                items
                    .into_iter()
                    .chain([interactions.file.as_str()])
                    .collect()
            }
        };
        needed
            .into_iter()
            .try_for_each(|pattern| files.needed(pattern).map(drop))
    }

    /// Reads what is there of the catalogue, then what is there of the interactions.
    fn read(self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        match self {
            Self::MovieLens(release) => {
                release.read_items(files, builder)?;
                release.read_interactions(files, builder)
            }
            Self::Lists => {
                for name in [lists::TRAIN_FILE, lists::TEST_FILE]
                    .into_iter()
                    .filter(|name| files.has(name))
                {
                    lists::read_lists(files, name, builder)?;
                }
                Ok(())
            }
            Self::Mapped {
                interactions,
                items,
            } => {
                if let Some(items) = items {
                    mapped::read_item_files(files, &files.matching(&items.file), items, builder)?;
                }
                mapped::read_interaction_files(
                    files,
                    &files.matching(&interactions.file),
                    interactions,
                    builder,
                )
            }
        }
    }
}

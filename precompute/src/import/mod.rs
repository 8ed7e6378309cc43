//! Reads a data set: any source in, a [`Dataset`] and a report of everything odd out.
//!
//! [`import`] finds out what the source is, reads its catalogue and then its interactions through one `Builder`, which numbers ids, checks every
//! row, and puts the whole in the order that [`Dataset`] promises. Rows that are wrong are counted and left out; when too many are, the
//! import stops. Two imports of the same files give the same data set and the same report.
//!
//! - `files`: what holds the source: a folder, a `.zip`, a bucket.
//! - `rows`, `table`, `interactions`: bytes to rows, rows to cells, cells to interactions.
//! - `layout`: what a layout is, and how one is found; the layouts have a module each, and `mapped` is the one that a configuration describes.
//! - `parts`: several sources as one collection.
//! - `bucket`: a source in a bucket, of which a nightly run reads only what is new.
//! - `posters`, `download`: what comes over the network, when it is asked for.

mod baskets;
mod bucket;
mod builder;
mod download;
mod error;
mod examples;
mod fetch;
mod files;
mod goodbooks;
mod ids;
mod interactions;
mod layout;
mod lists;
mod mapped;
mod movielens;
mod netflix;
mod parts;
mod playlists;
mod podcasts;
mod posters;
mod report;
mod rows;
mod table;
mod time;
mod title;
mod yelp;

use config::{Collection, Source};

pub use bucket::{Watermark, import_new_objects};
pub use download::{Download, GROUPLENS, RELEASES, download};
pub use error::ImportError;
pub use examples::{TextTable, import_examples};
pub use fetch::{Fetched, fetch};
pub(crate) use files::names_in_folder;
pub use posters::{PosterReport, find_posters};
pub use report::{FileReport, ImportReport, MAXIMUM_PLACES, Place, Problem, ProblemCount};

use crate::dataset::{Dataset, Split};
use crate::store::Store;
use builder::{Builder, Finished};
use files::Files;
use layout::LayoutReader;

/// Reads everything that a collection's source holds. `store` is the bucket of a source that is one.
pub fn import(
    collection: &Collection,
    store: Option<&dyn Store>,
) -> Result<(Dataset, ImportReport), ImportError> {
    if collection.source == Source::Parts {
        return parts::import_parts(collection);
    }
    let files = open(collection, store)?;
    let (layout, mut builder) = begin(collection, &files)?;
    layout.check(&files)?;
    layout.read(&files, &mut builder)?;
    let (finished, report) = finish(&files, &*layout, builder)?;
    Ok((finished.dataset, report))
}

/// Reads a split that the source brings: `u1` to `u5`, `ua` and `ub` of ml-100k, or the only one of a pair of lists, by any name.
pub fn import_split(
    collection: &Collection,
    store: Option<&dyn Store>,
    split: &str,
) -> Result<(Split, ImportReport), ImportError> {
    let files = open(collection, store)?;
    let (layout, mut builder) = begin(collection, &files)?;
    layout.read_split(split, &files, &mut builder)?;
    let (finished, report) = finish(&files, &*layout, builder)?;
    Ok((
        Split {
            train: finished.dataset,
            test: finished.test,
        },
        report,
    ))
}

/// The layout of these files, and a builder for what it reads.
fn begin(
    collection: &Collection,
    files: &Files<'_>,
) -> Result<(Box<dyn LayoutReader>, Builder), ImportError> {
    let layout = layout::find(collection.layout, &collection.import, files)?;
    let builder = Builder::new(
        layout.scale(collection.values.map(value_scale)),
        collection.import.maximum_bad_row_share,
    );
    Ok((layout, builder))
}

/// The scale that a configuration writes.
fn value_scale(values: config::ValueScale) -> pointer::ValueScale {
    pointer::ValueScale {
        minimum: values.minimum,
        maximum: values.maximum,
        neutral: values.neutral,
    }
}

fn open<'a>(
    collection: &Collection,
    store: Option<&'a dyn Store>,
) -> Result<Files<'a>, ImportError> {
    match &collection.source {
        Source::Path(path) => Files::open(path),
        Source::Parts => Err(ImportError::SeveralSources),
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
    layout: &dyn LayoutReader,
    builder: Builder,
) -> Result<(Finished, ImportReport), ImportError> {
    let values = builder.scale();
    let mut finished = builder.finish();
    let dataset = &finished.dataset;
    if dataset.interactions.is_empty() && layout.has_interactions() {
        return Err(ImportError::NoInteractions {
            location: files.location().to_owned(),
        });
    }
    if dataset.items.is_empty() {
        return Err(ImportError::NoItems {
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
        meanings: std::mem::take(&mut finished.meanings),
        posters: None,
    };
    Ok((finished, report))
}

//! A source in a bucket: every night what is new is read and merged over what was read before; every week everything is read afresh.

use std::collections::BTreeSet;

use config::{Collection, Source};
use serde::{Deserialize, Serialize};

use super::error::ImportError;
use super::files::Files;
use super::report::ImportReport;
use super::{begin, finish};
use crate::dataset::Dataset;
use crate::store::{ObjectInfo, Store};

/// Up to where a bucket has been read.
///
/// A bucket tells an object's age to the second, and one that is written in the second of the last listing may come after it: so the mark remembers
/// which objects of that second it has seen.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Watermark {
    /// The newest object's time, in seconds since 1970.
    pub modified_s: i64,
    /// The objects of that second.
    pub keys: BTreeSet<String>,
}

impl Watermark {
    /// The mark after everything in a listing has been read.
    pub fn after(objects: &[ObjectInfo]) -> Self {
        let modified_s = objects
            .iter()
            .map(|object| object.modified_s)
            .max()
            .unwrap_or_default();
        let newest = objects
            .iter()
            .filter(|object| object.modified_s == modified_s);
        Self {
            modified_s,
            keys: newest.map(|object| object.key.clone()).collect(),
        }
    }

    /// Whether an object came after the mark.
    fn is_before(&self, object: &ObjectInfo) -> bool {
        self.modified_s < object.modified_s
            || (self.modified_s == object.modified_s && !self.keys.contains(&object.key))
    }
}

/// Reads the objects that came after a watermark over the data set that was read before it; everything where there was none.
///
/// Newer rows win: an interaction with a later time, or from a newer object where times are equal; an item's row as a whole, but fields that it does not have stay.
/// Nothing is taken away: an object that was deleted is only forgotten when everything is read again. None: nothing is new.
pub fn import_new_objects(
    collection: &Collection,
    store: &dyn Store,
    previous: Option<(Dataset, Watermark)>,
) -> Result<Option<(Dataset, ImportReport, Watermark)>, ImportError> {
    let location = collection.source.to_string();
    let Source::S3 { prefix, .. } = &collection.source else {
        return Err(ImportError::NoStore { location });
    };
    let mut objects = store.list(prefix)?;
    let all_files = Files::in_bucket(location.clone(), store, prefix, &objects);
    let (layout, mut builder) = begin(collection, &all_files)?;
    let mut watermark = Watermark::after(&objects);
    match previous {
        Some((dataset, read_before)) => {
            objects.retain(|object| read_before.is_before(object));
            if objects.is_empty() {
                return Ok(None);
            }
            if watermark.modified_s == read_before.modified_s {
                watermark.keys.extend(read_before.keys);
            }
            builder.merge_over(dataset);
        }
        None => layout.check(&all_files)?,
    }
    // In the order of their names, as always: a day's file is named for its day, and within a time it is the interaction's own that decides.
    let files = Files::in_bucket(location, store, prefix, &objects);
    layout.read(&files, &mut builder)?;
    let (finished, report) = finish(&files, &*layout, builder)?;
    Ok(Some((finished.dataset, report, watermark)))
}

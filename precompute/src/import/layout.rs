//! What the import knows of a layout: how it is found and how it is read.
//!
//! A layout is a module with a function that looks for its files and gives what reads them, a line in [`look_for`], and one in `config::Layout`;
//! CONTRIBUTING.md has the recipe.

use config::{Import, Layout};
use pointer::ValueScale;

use super::builder::Builder;
use super::error::ImportError;
use super::files::Files;
use super::{baskets, goodbooks, lists, mapped, movielens, netflix, playlists, podcasts, yelp};

/// Reads a source that is laid out in one way.
pub(crate) trait LayoutReader {
    /// What reports call it.
    fn name(&self) -> &'static str;

    /// The scale of the values, given the one that is configured; without one, an interaction is only a click.
    fn scale(&self, _configured: Option<ValueScale>) -> Option<ValueScale> {
        None
    }

    /// Whether there are interactions; else a catalogue is enough.
    fn has_interactions(&self) -> bool {
        true
    }

    /// Whether everything is there that a first import needs, beyond what the layout is known by.
    fn check(&self, _files: &Files<'_>) -> Result<(), ImportError> {
        Ok(())
    }

    /// Reads what is there of the catalogue, then what is there of the interactions. In a bucket, that may be a part of the layout's files.
    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError>;

    /// Reads a split that the source brings, with [`Builder::begin_test`] between its halves.
    fn read_split(
        &self,
        split: &str,
        files: &Files<'_>,
        _builder: &mut Builder,
    ) -> Result<(), ImportError> {
        Err(files.no_split(split, Vec::new()))
    }
}

/// What reads a layout's files; `None`: they are not there.
pub(crate) type Found = Option<Box<dyn LayoutReader>>;

/// Looks for one layout. What many files could be is only taken where it is configured.
fn look_for(
    layout: Layout,
    is_configured: bool,
    import: &Import,
    files: &Files<'_>,
) -> Result<Found, ImportError> {
    Ok(match layout {
        Layout::MovieLens => movielens::look_for(files)?,
        Layout::Lists => lists::look_for(files),
        Layout::Playlists => playlists::look_for(import, files),
        Layout::Baskets => baskets::look_for(import, is_configured, files)?,
        Layout::Goodbooks => goodbooks::look_for(files),
        Layout::Netflix => netflix::look_for(files),
        Layout::Podcasts => podcasts::look_for(files),
        Layout::Yelp => yelp::look_for(is_configured, files),
        Layout::Table => mapped::look_for(import),
    })
}

/// The layout that is configured, or else the first that the files show.
pub(crate) fn find(
    configured: Option<Layout>,
    import: &Import,
    files: &Files<'_>,
) -> Result<Box<dyn LayoutReader>, ImportError> {
    let configured = configured.or(import.has_tables().then_some(Layout::Table));
    let candidates = configured
        .as_ref()
        .map_or(Layout::ALL, std::slice::from_ref);
    for layout in candidates {
        if let Some(reader) = look_for(*layout, configured.is_some(), import, files)? {
            return Ok(reader);
        }
    }
    Err(ImportError::UnknownLayout {
        location: files.location().to_owned(),
        expected: candidates.to_vec(),
        found: files.some_names(),
    })
}

use std::fmt;

use index::{FileKind, Generation, Keys};
use pointer::{CollectionKeys, Manifest};

use crate::{
    problem::Problem,
    settings::Settings,
    storage::{Document, DocumentQuery, GenerationSource, Metered, Storage, StorageError},
};

/// What a function knows beside the request.
pub struct Context<'a> {
    settings: &'a Settings,
    storage: Metered<'a>,
    random: fn() -> u64,
}

/// What a request will need of a generation, as far as it is known before anything is read. It is read in one batch; what else turns out to be needed is read
/// when it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'k> {
    /// Files beside the catalogue.
    pub kinds: &'k [FileKind],
    /// What will be looked up.
    pub keys: Keys<'k>,
}

/// What the pointer of a collection says.
pub enum Pointer {
    /// This generation is current.
    Ready(Manifest),
    /// Nothing has been published yet.
    Unpublished,
    /// What lies there cannot be read, or may not be.
    Damaged(Problem),
}

/// A collection whose current generation is open.
pub struct Collection<'a> {
    /// What the pointer says of it.
    pub manifest: Manifest,
    /// The files that were asked for and exist.
    pub generation: Generation<GenerationSource<'a>>,
}

impl<'a> Context<'a> {
    /// What one request needs. `random` gives any number.
    pub fn new(settings: &'a Settings, storage: &'a dyn Storage, random: fn() -> u64) -> Self {
        Self {
            settings,
            storage: Metered::new(storage),
            random,
        }
    }

    /// The deployment's settings.
    pub fn settings(&self) -> &Settings {
        self.settings
    }

    /// A number that nobody can foresee.
    pub fn random(&self) -> u64 {
        (self.random)()
    }

    /// What was read so far.
    pub(crate) fn storage(&self) -> &Metered<'a> {
        &self.storage
    }

    /// What the pointers of `collections` say, read in one batch.
    ///
    /// # Errors
    ///
    /// Only that the storage cannot be reached: a collection without a pointer, or with one that is damaged or denied, does not hide the others.
    pub fn pointers(&self, collections: &[String]) -> Result<Vec<Pointer>, Problem> {
        let queries: Vec<DocumentQuery> = collections
            .iter()
            .map(|collection| DocumentQuery {
                key: CollectionKeys::new("", collection).pointer(),
                known_etag: None,
            })
            .collect();
        let documents = self.storage.documents(&queries);
        collections
            .iter()
            .zip(documents)
            .map(|(collection, document)| match document {
                Ok(Document::Unchanged) => Ok(Pointer::Unpublished),
                Ok(Document::Read { bytes, .. }) => Ok(match Manifest::parse(&bytes, collection) {
                    Ok(manifest) => Pointer::Ready(manifest),
                    Err(error) => Pointer::Damaged(error.into()),
                }),
                Err(StorageError::Absent { .. }) => Ok(Pointer::Unpublished),
                Err(error @ StorageError::Unreachable { .. }) => Err(error.into()),
                Err(error) => Ok(Pointer::Damaged(error.into())),
            })
            .collect()
    }

    /// Opens the current generation of a collection: the pointer, and then what `needs` says in one batch.
    pub fn open(&'a self, collection: &str, needs: &Needs<'_>) -> Result<Collection<'a>, Problem> {
        self.open_manifest(self.current(collection)?, needs)
    }

    /// What the pointer of a collection says, which is to be one that is served.
    pub fn current(&self, collection: &str) -> Result<Manifest, Problem> {
        let known = &self.settings.collections;
        let Some(name) = known.iter().find(|name| *name == collection) else {
            return Err(Problem::UnknownCollection {
                collection: collection.to_owned(),
                known: known.clone(),
            });
        };
        match self.pointers(std::slice::from_ref(name))?.pop() {
            Some(Pointer::Ready(manifest)) => Ok(manifest),
            Some(Pointer::Damaged(problem)) => Err(problem),
            Some(Pointer::Unpublished) | None => Err(Problem::NotPublished {
                collection: name.clone(),
            }),
        }
    }

    /// Opens the generation that a pointer named. A kind that the generation does not have is left
    /// out; the question that needs it says so.
    pub fn open_manifest(
        &'a self,
        manifest: Manifest,
        needs: &Needs<'_>,
    ) -> Result<Collection<'a>, Problem> {
        let outline = |kind: FileKind| Some(manifest.files.get(kind.name())?.outline(kind));
        let outlines = FileKind::ALL.into_iter().filter_map(outline).collect();
        let keys = CollectionKeys::new("", &manifest.collection);
        let source = GenerationSource::new(&self.storage, keys, &manifest.generation);
        let generation = Generation::open(source, outlines, needs.kinds, &needs.keys)?;
        Ok(Collection {
            manifest,
            generation,
        })
    }
}

impl Collection<'_> {
    /// Whether the generation has a file of this kind.
    pub fn has(&self, kind: FileKind) -> bool {
        self.manifest.files.contains_key(kind.name())
    }

    /// The number of the item with this id.
    pub fn item(&self, id: &str) -> Result<u32, Problem> {
        let found = self.generation.items_of_ids(&[id])?;
        found
            .first()
            .copied()
            .flatten()
            .ok_or_else(|| Problem::UnknownItem {
                collection: self.manifest.collection.clone(),
                id: id.to_owned(),
            })
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Context({:?})", self.settings)
    }
}

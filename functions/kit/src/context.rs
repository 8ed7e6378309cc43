use std::{cell::Cell, fmt, time::Duration};

use index::{Bytes, FileKind, Generation, Keys, Outline, model::Model, recommend::Scored};
use pointer::{CollectionKeys, GENERATION_LEN, Manifest, ManifestError};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    hexadecimal::hexadecimal,
    problem::Problem,
    record::Item,
    settings::Settings,
    storage::{
        Document, DocumentQuery, GenerationSource, Pointers, SharedStore, Storage, StorageError,
    },
};

/// What a function knows beside the request.
pub struct Context<'a> {
    settings: &'a Settings,
    storage: &'a dyn Storage,
    store: Option<&'a SharedStore<'a>>,
    pointers: Pointers<'a>,
    random: fn() -> u64,
    is_stale: Cell<bool>,
    pointer_age: Cell<Option<Duration>>,
}

/// What a request will need of a generation, as far as it is known before anything is read. It is read in one batch; what else turns out to be needed is read
/// when it is.
#[derive(Clone, Copy)]
pub struct Needs<'k> {
    /// Files beside the catalogue, by what the generation has.
    pub kinds: &'k dyn Fn(&Manifest) -> Vec<FileKind>,
    /// What will be looked up.
    pub keys: Keys<'k>,
}

/// What the pointer of a collection says.
#[expect(
    clippy::large_enum_variant,
    reason = "a request has one, and it is nearly always the large one"
)]
pub enum Pointer {
    /// This generation is current.
    Ready(Pinned),
    /// Nothing has been published yet.
    Unpublished,
    /// What lies there cannot be read, or may not be.
    Damaged(Problem),
}

/// The generation that a request answers from, to its end.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// What is known of it.
    pub manifest: Manifest,
    /// Whether another one may be current: the storage is away and cannot be asked, or the files of the current one are missing.
    pub is_stale: bool,
}

impl Pinned {
    /// Whether it has a model in the place of items.
    pub fn predicts(&self) -> bool {
        self.manifest.files.contains_key(FileKind::Model.name())
    }
}

/// A collection of which a generation of items is open.
pub type Collection<'a> = Opened<Generation<'a>>;

/// A collection of which a generation is open.
pub struct Opened<T> {
    /// What the pointer says of it.
    pub manifest: Manifest,
    /// See [`Pinned::is_stale`].
    pub is_stale: bool,
    /// The files that were asked for and exist.
    pub generation: T,
}

/// What every answer below `/v1/{collection}` begins with: where it comes from.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Provenance<'a> {
    collection: &'a str,
    generation: &'a str,
    /// Said only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
}

impl<'a> Context<'a> {
    /// What one request needs. `random` gives any number.
    pub fn new(settings: &'a Settings, storage: &'a dyn Storage, random: fn() -> u64) -> Self {
        Self {
            settings,
            storage,
            store: None,
            pointers: Pointers::new(storage, None, Duration::ZERO),
            random,
            is_stale: Cell::default(),
            pointer_age: Cell::default(),
        }
    }

    /// The same where earlier requests left something: pointers, taken for current for `pointer_lifetime`, and whatever the storage keeps there.
    #[must_use]
    pub fn with_store(self, store: &'a SharedStore<'a>, pointer_lifetime: Duration) -> Self {
        Self {
            store: Some(store),
            pointers: Pointers::new(self.storage, Some(store), pointer_lifetime),
            ..self
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

    /// Where everything is read, and what that cost.
    pub(crate) fn storage(&self) -> &'a dyn Storage {
        self.storage
    }

    /// What earlier requests left.
    pub(crate) fn store(&self) -> Option<&'a SharedStore<'a>> {
        self.store
    }

    /// Whether a pointer or a generation was used that may not be the current one.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.get()
    }

    /// How long ago the oldest pointer in use was certainly the current one.
    pub(crate) fn pointer_age(&self) -> Option<Duration> {
        self.pointer_age.get()
    }

    /// Takes nothing more of what earlier requests left; whether something of it was used, so that to answer anew may give another answer.
    pub(crate) fn distrust_store(&self) -> bool {
        let was_used = self.store.is_some_and(SharedStore::distrust);
        if was_used {
            self.is_stale.set(false);
            self.pointer_age.set(None);
        }
        was_used
    }

    /// What the pointers of `collections` say. As far as they have to be read, they are one batch.
    ///
    /// # Errors
    ///
    /// Only that the storage cannot be reached: a collection without a pointer, or with one that is damaged or denied, does not hide the others.
    pub fn pointers(&self, collections: &[String]) -> Result<Vec<Pointer>, Problem> {
        let keys: Vec<String> = collections
            .iter()
            .map(|collection| CollectionKeys::new("", collection).pointer())
            .collect();
        let keep = |position: usize, document: &Bytes| {
            let collection = collections.get(position).map_or("", String::as_str);
            match checked_manifest(document, collection) {
                Ok(manifest) => Some(manifest.to_compact().into()),
                // As it was written.
                Err(ManifestError::NewerVersion { .. }) => Some(document.clone()),
                Err(_) => None,
            }
        };
        let documents = self.pointers.read(&keys, &keep);
        collections
            .iter()
            .zip(documents)
            .map(|(collection, document)| match document {
                Ok(document) => {
                    self.is_stale.set(self.is_stale.get() || document.is_stale);
                    self.pointer_age
                        .set(self.pointer_age.get().max(Some(document.age)));
                    Ok(match checked_manifest(&document.bytes, collection) {
                        Ok(manifest) => Pointer::Ready(Pinned {
                            manifest,
                            is_stale: document.is_stale,
                        }),
                        Err(error) => Pointer::Damaged(error.into()),
                    })
                }
                Err(StorageError::Absent { .. }) => Ok(Pointer::Unpublished),
                Err(error @ StorageError::Unreachable { .. }) => Err(error.into()),
                Err(error) => Ok(Pointer::Damaged(error.into())),
            })
            .collect()
    }

    /// Opens the current generation of a collection: the pointer, and then what `needs` says in one batch.
    pub fn open(&'a self, collection: &str, needs: &Needs<'_>) -> Result<Collection<'a>, Problem> {
        self.open_pinned(self.current(collection)?, needs)
    }

    /// What the pointer of a collection says, which is to be one that is served.
    pub fn current(&self, collection: &str) -> Result<Pinned, Problem> {
        let known = &self.settings.collections;
        let Some(name) = known.iter().find(|name| *name == collection) else {
            return Err(Problem::UnknownCollection {
                collection: collection.to_owned(),
                known: known.clone(),
            });
        };
        match self.pointers(std::slice::from_ref(name))?.pop() {
            Some(Pointer::Ready(pinned)) => Ok(pinned),
            Some(Pointer::Damaged(problem)) => Err(problem),
            Some(Pointer::Unpublished) | None => Err(Problem::NotPublished {
                collection: name.clone(),
            }),
        }
    }

    /// Opens the generation that a pointer named. A kind that the generation does not have is left out; the question that needs it says so.
    ///
    /// Where its files are not there, another one goes on: the one that the pointer names by now, or the one before it.
    pub fn open_pinned(
        &'a self,
        pinned: Pinned,
        needs: &Needs<'_>,
    ) -> Result<Collection<'a>, Problem> {
        if pinned.predicts() {
            return Err(Problem::NotInGeneration {
                file: FileKind::Catalogue,
            });
        }
        self.open_by(pinned, &|manifest, source, outlines| {
            Generation::open(source, outlines, &(needs.kinds)(manifest), &needs.keys)
        })
    }

    /// The same for a collection that predicts.
    pub fn open_model(&'a self, pinned: Pinned) -> Result<Opened<Model>, Problem> {
        self.open_by(pinned, &|_, source, outlines| {
            Model::open(&source, &outlines)
        })
    }

    fn open_by<T>(
        &'a self,
        pinned: Pinned,
        read: &Reading<'a, '_, T>,
    ) -> Result<Opened<T>, Problem> {
        match self.generation(&pinned.manifest, read) {
            Ok(generation) => Ok(Opened::new(pinned, generation)),
            Err(error) if is_missing(&error) => {
                let replaced = self.open_replaced(&pinned, read);
                let previous = || self.open_previous(&pinned.manifest, read);
                replaced.or_else(previous).ok_or_else(|| error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The current generation, if `pinned` was named by a pointer that was kept and has been replaced since.
    fn open_replaced<T>(&'a self, pinned: &Pinned, read: &Reading<'a, '_, T>) -> Option<Opened<T>> {
        if !self.distrust_store() {
            return None;
        }
        let current = self.current(&pinned.manifest.collection).ok()?;
        if current.manifest.generation == pinned.manifest.generation {
            return None;
        }
        let generation = self.generation(&current.manifest, read).ok()?;
        Some(Opened::new(current, generation))
    }

    /// The generation before `manifest`, whose own manifest lies beside its files.
    fn open_previous<T>(
        &'a self,
        manifest: &Manifest,
        read: &Reading<'a, '_, T>,
    ) -> Option<Opened<T>> {
        let mut previous = self.earlier(manifest, manifest.previous.as_deref()?)?;
        let generation = self.generation(&previous.manifest, read).ok()?;
        self.is_stale.set(true);
        previous.is_stale = true;
        Some(Opened::new(previous, generation))
    }

    /// Another generation of a manifest's collection, as long as its files are there.
    pub(crate) fn earlier(&self, manifest: &Manifest, generation: &str) -> Option<Pinned> {
        let query = DocumentQuery {
            key: CollectionKeys::new("", &manifest.collection).manifest(generation),
            known_etag: None,
        };
        let Ok(Document::Read { bytes, .. }) = self.storage.documents(&[query]).pop()? else {
            return None;
        };
        let manifest = checked_manifest(&bytes, &manifest.collection).ok()?;
        (manifest.generation == generation).then_some(Pinned {
            manifest,
            is_stale: false,
        })
    }

    fn generation<T>(
        &self,
        manifest: &Manifest,
        read: &Reading<'a, '_, T>,
    ) -> Result<T, index::Error> {
        let outline = |kind: FileKind| Some(manifest.files.get(kind.name())?.outline(kind));
        let outlines = FileKind::ALL.into_iter().filter_map(outline).collect();
        let source = GenerationSource::new(self.storage, manifest);
        read(manifest, source, outlines)
    }
}

/// How a generation is opened, given its files.
type Reading<'a, 'r, T> =
    dyn Fn(&Manifest, GenerationSource<'a>, Vec<Outline>) -> Result<T, index::Error> + 'r;

/// The manifest in a document, held against the name that its content has, unless it has a checksum of its own.
pub(crate) fn checked_manifest(
    document: &[u8],
    collection: &str,
) -> Result<Manifest, ManifestError> {
    let manifest = Manifest::parse(document, collection)?;
    if pointer::is_compact(document) {
        return Ok(manifest);
    }
    let mut computed = hexadecimal(&Sha256::digest(pointer::content_of(document, &manifest)));
    computed.truncate(GENERATION_LEN);
    if computed == manifest.generation {
        Ok(manifest)
    } else {
        Err(ManifestError::WrongName {
            stated: manifest.generation,
            computed,
        })
    }
}

/// Whether a generation could not be opened since its files are not there. To those who may not list the bucket, S3 says of such files that they are denied.
fn is_missing(error: &index::Error) -> bool {
    let index::Error::Source { source, .. } = error else {
        return false;
    };
    matches!(
        source.downcast_ref(),
        Some(StorageError::Absent { .. } | StorageError::Denied { .. })
    )
}

impl<T> Opened<T> {
    fn new(pinned: Pinned, generation: T) -> Self {
        let Pinned { manifest, is_stale } = pinned;
        Self {
            manifest,
            is_stale,
            generation,
        }
    }

    /// What an answer from it begins with.
    pub fn provenance(&self) -> Provenance<'_> {
        Provenance {
            collection: &self.manifest.collection,
            generation: &self.manifest.generation,
            stale: self.is_stale,
        }
    }
}

impl Collection<'_> {
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

    /// The items of a ranking with their records and scores. One batch.
    pub fn scored(&self, ranking: &[Scored]) -> Result<Vec<Item>, Problem> {
        let numbers: Vec<u32> = ranking.iter().map(|scored| scored.item).collect();
        let records = self.generation.records(&numbers)?.into_iter();
        let item = |(record, scored): (_, &Scored)| Item::scored(record, scored.score);
        Ok(records.zip(ranking).map(item).collect())
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Context({:?})", self.settings)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::{GENERATION, NEXT_GENERATION, TestStorage};

    /// What tests keep has to pass for what the job wrote.
    #[test]
    fn the_films_of_the_tests_have_the_name_of_their_content() {
        let next = TestStorage::films().with_manifest(|manifest| {
            "The next films".clone_into(&mut manifest.title);
            NEXT_GENERATION.clone_into(&mut manifest.generation);
        });
        for (storage, expected) in [(TestStorage::films(), GENERATION), (next, NEXT_GENERATION)] {
            let document = &storage.objects["movies/current.json"];
            let manifest = Manifest::parse(document, "movies").unwrap();
            let manifest = checked_manifest(&manifest.to_json(), "movies").unwrap();
            assert_eq!(manifest.generation, expected);
        }
    }
}

//! From a registry to a folder of blobs.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use app::Application;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::digest::Digest;
use crate::error::Cause;
use crate::locked::LockedApplication;
use crate::manifest::{APPLICATION_TYPE, Descriptor, MANIFEST_TYPE, Manifest};
use crate::{Error, Image, Registry};

/// How many blobs are on their way at once.
const CONCURRENT_BLOBS: usize = 4;

/// How large a locked application may be, which is read into memory. Registries take manifests of as much.
const APPLICATION_LIMIT_BYTES: u64 = 4 << 20;

/// How large all blobs of an artifact may be together.
const ARTIFACT_LIMIT_BYTES: u64 = 1 << 30;

/// An application that lies in a folder of blobs.
#[derive(Debug)]
pub struct Pulled {
    /// The application, with paths in `root`.
    pub application: Application,
    /// The folder of blobs, which other applications may have theirs in too.
    pub root: PathBuf,
    /// The artifact by its digest.
    pub image: Image,
}

impl Registry {
    /// Brings the artifact into `folder`, by the names of its blobs; what is there already is not asked for, and an artifact that is asked for by
    /// its digest and is there in full needs no registry.
    pub async fn pull(&self, folder: &Path) -> Result<Pulled, Error> {
        let blobs = Blobs::open(folder)?;
        let registry = self.image.reference().resolve_registry();
        self.client.store_auth_if_needed(registry, &self.auth).await;
        let (manifest, digest) = self.manifest(&blobs).await?;
        let foreign = |problem: String| Error::Foreign {
            image: self.image.to_string(),
            problem,
        };
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|_| foreign("its manifest is not one of a single artifact".to_owned()))?;
        let Some(locked) = manifest
            .layers
            .iter()
            .find(|layer| layer.media_type == APPLICATION_TYPE)
        else {
            return Err(foreign("it has no layer of Spin's".to_owned()));
        };
        if APPLICATION_LIMIT_BYTES < locked.size {
            let size = locked.size;
            return Err(foreign(format!("it describes itself in {size} bytes")));
        }
        let locked = self.blob(&blobs, locked).await?;
        let locked: LockedApplication =
            serde_json::from_slice(&locked).map_err(|error| foreign(error.to_string()))?;
        let layers = layers_of(&locked, &manifest).map_err(foreign)?;
        let unlocked = locked.unlock().map_err(foreign)?;
        for (digest, content) in unlocked.inline {
            blobs.keep(&digest, &content)?;
        }
        stream::iter(layers.into_iter().map(|layer| self.blob(&blobs, layer)))
            .boxed_local()
            .buffer_unordered(CONCURRENT_BLOBS)
            .try_for_each(async |_| Ok(()))
            .await?;
        Ok(Pulled {
            application: unlocked.application,
            root: blobs.folder,
            image: self.image.by_digest(digest.as_str()),
        })
    }
    /// The manifest and its digest.
    async fn manifest(&self, blobs: &Blobs) -> Result<(Vec<u8>, Digest), Error> {
        let digest = self.image.digest().map(str::to_owned).map(Digest::try_from);
        if let Some(Ok(digest)) = digest
            && let Some(content) = blobs.read(&digest)
        {
            return Ok((content, digest));
        }
        let reference = self.image.reference();
        // The client compares what comes with the digest that is asked for.
        let manifest = self
            .client
            .pull_manifest_raw(reference, &self.auth, &[MANIFEST_TYPE]);
        let (content, _) = manifest
            .await
            .map_err(|error| Error::of_registry(&self.image, error))?;
        let digest = Digest::of(&content);
        blobs.keep(&digest, &content)?;
        Ok((content.into(), digest))
    }

    /// A blob, which lies in the folder then.
    async fn blob(&self, blobs: &Blobs, layer: &Descriptor) -> Result<Vec<u8>, Error> {
        if let Some(content) = blobs.read(&layer.digest) {
            return Ok(content);
        }
        let content = self.fetch(layer).await?;
        blobs.keep(&layer.digest, &content)?;
        Ok(content)
    }

    async fn fetch(&self, layer: &Descriptor) -> Result<Vec<u8>, Error> {
        let wrong = |source: Cause| Error::Blob {
            image: self.image.to_string(),
            digest: layer.digest.to_string(),
            source,
        };
        let reference = self.image.reference();
        let stream = self
            .client
            .pull_blob_stream(reference, layer.digest.as_str());
        let mut stream =
            stream
                .await
                .map_err(|error| match Error::of_registry(&self.image, error) {
                    Error::Absent { .. } => wrong("the registry no longer has it".into()),
                    error => error,
                })?;
        let mut content = Vec::new();
        while let Some(part) = stream
            .try_next()
            .await
            .map_err(|error| wrong(error.into()))?
        {
            content.extend_from_slice(&part);
            if layer.size < content.len() as u64 {
                return Err(wrong("it is longer than the manifest says".into()));
            }
        }
        let found = Digest::of(&content);
        if found == layer.digest {
            Ok(content)
        } else {
            Err(wrong(format!("what came is {found}").into()))
        }
    }
}

/// Where the manifest says that the parts of the application are.
fn layers_of<'a>(
    locked: &LockedApplication,
    manifest: &'a Manifest,
) -> Result<Vec<&'a Descriptor>, String> {
    let mut layers = Vec::new();
    for digest in locked.layers() {
        let layer = manifest.layers.iter().find(|layer| layer.digest == *digest);
        let layer = layer.ok_or_else(|| {
            format!("it has no layer {digest}, or in an archive, which is not unpacked here")
        })?;
        layers.push(layer);
    }
    let size: u64 = layers
        .iter()
        .fold(0, |size, layer| layer.size.saturating_add(size));
    if size <= ARTIFACT_LIMIT_BYTES {
        Ok(layers)
    } else {
        Err(format!("it is {size} bytes large"))
    }
}

/// A folder of blobs, each under its digest. What it has is checked when it is read, so it may be shared and may be damaged.
struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    fn open(folder: &Path) -> Result<Self, Error> {
        let blobs = Self {
            folder: folder.to_owned(),
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| blobs.failed(source))?;
        Ok(blobs)
    }

    /// The blob, if it is here and is what its digest says.
    fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let content = std::fs::read(self.folder.join(digest.path())).ok()?;
        (Digest::of(&content) == *digest).then_some(content)
    }

    /// Puts a blob here; it is there in full or not at all.
    fn keep(&self, digest: &Digest, content: &[u8]) -> Result<(), Error> {
        let put = || -> io::Result<()> {
            let path = self.folder.join(digest.path());
            let folder = path.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(content)?;
            file.persist(path)?;
            Ok(())
        };
        put().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Cache {
            path: self.folder.clone(),
            source,
        }
    }
}

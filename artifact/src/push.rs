//! From an artifact to a registry.

use futures_util::{StreamExt, TryStreamExt, stream};
use oci_client::RegistryOperation;

use crate::manifest::MANIFEST_TYPE;
use crate::{Error, Image, Packed, Registry};

/// How many blobs are on their way at once.
const CONCURRENT_BLOBS: usize = 4;

/// What a push did.
#[derive(Debug)]
pub struct Pushed {
    /// The artifact by its digest, which is what to deploy.
    pub image: Image,
    /// How many blobs the registry did not have.
    pub uploaded_blobs: usize,
    /// How large they were together.
    pub uploaded_bytes: u64,
    /// Whether the tag was this artifact already, so that nothing was uploaded.
    pub is_unchanged: bool,
}

impl Registry {
    /// Makes the tag this artifact, and uploads what the registry does not have of it: nothing if it is already.
    pub async fn push(&self, packed: &Packed) -> Result<Pushed, Error> {
        let image = &self.image;
        if image.digest().is_some() {
            return Err(Error::NoTag {
                image: image.to_string(),
            });
        }
        let reference = image.reference();
        let failed = |error| Error::of_registry(image, error);
        self.client
            .auth(reference, &self.auth, RegistryOperation::Push)
            .await
            .map_err(failed)?;
        let current = self.client.fetch_manifest_digest(reference, &self.auth);
        let is_unchanged = match current.await.map_err(failed) {
            Ok(digest) => digest == packed.digest(),
            Err(Error::Absent { .. }) => false,
            Err(error) => return Err(error),
        };
        let mut pushed = Pushed {
            image: image.by_digest(packed.digest()),
            uploaded_blobs: 0,
            uploaded_bytes: 0,
            is_unchanged,
        };
        if is_unchanged {
            return Ok(pushed);
        }
        let uploads = packed.blobs.iter().map(|(digest, content)| async move {
            let digest = digest.as_str();
            if self.client.blob_exists(reference, digest).await? {
                return Ok(None);
            }
            self.client
                .push_blob(reference, content.clone(), digest)
                .await?;
            Ok(Some(content.len()))
        });
        let sizes: Vec<Option<usize>> = stream::iter(uploads)
            .boxed_local()
            .buffer_unordered(CONCURRENT_BLOBS)
            .try_collect()
            .await
            .map_err(failed)?;
        for size in sizes.into_iter().flatten() {
            pushed.uploaded_blobs += 1;
            pushed.uploaded_bytes += size as u64;
        }
        let media_type = MANIFEST_TYPE.parse().map_err(|error| Error::Client {
            source: Box::new(error),
        })?;
        self.client
            .push_manifest_raw(reference, packed.manifest.clone(), media_type)
            .await
            .map_err(failed)?;
        Ok(pushed)
    }
}

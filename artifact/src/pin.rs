//! From a tag to what it is today.

use crate::digest::Digest;
use crate::{Error, Image, Registry};

impl Registry {
    /// The image with the digest that its tag has now beside the tag, whatever digest it was asked for with; without a tag, as it was.
    ///
    /// It may be an artifact of any kind, images for several kinds of processors included: nothing but its name is asked for.
    pub async fn pin(&self) -> Result<Image, Error> {
        let Some(tagged) = self.image.by_tag() else {
            return Ok(self.image.clone());
        };
        let digest = self
            .client
            .fetch_manifest_digest(tagged.reference(), &self.auth)
            .await
            .map_err(|error| Error::of_registry(&tagged, error))?;
        let digest = Digest::try_from(digest).map_err(|problem| Error::Registry {
            image: tagged.to_string(),
            source: problem.into(),
        })?;
        Ok(tagged.with_digest(digest.as_str()))
    }
}

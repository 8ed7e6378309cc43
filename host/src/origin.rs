//! Where the application comes from that `--from` names: a file that is there, or a registry, as Spin tells the two apart.

use std::path::Path;

use anyhow::Context;
use artifact::{Image, Registry};
use host::Source;
use tempfile::TempDir;

use crate::cli::UpArgs;

/// The name of a manifest in its folder.
const MANIFEST: &str = "spin.toml";

/// The folder of artifacts in the cache.
const ARTIFACTS: &str = "artifacts";

/// An application that can be loaded, as long as this is there.
pub(crate) struct Origin {
    pub(crate) source: Source,
    /// The artifact, where nobody said that it is kept.
    _folder: Option<TempDir>,
}

impl Origin {
    /// Finds the application, and pulls it if it is an artifact.
    pub(crate) async fn find(arguments: &UpArgs) -> anyhow::Result<Self> {
        let path = Path::new(&arguments.from);
        let is_manifest = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        if path.exists() || is_manifest {
            let manifest = if path.is_dir() {
                path.join(MANIFEST)
            } else {
                path.to_owned()
            };
            return Ok(Self {
                source: Source::Manifest(manifest),
                _folder: None,
            });
        }
        let image = Image::parse(&arguments.from)
            .with_context(|| format!("there is no file or folder {}", path.display()))?;
        let (folder, temporary) = if let Some(cache) = arguments.cache_dir() {
            (cache.join(ARTIFACTS), None)
        } else {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            (folder.path().to_owned(), Some(folder))
        };
        let registry = Registry::of(&image, arguments.insecure)?;
        let pulled = registry.pull(&folder).await?;
        tracing::info!("pulled {}", pulled.image);
        Ok(Self {
            source: Source::Read {
                application: Box::new(pulled.application),
                root: pulled.root,
                name: image.to_string(),
            },
            _folder: temporary,
        })
    }
}

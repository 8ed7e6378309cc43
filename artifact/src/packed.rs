//! What is ready for a registry: blobs, and the manifest that names them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::Error;
use crate::digest::Digest;
use crate::manifest::{CONFIG_TYPE, Descriptor, MANIFEST_TYPE, Manifest};

/// The version of the layout (<https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>).
const LAYOUT_VERSION: &str = "1.0.0";

/// An artifact as it lies in a registry.
#[derive(Debug)]
pub struct Packed {
    /// Everything that the manifest names, each once, in its order.
    pub(crate) blobs: Vec<(Digest, Bytes)>,
    pub(crate) manifest: Bytes,
    digest: Digest,
}

/// Layers and what is in them, each once.
#[derive(Default)]
pub(crate) struct Layers {
    descriptors: Vec<Descriptor>,
    blobs: Vec<(Digest, Bytes)>,
}

impl Layers {
    pub(crate) fn add(&mut self, media_type: &str, content: Bytes) -> Digest {
        let digest = Digest::of(&content);
        if !self.blobs.iter().any(|(known, _)| *known == digest) {
            self.descriptors.push(Descriptor {
                media_type: media_type.to_owned(),
                digest: digest.clone(),
                size: content.len() as u64,
            });
            self.blobs.push((digest.clone(), content));
        }
        digest
    }

    pub(crate) fn len(&self) -> usize {
        self.descriptors.len()
    }
}

impl Packed {
    pub(crate) fn new(
        config: Bytes,
        layers: Layers,
        annotations: BTreeMap<String, String>,
    ) -> Self {
        let manifest = Manifest {
            schema_version: 2,
            config: Descriptor {
                media_type: CONFIG_TYPE.to_owned(),
                digest: Digest::of(&config),
                size: config.len() as u64,
            },
            layers: layers.descriptors,
            annotations,
        };
        let mut blobs = layers.blobs;
        blobs.push((manifest.config.digest.clone(), config));
        let manifest = json_bytes(&manifest);
        Self {
            blobs,
            digest: Digest::of(&manifest),
            manifest,
        }
    }

    /// What the artifact is called for its content: the digest of its manifest.
    pub fn digest(&self) -> &str {
        self.digest.as_str()
    }

    /// How large everything is that the manifest names.
    pub fn size_bytes(&self) -> u64 {
        self.blobs
            .iter()
            .map(|(_, content)| content.len() as u64)
            .sum()
    }

    /// Writes it into a folder as an image layout, which is made if it is not there.
    pub fn write_layout(&self, folder: &Path) -> Result<(), Error> {
        let manifest = Descriptor {
            media_type: MANIFEST_TYPE.to_owned(),
            digest: self.digest.clone(),
            size: self.manifest.len() as u64,
        };
        let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
        let version = json!({ "imageLayoutVersion": LAYOUT_VERSION });
        let write = |path: &Path, content: &[u8]| {
            let path = folder.join(path);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, content)
        };
        let write_all = || -> io::Result<()> {
            let blobs = self.blobs.iter().map(|(digest, content)| (digest, content));
            for (digest, content) in blobs.chain([(&self.digest, &self.manifest)]) {
                write(&Path::new("blobs").join(digest.path()), content)?;
            }
            write(Path::new("index.json"), index.to_string().as_bytes())?;
            write(Path::new("oci-layout"), version.to_string().as_bytes())
        };
        write_all().map_err(|source| Error::Layout {
            path: folder.to_owned(),
            source,
        })
    }
}

pub(crate) fn json_bytes(value: &impl Serialize) -> Bytes {
    // Nothing that is serialized here has keys other than text, or a serializer of its own: it cannot fail.
    serde_json::to_vec(value).unwrap_or_default().into()
}

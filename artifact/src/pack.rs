//! From a folder to an artifact.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use app::{Application, Component};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::digest::Digest;
use crate::error::Cause;
use crate::locked::{LockedApplication, LockedFile};
use crate::manifest::{APPLICATION_TYPE, COMPONENT_TYPE, FILE_TYPE};
use crate::packed::{Layers, json_bytes};
use crate::{Error, Inspection, Packed};

/// How long a file may be that stands in the locked application itself, as in Spin: some registries do not take blobs of a byte or none.
const INLINE_LIMIT_BYTES: usize = 128;

/// How many layers an artifact may have, which is the least that a well-known registry takes (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>).
const LAYER_LIMIT: usize = 500;

/// An application, ready for a registry.
#[derive(Debug)]
pub struct PackedApplication {
    /// What the components are, in the order of their ids.
    pub components: Vec<PackedComponent>,
    /// The artifact.
    pub artifact: Packed,
}

/// A component of an artifact.
#[derive(Debug)]
pub struct PackedComponent {
    /// Its id.
    pub id: String,
    /// How large its WebAssembly is.
    pub size_bytes: u64,
    /// How many files it sees.
    pub num_files: usize,
    /// What it imports and exports.
    pub inspection: Inspection,
}

/// Packs `application`, whose files are relative to the folder `root`. There is no clock in it: the same files give the same bytes.
pub fn pack(application: &Application, root: &Path) -> Result<PackedApplication, Error> {
    let mut layers = Layers::default();
    let mut components = Vec::with_capacity(application.components.len());
    let mut contents = Vec::with_capacity(application.components.len());
    for (id, component) in &application.components {
        let (packed, digest) = pack_component(id, component, root, &mut layers)?;
        let files = pack_files(id, component, root, &mut layers)?;
        components.push(PackedComponent {
            num_files: files.len(),
            ..packed
        });
        contents.push((digest, files));
    }
    // The locked application is the last.
    let locked = json_bytes(&LockedApplication::new(application, contents));
    let locked = layers.add(APPLICATION_TYPE, locked);
    if LAYER_LIMIT < layers.len() {
        return Err(Error::TooManyLayers {
            count: layers.len() - 1,
            limit: LAYER_LIMIT - 1,
        });
    }
    let config = json_bytes(&image_config(&locked));
    Ok(PackedApplication {
        components,
        artifact: Packed::new(config, layers, annotations(application)),
    })
}

fn pack_component(
    id: &str,
    component: &Component,
    root: &Path,
    layers: &mut Layers,
) -> Result<(PackedComponent, Digest), Error> {
    let path = root.join(&component.source);
    let wasm = read(id, &path)?;
    let inspection = Inspection::of(&wasm).map_err(|source| unpackable(id, path, source))?;
    let packed = PackedComponent {
        id: id.to_owned(),
        size_bytes: wasm.len() as u64,
        num_files: 0,
        inspection,
    };
    Ok((packed, layers.add(COMPONENT_TYPE, wasm)))
}

fn pack_files(
    id: &str,
    component: &Component,
    root: &Path,
    layers: &mut Layers,
) -> Result<Vec<LockedFile>, Error> {
    let files = component.list_files(root).map_err(|source| Error::Files {
        component: id.to_owned(),
        source,
    })?;
    let mut packed = Vec::with_capacity(files.len());
    for (destination, source) in files {
        let content = read(id, &source)?;
        let Some(path) = portable(&destination) else {
            return Err(unpackable(id, source, "its path is not text".into()));
        };
        packed.push(if content.len() <= INLINE_LIMIT_BYTES {
            LockedFile::new(path, Digest::of(&content), Some(&content))
        } else {
            LockedFile::new(path, layers.add(FILE_TYPE, content), None)
        });
    }
    Ok(packed)
}

fn read(component: &str, path: &Path) -> Result<Bytes, Error> {
    let content = std::fs::read(path).map_err(|source| Error::Read {
        component: component.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    Ok(content.into())
}

fn unpackable(component: &str, path: PathBuf, source: Cause) -> Error {
    Error::Unpackable {
        component: component.to_owned(),
        path,
        source,
    }
}

/// A relative path with slashes, on whichever system it is unpacked.
fn portable(path: &Path) -> Option<String> {
    let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
    Some(names?.join("/"))
}

/// The configuration of a container of it, which nobody reads but for what it is for. The label makes that of each application another, since
/// container runtimes know images by it.
fn image_config(locked: &Digest) -> impl Serialize {
    #[derive(Serialize)]
    struct ImageConfig {
        architecture: &'static str,
        os: &'static str,
        config: serde_json::Value,
        rootfs: Rootfs,
    }
    #[derive(Serialize)]
    struct Rootfs {
        #[serde(rename = "type")]
        kind: &'static str,
        diff_ids: [&'static str; 0],
    }
    ImageConfig {
        architecture: "wasm",
        os: "wasip1",
        config: json!({ "Labels": { "com.fermyon.spin.lockedAppDigest": locked } }),
        rootfs: Rootfs {
            kind: "layers",
            diff_ids: [],
        },
    }
}

/// What the manifest says of the application (<https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md>). When it was made is not among it.
fn annotations(application: &Application) -> BTreeMap<String, String> {
    let authors = (!application.authors.is_empty()).then(|| application.authors.join(", "));
    let annotations = [
        ("title", Some(application.name.clone())),
        ("version", application.version.clone()),
        ("description", application.description.clone()),
        ("authors", authors),
    ];
    annotations
        .into_iter()
        .filter_map(|(name, value)| Some((format!("org.opencontainers.image.{name}"), value?)))
        .collect()
}

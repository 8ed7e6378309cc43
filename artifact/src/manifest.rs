//! The manifest of an artifact (<https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>): the list of its blobs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What a manifest is served and pushed as.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// What the parts of an application are called, as in Spin.
pub(crate) const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const APPLICATION_TYPE: &str = "application/vnd.fermyon.spin.application.v1+config";
pub(crate) const COMPONENT_TYPE: &str = "application/vnd.wasm.content.layer.v1+wasm";
pub(crate) const FILE_TYPE: &str = "application/vnd.wasm.content.layer.v1+data";

/// A manifest. Spin's has no `mediaType`; that it is one stands in the request.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u8,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// A blob as a manifest names it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

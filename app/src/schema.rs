//! `spin.toml` as it is written, before anything is checked.
//!
//! Every table denies unknown fields. Fields of Spin 3.6 that lie outside the supported subset are listed, so that the error
//! can say what to write instead of calling them unknown.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    #[serde(rename = "spin_manifest_version")]
    pub(crate) _version: u32,
    pub(crate) application: ApplicationTable,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, VariableTable>,
    #[serde(default)]
    pub(crate) trigger: BTreeMap<String, Vec<TriggerTable>>,
    #[serde(default)]
    pub(crate) component: BTreeMap<String, ComponentTable>,
}

/// Only the version, to be looked at before the rest: another version has other fields.
#[derive(Deserialize)]
pub(crate) struct Version {
    pub(crate) spin_manifest_version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationTable {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) authors: Vec<String>,
    /// What Spin checks at build time; nothing to obey here.
    #[serde(default, rename = "targets")]
    _targets: IgnoredAny,
    /// Settings of other tools.
    #[serde(default, rename = "tool")]
    _tool: IgnoredAny,
    /// Settings of a kind of trigger as a whole; HTTP has only the removed `base`.
    #[serde(default)]
    pub(crate) trigger: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableTable {
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) secret: bool,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriggerTable {
    #[serde(default)]
    pub(crate) id: Option<String>,
    pub(crate) route: RouteValue,
    #[serde(default)]
    pub(crate) component: Option<toml::Value>,
    #[serde(default)]
    pub(crate) executor: Option<ExecutorTable>,
    #[serde(default)]
    pub(crate) static_response: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a route is a path or { private = true }")]
pub(crate) enum RouteValue {
    Path(String),
    Private(PrivateTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateTable {
    pub(crate) private: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutorTable {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComponentTable {
    pub(crate) source: toml::Value,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<FileValue>,
    #[serde(default)]
    pub(crate) exclude_files: Vec<String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) key_value_stores: Vec<String>,
    #[serde(default)]
    pub(crate) sqlite_databases: Vec<String>,
    #[serde(default)]
    pub(crate) ai_models: Vec<String>,
    #[serde(default)]
    pub(crate) build: Option<BuildTable>,
    #[serde(default)]
    pub(crate) dependencies: Option<toml::Value>,
    #[serde(default, rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: bool,
    #[serde(default, rename = "targets")]
    _targets: IgnoredAny,
    #[serde(default, rename = "tool")]
    _tool: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a file is a pattern or { source = .., destination = .. }"
)]
pub(crate) enum FileValue {
    Pattern(String),
    Placement(PlacementTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlacementTable {
    pub(crate) source: String,
    pub(crate) destination: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildTable {
    pub(crate) command: CommandValue,
    #[serde(default)]
    pub(crate) workdir: Option<String>,
    #[serde(default)]
    pub(crate) watch: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a command is a string or a list of strings")]
pub(crate) enum CommandValue {
    One(String),
    Several(Vec<String>),
}

//! Reads `kindred.toml` into checked types, and writes values into it.
//!
//! [`Config::parse`] is pure: text in, a checked [`Config`] or a [`ConfigError`] with file, line and column out. Every rule about a value is
//! applied where the value is read, so that a `Config` that exists is one that can be used: names are names that fit in a URL and in a key
//! of a bucket, shares lie between 0 and 1, a scale has its neutral point inside, and paths are relative to the file no longer.
//!
//! `kindred.example.toml` beside this crate shows every knob at its default and says what it does; a test compares it with the code.

mod checks;
mod cloud;
mod cluster;
mod collection;
mod edit;
mod environment;
mod error;
mod models;
mod name;
mod schedule;
mod search;
mod storage;
mod suggestion;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

pub use checks::{amount, is_dns_label};
pub use cloud::{Api, Cloud, Domain, EksCluster, GitHub};
pub use cluster::{Architecture, Cluster, Installer, Logs, ShimFile};
pub use collection::{
    Clusters, Collection, CollectionName, Column, Evaluate, Field, FieldType, FileFormat, Import,
    InteractionColumns, InteractionTable, ItemColumns, ItemTable, Layout, Model, Part, Posters,
    Predict, PredictionModel, Protocol, Publish, Similarity, Source, Train, ValueScale,
};
pub use edit::{Setting, for_jobs, settings_as_toml, with_settings, with_settings_of};
pub use environment::{
    AccessMode, Address, AddressKind, ApplicationSettings, Autoscaler, Certificate, Database,
    DatabaseCluster, Environment, EnvironmentName, Form, IndexPlace, Issuer, Jobs, Network,
    Observability, Scaling, SecretSource, Volume,
};
pub use error::ConfigError;
pub use models::{Blend, Content, Rules, Support};
pub use search::{JudgedTopics, Search};
pub use storage::Storage;
pub use suggestion::nearest;

/// The file's usual name.
pub const FILE_NAME: &str = "kindred.toml";

/// Everything that `kindred.toml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where index files go.
    pub storage: Storage,
    /// What is recommended, by name.
    pub collections: BTreeMap<CollectionName, Collection>,
    /// The first of them in the file, which is meant where none is named.
    pub default_collection: Option<CollectionName>,
    /// What a cluster has before any environment.
    pub cluster: Cluster,
    /// Where it runs, by name.
    pub environments: BTreeMap<EnvironmentName, Environment>,
}

/// The file as it is written: collections still know their place, for the rules that need more than one value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    storage: Storage,
    #[serde(default)]
    collections: BTreeMap<CollectionName, Spanned<Collection>>,
    #[serde(default)]
    cluster: Cluster,
    #[serde(default)]
    environments: BTreeMap<EnvironmentName, Spanned<Environment>>,
}

impl Config {
    /// The checked configuration in `text`. `path` is where the text came from: errors name it, and relative sources start at its folder.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let located = |span: Option<std::ops::Range<usize>>, message: String| {
            ConfigError::at(path, text, span.map_or(0, |span| span.start), message)
        };
        let file: File = toml::from_str(text)
            .map_err(|error| located(error.span(), suggestion::with_suggestion(error.message())))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let places = file.collections.iter();
        let first = places.min_by_key(|(_, collection)| collection.span().start);
        let default_collection = first.map(|(name, _)| name.clone());
        let mut collections = BTreeMap::new();
        for (name, collection) in file.collections {
            let span = collection.span();
            let mut collection = collection.into_inner();
            collection.check().map_err(|message| {
                located(Some(span), format!("collection `{name}`: {message}"))
            })?;
            collection.start_at(folder);
            collections.insert(name, collection);
        }
        let environments = environments(file.environments, text, &file.storage, |name| {
            collections.contains_key(name)
        });
        let mut environments =
            environments.map_err(|(span, message)| located(Some(span), message))?;
        for environment in environments.values_mut() {
            environment.start_at(folder);
        }
        Ok(Self {
            storage: file.storage,
            collections,
            default_collection,
            cluster: file.cluster,
            environments,
        })
    }

    /// Whether an environment does its work, or another one that stands by for it, or for which it stands by, does.
    pub fn is_active(&self, name: &str) -> bool {
        let primary = self.primary_of(name);
        let active = self
            .environments
            .get(primary)
            .and_then(|primary| primary.active.as_ref());
        active.map_or(primary, EnvironmentName::as_str) == name
    }

    /// The environment that one stands by for, or the one itself.
    pub fn primary_of<'a>(&'a self, name: &'a str) -> &'a str {
        let environment = self.environments.get(name);
        let primary = environment.and_then(|environment| environment.standby_of.as_ref());
        primary.map_or(name, EnvironmentName::as_str)
    }

    /// Reads and checks the file at `path`.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: PathBuf::from(path),
            source,
        })?;
        Self::parse(&text, path)
    }
}

/// The environments of a file, checked; or where one stands that is wrong, and why.
fn environments(
    written: BTreeMap<EnvironmentName, Spanned<Environment>>,
    text: &str,
    storage: &Storage,
    is_collection: impl Fn(&str) -> bool,
) -> Result<BTreeMap<EnvironmentName, Environment>, (Range<usize>, String)> {
    let tables: toml::Table = toml::from_str(text).unwrap_or_default();
    let tables = tables.get("environments").and_then(toml::Value::as_table);
    let tables = tables.cloned().unwrap_or_default();
    let mut spans = BTreeMap::new();
    let mut environments = BTreeMap::new();
    for (name, environment) in written {
        let span = environment.span();
        let environment = environment.into_inner();
        let environment = environment.inherited(name.as_str(), &tables);
        let mut environment = environment
            .map_err(|message| (span.clone(), format!("environment `{name}`: {message}")))?;
        environment.protect_production(name.as_str(), &tables);
        spans.insert(name.clone(), span);
        environments.insert(name, environment);
    }
    for (name, environment) in &environments {
        environment
            .check(&is_collection, storage)
            .and_then(|()| environment.check_among(name, &environments))
            .map_err(|message| {
                let span = spans.get(name).cloned().unwrap_or_default();
                (span, format!("environment `{name}`: {message}"))
            })?;
    }
    Ok(environments)
}

#[cfg(test)]
mod tests;

//! What a run does: the command line laid over `kindred.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use config::{Collection, CollectionName, Config, Model, Source, Storage};
use pointer::CollectionKeys;

use crate::Resources;
use crate::cli::{GlobalArgs, ImportArgs, ModelArg, StorageArgs, TrainArgs};
use crate::store::S3Location;
use crate::work_folder::WorkFolder;

/// What holds for the whole run.
#[derive(Debug)]
pub struct Settings {
    /// Where index files go.
    pub storage: Storage,
    /// How much memory a training may take, where that was said.
    pub maximum_memory_bytes: Option<u64>,
    /// The collections to work on, in the order of their names.
    pub collections: Vec<CollectionSettings>,
}

/// What holds for one collection.
#[derive(Debug)]
pub struct CollectionSettings {
    /// Its name.
    pub name: String,
    /// What the file says, with the command line's changes.
    pub collection: Collection,
    /// Where its stages leave their results.
    pub folder: WorkFolder,
    /// Where its objects lie in the bucket.
    pub keys: CollectionKeys,
    /// Whether an import from a bucket reads everything again.
    pub all_objects: bool,
}

impl Settings {
    /// Lays the command line over the file, for what reads a source. Without the file, one collection and its source must be given.
    pub fn resolve(
        global: &GlobalArgs,
        import: &ImportArgs,
        train: &TrainArgs,
    ) -> anyhow::Result<Self> {
        let is_file_needed = import.source.is_none() && import.download.is_none();
        Self::lay_over(read_config(global, is_file_needed)?, global, import, train)
    }

    /// Lays the command line over the file, for what works on what was imported before. Without the file, one collection must be given.
    pub fn resolve_imported(global: &GlobalArgs, train: &TrainArgs) -> anyhow::Result<Self> {
        let config = read_config(global, global.collection.is_empty())?;
        Self::lay_over(config, global, &ImportArgs::default(), train)
    }

    fn lay_over(
        mut config: Config,
        global: &GlobalArgs,
        import: &ImportArgs,
        train: &TrainArgs,
    ) -> anyhow::Result<Self> {
        override_storage(&mut config.storage, &global.storage);
        let collections = chosen(config.collections, &global.collection, &global.config)?;
        if 1 < collections.len() && (import.source.is_some() || import.download.is_some()) {
            bail!("a source is for one collection: name it with --collection");
        }
        let collections = collections
            .into_iter()
            .map(|(name, mut collection)| {
                override_import(&mut collection, import, &global.work)?;
                override_train(&mut collection, train);
                Ok(CollectionSettings {
                    folder: WorkFolder::new(&global.work, name.as_str()),
                    keys: CollectionKeys::new(&config.storage.prefix, name.as_str()),
                    name: name.to_string(),
                    collection,
                    all_objects: import.all_objects,
                })
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            storage: config.storage,
            maximum_memory_bytes: global.max_memory,
            collections,
        })
    }

    /// What a training may take; what does not fit into memory goes into the working folder.
    pub fn resources(&self, folder: &WorkFolder) -> Resources {
        Resources::new(self.maximum_memory_bytes, folder.root())
    }

    /// Where a bucket is: the one that is published to, or one that is read.
    pub fn location(&self, bucket: &str) -> S3Location {
        S3Location {
            bucket: bucket.to_owned(),
            region: self.storage.region.clone(),
            endpoint: self.storage.endpoint.clone(),
            access_keys: None,
        }
    }
}

/// A bucket at the endpoint that the command line names, or the file, if there is one.
pub fn bucket(global: &GlobalArgs, bucket: String) -> anyhow::Result<S3Location> {
    let mut storage = if global.config.exists() {
        read_config(global, true)?.storage
    } else {
        Storage::default()
    };
    override_storage(&mut storage, &global.storage);
    Ok(S3Location {
        bucket,
        region: storage.region,
        endpoint: storage.endpoint,
        access_keys: None,
    })
}

/// Reads the file. Without one, a collection can still be named on the command line, where that is enough.
fn read_config(global: &GlobalArgs, is_file_needed: bool) -> anyhow::Result<Config> {
    if !global.config.exists() && !is_file_needed {
        let [name] = &global.collection[..] else {
            bail!(
                "there is no {}: name the one collection with --collection",
                global.config.display()
            );
        };
        let text = format!(
            "[collections.{name}]\ntitle = {title}\nsource = \"-\"",
            name = toml_key(name)?,
            title = serde_json::Value::from(name.as_str()),
        );
        return Ok(Config::parse(&text, Path::new("command line"))?);
    }
    Config::read(&global.config).with_context(|| {
        if global.config.exists() {
            "cannot use the configuration".to_owned()
        } else {
            "kindred.toml says what there is to do; name another file with --config, or one collection with --collection, and its data with --source".to_owned()
        }
    })
}

fn toml_key(name: &str) -> anyhow::Result<String> {
    let name = CollectionName::try_from(name.to_owned()).map_err(anyhow::Error::msg)?;
    Ok(name.to_string())
}

fn chosen(
    mut collections: BTreeMap<CollectionName, Collection>,
    names: &[String],
    path: &Path,
) -> anyhow::Result<BTreeMap<CollectionName, Collection>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !collections.contains_key(name.as_str()))
    {
        let known: Vec<&str> = collections.keys().map(CollectionName::as_str).collect();
        bail!(
            "{} has no collection `{unknown}`; it has: {}",
            path.display(),
            known.join(", ")
        );
    }
    if !names.is_empty() {
        collections.retain(|name, _| names.iter().any(|chosen| chosen == name.as_str()));
    }
    if collections.is_empty() {
        bail!("{} has no collections", path.display());
    }
    Ok(collections)
}

fn override_storage(storage: &mut Storage, args: &StorageArgs) {
    let StorageArgs {
        endpoint,
        bucket,
        region,
        prefix,
    } = args.clone();
    storage.endpoint = endpoint.or(storage.endpoint.take());
    for (setting, given) in [
        (&mut storage.bucket, bucket),
        (&mut storage.region, region),
        (&mut storage.prefix, prefix),
    ] {
        if let Some(given) = given {
            *setting = given;
        }
    }
}

fn override_import(
    collection: &mut Collection,
    import: &ImportArgs,
    work: &Path,
) -> anyhow::Result<()> {
    if let Some(source) = &import.source {
        collection.source = Source::try_from(source.clone()).map_err(anyhow::Error::msg)?;
        collection.parts.clear();
    }
    if let Some(release) = &import.download {
        let folder = work.join("downloads");
        let download = crate::import::download(crate::import::GROUPLENS, release, &folder)?;
        collection.source = Source::Path(download.path);
        collection.parts.clear();
    }
    if import.layout.is_some() && collection.source == Source::Parts {
        bail!("--layout is for one source, and this collection has parts");
    }
    collection.layout = import.layout.or(collection.layout);
    Ok(())
}

fn override_train(collection: &mut Collection, train: &TrainArgs) {
    let settings = &mut collection.train;
    if let Some(model) = train.model {
        settings.model = match model {
            ModelArg::Ease => Model::Ease,
            ModelArg::ItemKnn => Model::ItemKnn,
        };
    }
    if let Some(neighbours) = train.neighbours {
        settings.neighbours = neighbours;
    }
    if let Some(regularization) = train.regularization {
        settings.regularization = regularization;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// The storage, or why there is none, of a publication of films with these arguments.
    fn check(config: &str, args: &[&str], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kindred.toml");
        if !config.is_empty() {
            std::fs::write(&path, config).unwrap();
        }
        let path = path.to_str().unwrap();
        let command = ["precompute", "publish", "--config", path];
        let cli = Cli::try_parse_from(command.iter().chain(args)).map_err(anyhow::Error::new);
        let settings =
            cli.and_then(|cli| Settings::resolve_imported(&cli.global, &TrainArgs::default()));
        let told = match settings {
            Ok(settings) => {
                let endpoint = settings.storage.endpoint.unwrap_or_default();
                let Storage { bucket, region, .. } = settings.storage;
                let pointer = settings.collections[0].keys.pointer();
                format!("{endpoint} {bucket} {region} {pointer}")
            }
            Err(error) => format!("{error:#}"),
        };
        assert!(told.contains(expected), "{args:?}: {told}");
    }

    #[test]
    fn the_bucket_is_that_of_the_command_line_then_that_of_the_file() {
        let file = "[storage]\nendpoint = \"http://a\"\nbucket = \"files\"\nprefix = \"of-file\"\n\
                    [collections.films]\ntitle = \"Films\"\nsource = \"ml\"\n";
        check(file, &[], "http://a files us-east-1 of-file/films/");
        let all = [
            "--endpoint",
            "http://b/",
            "--bucket",
            "given",
            "--region",
            "eu-west-1",
            "--prefix",
            "/here/",
            "--collection",
            "films",
        ];
        let given = "http://b given eu-west-1 here/films/";
        check(file, &all, given);
        check("", &all, given);
        check("", &["--collection", "films"], " kindred us-east-1 films/");
        check("", &["--bucket", "given"], "with --collection");
        check("", &["--bucket", "No"], "`No` is not a bucket's name");
        check("", &["--endpoint", "b"], "`b` is not a web address");
    }
}

//! `infra render`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::json;

use super::Files;
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model::SECRET_NAME;
use crate::object::Object;
use crate::render::cluster;
use crate::render::gitops::Operator;
use crate::render::gitops::{self, Repository};
use crate::report::say;
use crate::{render as rendering, yaml};

/// What is rendered, and where to.
#[derive(Args, Debug)]
pub(crate) struct RenderArgs {
    /// A folder for a file a room and a kustomization.yaml; without it, everything goes to standard output
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
    /// What a cluster has before any environment, instead of one: the shim, by `[cluster]` of the configuration
    #[arg(long, conflicts_with_all = ["image", "gitops"])]
    pub(crate) cluster: bool,
    /// Write the folder for an operator that applies it from a repository, and what the operator needs for that
    #[arg(long, value_enum, value_name = "OPERATOR", requires_all = ["out", "repository"])]
    pub(crate) gitops: Option<Operator>,
    /// The repository's address
    #[arg(long, value_name = "URL", requires = "gitops")]
    pub(crate) repository: Option<String>,
    /// The branch that is applied
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    pub(crate) branch: String,
    /// What the folder is called in the repository [default: as `--out` has it]
    #[arg(long, value_name = "FOLDER", requires = "gitops")]
    pub(crate) path: Option<String>,
}

/// Writes the objects of an environment, or those that a cluster has before, as YAML.
pub(crate) fn render(global: &Global, args: &RenderArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    if args.cluster {
        let objects = cluster::objects(&files.config.cluster)
            .map_err(|error| Refusal::Invalid.because(error))?;
        match &args.out {
            None => print(&objects)?,
            Some(folder) => write(&objects, folder)?,
        }
        return Ok(());
    }
    let model = files.model_to_release(global, args.image.as_deref())?;
    let objects = rendering::render(&model);
    match &args.out {
        None => print(&objects)?,
        Some(folder) => match args.repository(folder)? {
            None => write(&objects, folder)?,
            Some(repository) => {
                write(&gitops::prepare(objects, repository.operator), folder)?;
                let own = yaml::documents(&gitops::objects(&model, &repository))?;
                put(
                    folder,
                    &format!("{}.yaml", repository.operator.file()),
                    &own,
                )?;
            }
        },
    }
    let own: Vec<&str> = model.own_secrets().map(|(variable, _)| variable).collect();
    if !own.is_empty() {
        say(&format!(
            "left out, as it would have values of secrets in it: Secret/{SECRET_NAME} with {}",
            own.join(", ")
        ));
    }
    Ok(())
}

fn print(objects: &[Object]) -> Result<()> {
    let text = yaml::documents(objects)?;
    let mut output = std::io::stdout();
    output
        .write_all(text.as_bytes())
        .context("could not write to standard output")
}

/// A file a room, and one for Kustomize that names them.
fn write(objects: &[Object], folder: &Path) -> Result<()> {
    let mut rooms: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for object in objects {
        rooms.entry(object.file).or_default().push(object);
    }
    fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let names = rooms.keys().map(|room| format!("{room}.yaml"));
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": names.collect::<Vec<_>>(),
    });
    for (room, objects) in rooms {
        put(folder, &format!("{room}.yaml"), &yaml::documents(objects)?)?;
    }
    put(
        folder,
        "kustomization.yaml",
        &yaml::document(&kustomization)?,
    )
}

fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
}

impl RenderArgs {
    /// The repository that the folder is of, if somebody applies it from there.
    fn repository<'a>(&'a self, folder: &'a Path) -> Result<Option<Repository<'a>>, Failure> {
        let (Some(operator), Some(url)) = (self.gitops, &self.repository) else {
            return Ok(None);
        };
        let path = self.path.as_deref().or(folder.to_str());
        let path = path.map(|path| path.trim_start_matches("./").trim_end_matches('/'));
        let Some(path) = path.filter(|path| !path.starts_with('/') && !path.contains("..")) else {
            return Err(Refusal::Invalid.because(anyhow!(
                "{} is no folder of a repository: give the one that it is there as `--path`",
                folder.display()
            )));
        };
        Ok(Some(Repository {
            operator,
            url,
            branch: &self.branch,
            path,
        }))
    }
}

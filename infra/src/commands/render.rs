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
use crate::model::{Model, SECRET_NAME};
use crate::object::Object;
use crate::object_id::ObjectId;
use crate::render::cluster;
use crate::render::gitops::Operator;
use crate::render::gitops::{self, Repository};
use crate::report::{Output, say};
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
    /// What a cluster has before any environment, instead of one: the shim and what collects logs, by `[cluster]` of the configuration
    #[arg(long, conflicts_with_all = ["image", "gitops"])]
    pub(crate) cluster: bool,
    /// Every environment instead of one, each into a folder of its name; with `--gitops argo-cd`, one `ApplicationSet` of them all, which takes the `context` of each for what Argo CD calls the cluster
    #[arg(long, requires = "out", conflicts_with_all = ["cluster", "image"])]
    pub(crate) all_environments: bool,
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

/// Writes the objects of an environment, or those that a cluster has before, as YAML; for programs, as a line each.
pub(crate) fn render(global: &Global, args: &RenderArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    if args.cluster {
        let objects =
            cluster::objects(&files.config).map_err(|error| Refusal::Invalid.because(error))?;
        match &args.out {
            None => print(global.output, &objects)?,
            Some(folder) => write(global.output, &objects, folder)?,
        }
        return Ok(());
    }
    let models = if args.all_environments {
        files.models_to_release()?
    } else {
        vec![files.model_to_release(global, args.image.as_deref())?]
    };
    match &args.out {
        Some(folder) => write_environments(global.output, args, folder, &models)?,
        None => models
            .iter()
            .try_for_each(|model| print(global.output, &rendering::render(model)))?,
    }
    models.iter().for_each(say_what_is_left_out);
    Ok(())
}

/// Writes one environment into a folder, or all into folders of it, and beside that what the operator needs who applies it.
fn write_environments(
    output: Output,
    args: &RenderArgs,
    folder: &Path,
    models: &[Model<'_>],
) -> Result<(), Failure> {
    let repository = args.repository(folder)?;
    for model in models {
        let mut objects = rendering::render(model);
        let folder = if args.all_environments {
            &folder.join(model.environment_name)
        } else {
            folder
        };
        if let Some(operator) = args.gitops {
            let (before, rest) = gitops::split(model, operator, gitops::prepare(objects, operator));
            if !before.is_empty() {
                write(output, &before, &folder.join(gitops::BEFORE))?;
            }
            objects = rest;
        }
        write(output, &objects, folder)?;
    }
    if let Some(repository) = repository {
        let objects = if args.all_environments {
            gitops::objects_of_all(models, &repository)
        } else {
            let of_one = |model| gitops::objects(model, &repository);
            models.iter().flat_map(of_one).collect()
        };
        let file = format!("{}.yaml", repository.operator.file());
        put(output, folder, &file, &yaml::documents(&objects)?)?;
    }
    Ok(())
}

fn say_what_is_left_out(model: &Model<'_>) {
    let own: Vec<&str> = model.own_secrets().map(|(variable, _)| variable).collect();
    if !own.is_empty() {
        say(&format!(
            "left out of `{}`, as it would have values of secrets in it: Secret/{SECRET_NAME} with {}. `infra apply` makes it; for others, make it by `kubectl -n {} create secret generic {SECRET_NAME} --from-literal=…`",
            model.environment_name,
            own.join(", "),
            model.namespace,
        ));
    }
}

fn print(output: Output, objects: &[Object]) -> Result<()> {
    if output == Output::Json {
        return objects.iter().try_for_each(|Object { value, .. }| {
            let mut event = json!(ObjectId::of(value));
            event["object"] = value.clone();
            output.tell("object", &event, "")
        });
    }
    let text = yaml::documents(objects)?;
    let mut output = std::io::stdout();
    output
        .write_all(text.as_bytes())
        .context("could not write to standard output")
}

/// A file a room, and one for Kustomize that names them.
fn write(output: Output, objects: &[Object], folder: &Path) -> Result<()> {
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
        let text = yaml::documents(objects)?;
        put(output, folder, &format!("{room}.yaml"), &text)?;
    }
    put(
        output,
        folder,
        "kustomization.yaml",
        &yaml::document(&kustomization)?,
    )
}

fn put(output: Output, folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    let shown = path.display();
    fs::write(&path, text).with_context(|| format!("could not write {shown}"))?;
    let event = json!({ "action": "write", "path": shown.to_string() });
    output.tell_progress("file", &event, &format!("write      {shown}"))
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
            return Err(Refusal::Invalid
                .because(anyhow!("{} is no folder of a repository", folder.display()))
                .hint("give the one that it is there as `--path`"));
        };
        Ok(Some(Repository {
            operator,
            url,
            branch: &self.branch,
            path,
        }))
    }
}

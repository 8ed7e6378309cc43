//! `infra render`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::Files;
use crate::cli::{Global, RenderArgs};
use crate::error::Failure;
use crate::model::SECRET_NAME;
use crate::object::Object;
use crate::report::say;
use crate::{render as rendering, yaml};

/// Writes the objects of an environment as YAML.
pub(crate) fn render(global: &Global, args: &RenderArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let model = files.model_to_release(global, args.image.as_deref())?;
    let objects = rendering::render(&model);
    match &args.out {
        None => print(&objects)?,
        Some(folder) => write(&objects, folder)?,
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
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
    };
    let names = rooms.keys().map(|room| format!("{room}.yaml"));
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": names.collect::<Vec<_>>(),
    });
    for (room, objects) in rooms {
        put(&format!("{room}.yaml"), &yaml::documents(objects)?)?;
    }
    put("kustomization.yaml", &yaml::document(&kustomization)?)
}

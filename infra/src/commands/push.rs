//! `infra push`.

use std::path::Path;

use anyhow::anyhow;
use artifact::{Error, HOSTS, Image, Packed, PackedApplication, PackedComponent, Pushed, Registry};
use clap::Args;
use serde_json::json;

use super::session::run;
use super::{environment, read_application, read_config};
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::report::{Output, say};

/// What is pushed, and where to.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// What the artifact is called, instead of `application.image` of the environment
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) tag: Option<String>,
    /// Speak plain HTTP with the registry, as with one on this machine
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
}

/// Packs the application and makes the tag that artifact.
pub(crate) fn push(global: &Global, args: &PushArgs) -> Result<(), Failure> {
    let image = match &args.tag {
        Some(tag) => Image::parse(tag).map_err(failure)?,
        None => image_of_environment(global)?,
    };
    let application = read_application(global)?;
    let root = global.application.parent().unwrap_or(Path::new(""));
    let packed = artifact::pack(&application, root).map_err(failure)?;
    for component in &packed.components {
        tell_component(global.output, component)?;
    }
    let pushed = upload(&image, args.insecure, &packed.artifact)?;
    Ok(tell_pushed(global.output, &image, &packed, &pushed)?)
}

/// The digest that an image has in its registry.
pub(super) async fn digest_of(name: &str, insecure: bool) -> Result<String, Error> {
    let image = Image::parse(name)?;
    Registry::of(&image, insecure)?.digest().await
}

/// Makes a tag what is packed.
pub(super) fn upload(image: &Image, insecure: bool, packed: &Packed) -> Result<Pushed, Failure> {
    run(async {
        let registry = Registry::of(image, insecure).map_err(failure)?;
        registry.push(packed).await.map_err(failure)
    })
}

/// Where the application of the environment is, by its tag if it is pinned. Nothing else that it says has to be complete yet.
fn image_of_environment(global: &Global) -> Result<Image, Failure> {
    let invalid = |error| Refusal::Invalid.because(error);
    let Some(name) = &global.env else {
        return Err(invalid(anyhow!("it is not said where to"))
            .hint("give `--tag REFERENCE`, or `--env NAME` of an environment that has an image"));
    };
    let (config, _) = read_config(global)?;
    let (_, environment) = environment(&config, name)?;
    let image = &environment.application.image;
    if image.is_empty() {
        return Err(invalid(anyhow!("it is not said where to")).hint(format!(
            "write `image` under `[environments.{name}.application]`, or give `--tag REFERENCE`"
        )));
    }
    let image = Image::parse(image).map_err(failure)?;
    Ok(image.by_tag().unwrap_or(image))
}

/// Tells people of a component on standard error: standard output has the artifact's name alone.
fn tell_component(output: Output, component: &PackedComponent) -> anyhow::Result<()> {
    let inspection = &component.inspection;
    let hosts = HOSTS
        .iter()
        .map(|host| (host.name, inspection.obstacles(host)));
    let hosts: Vec<(&str, Vec<String>)> = hosts.collect();
    if output == Output::Json {
        let hosts = hosts.iter().map(|(name, obstacles)| {
            json!({ "name": name, "runs": obstacles.is_empty(), "obstacles": obstacles })
        });
        let event = json!({
            "id": component.id,
            "size_bytes": component.size_bytes,
            "files": component.num_files,
            "imports": inspection.imports,
            "hosts": hosts.collect::<Vec<_>>(),
        });
        return output.tell("component", &event, "");
    }
    let files = match component.num_files {
        0 => String::new(),
        number => format!(", {number} files"),
    };
    say(&format!(
        "{}: {} kB{files}",
        component.id,
        component.size_bytes.div_ceil(1000)
    ));
    say(&format!("    imports {}", inspection.imports.join(", ")));
    let able = hosts.iter().filter(|(_, obstacles)| obstacles.is_empty());
    let able: Vec<&str> = able.map(|(name, _)| *name).collect();
    if !able.is_empty() {
        say(&format!("    runs on {}", able.join(", ")));
    }
    for (name, obstacles) in hosts.iter().filter(|(_, obstacles)| !obstacles.is_empty()) {
        say(&format!("    not on {name}: {}", obstacles.join(", ")));
    }
    Ok(())
}

fn tell_pushed(
    output: Output,
    image: &Image,
    packed: &PackedApplication,
    pushed: &Pushed,
) -> anyhow::Result<()> {
    let event = json!({
        "image": pushed.image.to_string(),
        "digest": packed.artifact.digest(),
        "tag": image.to_string(),
        "unchanged": pushed.is_unchanged,
        "uploaded_blobs": pushed.uploaded_blobs,
        "uploaded_bytes": pushed.uploaded_bytes,
    });
    if output == Output::Text {
        say(&if pushed.is_unchanged {
            format!("{image} is unchanged, nothing uploaded")
        } else {
            format!(
                "{image}: uploaded {} blobs, {} kB",
                pushed.uploaded_blobs,
                pushed.uploaded_bytes.div_ceil(1000)
            )
        });
    }
    output.tell("pushed", &event, &pushed.image.to_string())
}

/// What an error of packing or pushing means for a script: what was asked for, or what is outside.
pub(super) fn failure(error: Error) -> Failure {
    let refusal = match &error {
        Error::Name { .. }
        | Error::NoTag { .. }
        | Error::Credentials { .. }
        | Error::Read { .. }
        | Error::Files { .. }
        | Error::Program { .. }
        | Error::Unpackable { .. }
        | Error::TooManyLayers { .. } => Refusal::Invalid,
        _ => Refusal::Unexpected,
    };
    refusal.because(error)
}

//! `infra pin`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use artifact::{Image, Registry};
use clap::Args;
use config::{Config, Setting, with_environment_settings};
use serde_json::json;
use tempfile::NamedTempFile;

use super::push::failure;
use super::session::run;
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::model;
use crate::report::Output;

/// How images are looked up.
#[derive(Args, Debug)]
pub(crate) struct PinArgs {
    /// Speak plain HTTP with the registries, as with one on this machine
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
}

/// An image of an environment, as it is written and as it is to be.
struct Pin<'a> {
    environment: &'a str,
    setting: &'static str,
    before: &'a str,
    after: String,
}

impl Pin<'_> {
    fn is_new(&self) -> bool {
        self.before != self.after
    }
}

/// Writes beside the tags of images the digests that they have now. All are looked up before anything is written.
pub(crate) fn pin(global: &Global, args: &PinArgs) -> Result<(), Failure> {
    let config = Config::read(&global.config).map_err(|error| Refusal::Invalid.because(error))?;
    let pins = run(look_up(global, args, &config))?;
    if pins.iter().any(Pin::is_new) {
        write(&global.config, &pins)?;
    }
    for pin in &pins {
        tell(global.output, pin)?;
    }
    let num_new = pins.iter().filter(|pin| pin.is_new()).count();
    let num_old = pins.len() - num_new;
    let event = json!({ "pinned": num_new, "unchanged": num_old });
    let line = format!("{num_new} pinned, {num_old} unchanged");
    Ok(global.output.tell("summary", &event, &line)?)
}

async fn look_up<'a>(
    global: &Global,
    args: &PinArgs,
    config: &'a Config,
) -> Result<Vec<Pin<'a>>, Failure> {
    let environments = match &global.env {
        Some(name) => {
            let environment = model::environment(config, name);
            vec![environment.map_err(|error| Refusal::Invalid.because(error))?]
        }
        None => config
            .environments
            .iter()
            .map(|(name, environment)| (name.as_str(), environment))
            .collect(),
    };
    // Asked once, so that a tag that is moved meanwhile is the same image everywhere.
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let mut pins = Vec::new();
    for (name, environment) in environments {
        for (setting, image) in environment.images() {
            let after = match known.get(image) {
                Some(after) => after.clone(),
                None => digest_of(image, args.insecure).await?,
            };
            known.insert(image, after.clone());
            pins.push(Pin {
                environment: name,
                setting,
                before: image,
                after,
            });
        }
    }
    Ok(pins)
}

async fn digest_of(image: &str, insecure: bool) -> Result<String, Failure> {
    let image = Image::parse(image).map_err(failure)?;
    let registry = Registry::of(&image, insecure).map_err(failure)?;
    let pinned = registry.pin().await.map_err(failure)?;
    Ok(pinned.to_string())
}

/// Writes the configuration in one go, and leaves everything else in it as it was.
fn write(path: &Path, pins: &[Pin<'_>]) -> anyhow::Result<()> {
    let context = || format!("could not write {}", path.display());
    // What a link leads to is written, and not the link.
    let target = path.canonicalize().with_context(context)?;
    let mut text = fs::read_to_string(&target).with_context(context)?;
    for pin in pins.iter().filter(|pin| pin.is_new()) {
        let setting = [(pin.setting, Setting::Text(pin.after.clone()))];
        text = with_environment_settings(&text, path, pin.environment, &setting)?;
    }
    let replace = || -> std::io::Result<()> {
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        fs::set_permissions(file.path(), fs::metadata(&target)?.permissions())?;
        file.persist(&target)?;
        Ok(())
    };
    replace().with_context(context)
}

fn tell(output: Output, pin: &Pin<'_>) -> anyhow::Result<()> {
    let Pin {
        environment,
        setting,
        before,
        after,
    } = pin;
    let action = if pin.is_new() { "pinned" } else { "unchanged" };
    let event = json!({
        "action": action,
        "environment": environment,
        "setting": setting,
        "before": before,
        "image": after,
    });
    let line = format!("{action:<10} {environment} {setting}: {after}");
    output.tell("pin", &event, &line)
}

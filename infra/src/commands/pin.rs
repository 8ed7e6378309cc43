//! `infra pin`.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use artifact::{Image, Registry};
use clap::Args;
use config::{Cluster, Config, Environment, Setting, with_settings_of};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::push::failure;
use super::session::run;
use super::{environment, read_config, write_config};
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::hash::hexadecimal;
use crate::report::Output;

/// How images are looked up.
#[derive(Args, Debug)]
pub(crate) struct PinArgs {
    /// Speak plain HTTP with the registries, as with one on this machine
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
}

/// A setting of the configuration as it is written, and as it is to be.
struct Pin<'a> {
    table: [&'a str; 2],
    setting: String,
    before: &'a str,
    after: String,
}

impl Pin<'_> {
    fn is_new(&self) -> bool {
        self.before != self.after
    }
}

/// Writes beside the tags of images the digests that they have now, and beside the addresses of shims the checksums of what is there. All are looked up before
/// anything is written.
pub(crate) fn pin(global: &Global, args: &PinArgs) -> Result<(), Failure> {
    let (config, _) = read_config(global)?;
    let mut pins = run(images(global, args, &config))?;
    if global.env.is_none() {
        pins.extend(shims(&config.cluster)?);
    }
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

/// The images of the environment that is asked for, or of all and of the cluster.
async fn images<'a>(
    global: &Global,
    args: &PinArgs,
    config: &'a Config,
) -> Result<Vec<Pin<'a>>, Failure> {
    let environments: Vec<(&str, &Environment)> = match &global.env {
        Some(name) => vec![environment(config, name)?],
        None => config
            .environments
            .iter()
            .map(|(name, environment)| (name.as_str(), environment))
            .collect(),
    };
    let mut images = Vec::new();
    for (name, environment) in environments {
        let of_environment = |(setting, image)| (["environments", name], setting, image);
        images.extend(environment.images().map(of_environment));
    }
    // A cluster is of no environment.
    if global.env.is_none() {
        let logs = config.cluster.logs.iter();
        images.extend(logs.map(|logs| (["cluster", "logs"], "image", logs.image.as_str())));
    }
    // Asked once, so that a tag that is moved meanwhile is the same image everywhere.
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let mut pins = Vec::new();
    for (table, setting, image) in images {
        let after = match known.get(image) {
            Some(after) => after.clone(),
            None => with_digest(image, args.insecure).await?,
        };
        known.insert(image, after.clone());
        pins.push(Pin {
            table,
            setting: setting.to_owned(),
            before: image,
            after,
        });
    }
    Ok(pins)
}

async fn with_digest(image: &str, insecure: bool) -> Result<String, Failure> {
    let image = Image::parse(image).map_err(failure)?;
    let registry = Registry::of(&image, insecure).map_err(failure)?;
    let pinned = registry.pin().await.map_err(failure)?;
    Ok(pinned.to_string())
}

/// The shims. What has a checksum is never another file, so that is not written over.
fn shims(cluster: &Cluster) -> Result<Vec<Pin<'_>>, Failure> {
    let mut pins = Vec::new();
    for (architecture, file) in &cluster.shim {
        let name = architecture.as_str();
        let before = file.sha256.as_deref().unwrap_or_default();
        let found = checksum_of(&file.location)?;
        if !before.is_empty() && before != found {
            return Err(Refusal::Invalid.because(anyhow!(
                "what is at {} has the SHA-256 {found}, and `[cluster.shim.{name}]` says {before}: if the address is a new one, delete `sha256` there and run this again; else somebody exchanged the file",
                file.location
            )));
        }
        pins.push(Pin {
            table: ["cluster", "shim"],
            setting: format!("{name}.sha256"),
            before,
            after: found,
        });
    }
    Ok(pins)
}

/// How long a connection may take; the file itself takes as long as it takes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

fn checksum_of(location: &str) -> anyhow::Result<String> {
    let doing = || format!("could not read {location} for its checksum");
    let mut answer = ureq::get(location)
        .config()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .build()
        .call()
        .with_context(doing)?;
    let mut content = answer.body_mut().as_reader();
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let num_bytes = content.read(&mut part).with_context(doing)?;
        match part.get(..num_bytes) {
            None | Some([]) => return Ok(hexadecimal(&hash.finalize())),
            Some(part) => hash.update(part),
        }
    }
}

/// Leaves everything else in the configuration as it was.
fn write(path: &Path, pins: &[Pin<'_>]) -> anyhow::Result<()> {
    write_config(path, |text| {
        let mut text = text.to_owned();
        for pin in pins.iter().filter(|pin| pin.is_new()) {
            let setting = [(pin.setting.as_str(), Setting::Text(pin.after.clone()))];
            text = with_settings_of(&text, path, pin.table, &setting)?;
        }
        Ok(text)
    })
}

fn tell(output: Output, pin: &Pin<'_>) -> anyhow::Result<()> {
    let Pin {
        table: [group, name],
        setting,
        before,
        after,
    } = pin;
    let action = if pin.is_new() { "pinned" } else { "unchanged" };
    let setting = format!("{group}.{name}.{setting}");
    let event = json!({ "action": action, "setting": setting, "before": before, "after": after });
    output.tell("pin", &event, &format!("{action:<10} {setting}: {after}"))
}

//! `infra site`: the page, put up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::json;

use super::cloud::{absent, stack};
use super::read_config;
use crate::aws::Aws;
use crate::cli::Global;
use crate::cloud::stacks::{Description, Stacks, State};
use crate::error::{Failure, Refusal};
use crate::report::Output;
use crate::site::{Kind, SiteBucket, SiteFile, files, invalidate, read, superseded};

/// What is put up, and where to.
#[derive(Args, Debug)]
pub(crate) struct SiteArgs {
    /// Where the functions answer, instead of what the stack says
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) api: Option<String>,
    /// The folder of the page
    #[arg(long, value_name = "FOLDER", default_value = "web")]
    pub(crate) web: PathBuf,
    /// Write the files into a folder, and ask nobody
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["dry_run", "prune_older_than"])]
    pub(crate) out: Option<PathBuf>,
    /// Tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete files that were replaced so many days ago
    #[arg(long, value_name = "DAYS")]
    pub(crate) prune_older_than: Option<u32>,
}

/// Puts the page up, or writes it into a folder.
pub(crate) fn site(global: &Global, args: &SiteArgs) -> Result<(), Failure> {
    let found = read(&args.web).map_err(|error| Refusal::Invalid.because(error))?;
    let prepare = |api: &str| files(found, api).map_err(|error| Refusal::Invalid.because(error));
    if let Some(folder) = &args.out {
        let Some(api) = &args.api else {
            return Err(Refusal::Invalid
                .because(anyhow!("it is not said where the functions answer"))
                .hint("give `--api URL`"));
        };
        return Ok(write(global.output, &prepare(api)?, folder)?);
    }
    let (config, _) = read_config(global)?;
    let stack = stack(global, &config)?;
    let aws = Aws::in_region(&stack.storage.region)?;
    let State::There(description) = Stacks::new(&aws, &stack).state()? else {
        return Err(absent(&stack));
    };
    let api = match &args.api {
        Some(api) => api.clone(),
        None => api_of(&description)?,
    };
    let files = prepare(&api)?;
    let bucket = SiteBucket::new(&aws, output(&description, "SiteBucket")?);
    let pages = upload(global.output, &bucket, &files, args.dry_run)?;
    if !pages.is_empty() {
        let distribution_id = output(&description, "DistributionId")?;
        if !args.dry_run {
            invalidate(&aws, distribution_id, &pages)?;
        }
        tell(global.output, "invalidate", &pages.join(" "))?;
    }
    if let Some(days) = args.prune_older_than {
        prune(global.output, &bucket, &files, days, args.dry_run)?;
    }
    if let Some(url) = description.outputs.get("SiteUrl") {
        global.output.tell("site", &json!({ "url": url }), url)?;
    }
    Ok(())
}

/// Nothing where the functions are at the site's own address.
fn web_address(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("write a web address, such as https://api.example.org".to_owned())
    }
}

/// The functions' address: empty where it is the site's own, by whatever name the site is called.
fn api_of(description: &Description) -> Result<String, Failure> {
    let outputs = &description.outputs;
    match (outputs.get("ApiUrl"), outputs.get("SiteUrl")) {
        (Some(api), Some(site)) if api == site => Ok(String::new()),
        (Some(api), _) => Ok(api.clone()),
        (None, _) => Err(Refusal::Invalid
            .because(anyhow!("the stack does not say where the functions answer"))
            .hint("give `--api URL`, or write `api` under `cloud` and apply it")),
    }
}

fn output<'a>(description: &'a Description, name: &str) -> Result<&'a str, Failure> {
    let value = description.outputs.get(name).map(String::as_str);
    value.ok_or_else(|| {
        Refusal::Preflight
            .because(anyhow!("the stack has no output `{name}`"))
            .hint("run `infra cloud apply`")
    })
}

/// Writes what is new or has changed, and gives the paths of pages that did.
fn upload(
    output: Output,
    bucket: &SiteBucket<'_>,
    files: &[SiteFile],
    is_dry_run: bool,
) -> Result<Vec<String>> {
    let mut pages = Vec::new();
    let mut num_unchanged = 0;
    for file in files {
        if bucket.has(file)? {
            num_unchanged += 1;
            continue;
        }
        if !is_dry_run {
            bucket.put(file)?;
        }
        tell(output, "upload", &file.key)?;
        if file.kind == Kind::Page {
            pages.push(format!("/{}", file.key));
            pages.extend(
                file.key
                    .strip_suffix("index.html")
                    .map(|folder| format!("/{folder}")),
            );
        }
    }
    let line = format!("{num_unchanged} unchanged");
    output.tell("summary", &json!({ "unchanged": num_unchanged }), &line)?;
    Ok(pages)
}

fn prune(
    output: Output,
    bucket: &SiteBucket<'_>,
    files: &[SiteFile],
    days: u32,
    is_dry_run: bool,
) -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.unwrap_or_default().as_secs() as i64;
    let there = bucket.list()?;
    for key in superseded(&there, files, days, now_s) {
        if !is_dry_run {
            bucket.delete(key)?;
        }
        tell(output, "prune", key)?;
    }
    Ok(())
}

fn tell(output: Output, action: &str, key: &str) -> Result<()> {
    output.tell(
        "file",
        &json!({ "action": action, "key": key }),
        &format!("{action:<10} {key}"),
    )
}

/// The page as a folder, for other hosts.
fn write(output: Output, files: &[SiteFile], folder: &Path) -> Result<()> {
    for file in files {
        let path = folder.join(&file.key);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("could not make the folder {}", parent.display()))?;
        let shown = path.display();
        fs::write(&path, &file.content).with_context(|| format!("could not write {shown}"))?;
        let event = json!({ "action": "write", "path": shown.to_string() });
        output.tell_progress("file", &event, &format!("write      {shown}"))?;
    }
    Ok(())
}

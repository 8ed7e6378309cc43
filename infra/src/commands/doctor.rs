//! `infra doctor`.

use std::collections::BTreeSet;

use anyhow::anyhow;
use artifact::Error;
use clap::Args;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Files;
use super::push::digest_of;
use super::session::{Session, run, unless_interrupted};
use crate::cli::Global;
use crate::doctor::{Check, Verdict, Wanted};
use crate::error::{Failure, Refusal};
use crate::model::Model;
use crate::render;
use crate::report::Output;
use crate::storage;

/// Which environment is looked after, and where.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    image: Option<String>,
}

/// Tells what is there of what an environment needs before it is applied. It changes nothing.
pub(crate) fn doctor(global: &Global, args: &DoctorArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let model = files.model(global, args.image.as_deref())?;
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let values = values(&model);
        let has_values = values.iter().all(|check| check.verdict == Verdict::Ok);
        let model = if has_values {
            let model = model.with_secret_values();
            model.map_err(|error| Refusal::Invalid.because(error))?
        } else {
            model
        };
        let objects = render::render(&model).into_iter();
        let objects: Vec<Value> = objects.map(|object| object.value).collect();
        let engine = session.engine();
        let work = async {
            let mut checks = engine.examine(&objects).await?;
            checks.extend(values);
            checks.extend(storage::check(&model).await);
            checks.extend(images(&model, Wanted(&objects)).await);
            Ok::<_, Failure>(checks)
        };
        let checks = unless_interrupted(&engine.interruption, work).await?;
        for check in &checks {
            tell(global.output, check)?;
        }
        conclude(global.output, &checks)
    })
}

/// Whether the values of secrets are there that whoever applies it has.
fn values(model: &Model<'_>) -> Vec<Check> {
    let values = model.own_secret_problems().map(|(name, problem)| {
        let title = format!("value of {name}");
        match problem {
            None => Check::ok(title, "it is where it comes from"),
            Some(problem) => {
                Check::missing(title, format!("{problem:#}"), "`infra apply` needs it")
            }
        }
    });
    values.collect()
}

/// Whether the registries have the application and the images of all containers.
async fn images(model: &Model<'_>, wanted: Wanted<'_>) -> Vec<Check> {
    let mut names: BTreeSet<&str> = wanted.images();
    // The image of `host` is told it as an argument.
    names.insert(&model.image);
    let registry = |name: &str| name.split('/').next().map(str::to_owned);
    let checks = names.into_iter().map(|name| {
        let settings = &model.environment.application;
        let insecure = settings.insecure_registry && registry(name) == registry(&model.image);
        image(name, insecure)
    });
    join_all(checks).await
}

async fn image(name: &str, insecure: bool) -> Check {
    let title = format!("image {name}");
    match digest_of(name, insecure).await {
        Ok(digest) => Check::ok(title, digest),
        Err(error @ Error::Absent { .. }) => Check::missing(
            title,
            format!("{error}"),
            "push it with `infra push` or `infra image`",
        ),
        // What the cluster reaches, and as whom, is another matter.
        Err(error) => {
            let is_unreachable = matches!(error, Error::Unreachable { .. });
            let error = anyhow!(error);
            let found = if is_unreachable {
                format!("its registry does not answer here: {}", error.root_cause())
            } else {
                format!("{error:#}")
            };
            Check::doubtful(
                title,
                found,
                "see that the nodes of the cluster can pull it",
            )
        }
    }
}

fn tell(output: Output, check: &Check) -> Result<(), Failure> {
    let Check {
        name,
        verdict,
        found,
        hint,
    } = check;
    let verdict = verdict.name();
    let event = json!({ "name": name, "verdict": verdict, "found": found, "hint": hint });
    let mut line = format!("{verdict:<8}  {name}: {found}");
    if let Some(hint) = hint {
        line = format!("{line}; {hint}");
    }
    Ok(output.tell("check", &event, &line)?)
}

/// What is missing ends it, and what is doubtful does not.
fn conclude(output: Output, checks: &[Check]) -> Result<(), Failure> {
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let [ok, missing, doubtful] = [Verdict::Ok, Verdict::Missing, Verdict::Doubtful].map(count);
    let summary = json!({ "ok": ok, "missing": missing, "doubtful": doubtful });
    let line = format!("{ok} ok, {missing} missing, {doubtful} doubtful");
    output.tell("summary", &summary, &line)?;
    if missing == 0 {
        return Ok(());
    }
    Err(Refusal::Preflight
        .because(anyhow!("{missing} of {} are missing", checks.len()))
        .hint("what to run stands beside each"))
}

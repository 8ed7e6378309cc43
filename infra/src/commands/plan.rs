//! `infra plan` and `infra drift`.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Files;
use super::session::{Session, run};
use crate::cli::Global;
use crate::engine::{Change, Consent, DryRun, Prune, Selection};
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;
use crate::report::say;
use crate::saved_plan::SavedPlan;

/// What is wanted, and what may be done for it.
#[derive(Args, Debug)]
pub(crate) struct ChangeArgs {
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
    /// Delete what is not wanted any more
    #[arg(long)]
    pub(crate) prune: bool,
    #[command(flatten)]
    pub(crate) taking: TakingArgs,
}

/// What may be taken from others, or away, for what is wanted.
#[derive(Args, Debug)]
pub(crate) struct TakingArgs {
    /// Take over fields that others own: of `Kind/name`, several by commas, or of all
    #[arg(long, value_name = "OBJECTS", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = Selection::ALL)]
    pub(crate) force_conflicts: Vec<String>,
    /// Delete and make anew what cannot be changed: `Kind/name`, several by commas
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    pub(crate) replace: Vec<String>,
    /// Take over objects that others made: `Kind/name`, several by commas
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    pub(crate) adopt: Vec<String>,
}

impl ChangeArgs {
    /// What is said yes to, for these objects.
    pub(super) fn consent(
        &self,
        objects: &[Value],
        environment_name: &str,
    ) -> Result<Consent, Failure> {
        Ok(Consent {
            prune: if self.prune { Prune::Now } else { Prune::Never },
            ..self.taking.consent(objects, environment_name)?
        })
    }
}

impl TakingArgs {
    /// What is said yes to, for these objects.
    pub(super) fn consent(
        &self,
        objects: &[Value],
        environment_name: &str,
    ) -> Result<Consent, Failure> {
        let selection = |names: &[String]| {
            let one = names.iter().filter(|name| *name != Selection::ALL);
            check_wanted(one, objects, environment_name)?;
            Ok::<_, Failure>(Selection(names.to_vec()))
        };
        Ok(Consent {
            force_conflicts: selection(&self.force_conflicts)?,
            replace: selection(&self.replace)?,
            adopt: selection(&self.adopt)?,
            ..Consent::default()
        })
    }
}

/// How differences are shown.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// How much is told of what differs
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Diff::Full)]
    pub(crate) diff: Diff,
    /// End with status 2 where something differs
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// How much is told of what differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Diff {
    /// Each field
    Full,
    /// A line for each object
    Summary,
}

/// What is shown before it is applied.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) diff: DiffArgs,
    /// Only these objects: `Kind/name`, several by commas
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Who says in what an object would differ
    #[arg(long, value_enum, value_name = "WHO", default_value_t = DryRun::Server)]
    pub(crate) dry_run: DryRun,
    /// Write the plan into a file for `infra apply FILE`, which does that or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "dry_run"])]
    pub(crate) out: Option<PathBuf>,
}

/// Shows what `apply` would do.
pub(crate) fn plan(global: &Global, args: &PlanArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let model = files.model_to_release(global, args.change.image.as_deref())?;
    run(async {
        let session = Session::open(global, &files).await?;
        say(&session.place());
        let (mut objects, image) = session.wanted(model)?;
        let consent = args.change.consent(&objects, session.environment_name)?;
        let is_part = !args.only.is_empty();
        if is_part {
            objects = chosen(objects, &args.only, session.environment_name)?;
        }
        let engine = session.engine();
        let mut plan = engine.plan(&objects, &consent, args.dry_run).await?;
        if is_part {
            plan.changes.retain(|change| change.object.is_some());
        }
        tell(&session, &plan.changes, &args.diff)?;
        if let Some(path) = &args.out {
            SavedPlan::new(session.target(), image, consent, &plan).write(path)?;
            say(&format!("`infra apply {}` does that", path.display()));
        }
        conclude(&plan.changes, &args.diff)
    })
}

/// Shows in what the cluster differs from what was applied last, whatever the configuration says by now.
pub(crate) fn drift(global: &Global, args: &DiffArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        say(&session.place());
        let release = session.newest_release().await?;
        session.tell_release(&release)?;
        // What others own by now is what is looked for.
        let consent = Consent {
            force_conflicts: Selection::all(),
            goes_back: true,
            ..Consent::default()
        };
        let engine = session.engine();
        let objects = &release.objects;
        let mut plan = engine.plan(objects, &consent, DryRun::Server).await?;
        // Of Secrets no release has a record.
        plan.changes.retain(|change| change.object.is_some());
        tell(&session, &plan.changes, args)?;
        conclude(&plan.changes, args)
    })
}

fn tell(session: &Session<'_>, changes: &[Change], args: &DiffArgs) -> Result<(), Failure> {
    for change in changes {
        session.tell_planned(change, args.diff)?;
    }
    session.tell_summary(changes)
}

fn conclude(changes: &[Change], args: &DiffArgs) -> Result<(), Failure> {
    let differs = changes.iter().any(|change| change.action.is_change());
    if args.detailed_exitcode && differs {
        return Err(Refusal::Changes.because(anyhow!("there is something to change")));
    }
    Ok(())
}

/// Those objects that are named, each of which there has to be.
pub(super) fn chosen(
    mut objects: Vec<Value>,
    names: &[String],
    environment_name: &str,
) -> Result<Vec<Value>, Failure> {
    check_wanted(names, &objects, environment_name)?;
    let selection = Selection(names.to_vec());
    objects.retain(|object| selection.contains(&ObjectId::of(object)));
    Ok(objects)
}

/// Refuses the name of an object that is not wanted: whoever gives one means something by it.
fn check_wanted<'a>(
    names: impl IntoIterator<Item = &'a String>,
    objects: &[Value],
    environment_name: &str,
) -> Result<(), Failure> {
    let ids: Vec<ObjectId> = objects.iter().map(ObjectId::of).collect();
    let is_unknown = |name: &&String| !ids.iter().any(|id| id.is_called(name));
    names
        .into_iter()
        .find(is_unknown)
        .map_or(Ok(()), |unknown| {
            Err(Refusal::Invalid
                .because(anyhow!(
                    "`{unknown}` is not wanted of the environment {environment_name}"
                ))
                .hint("write one of `infra plan`, as Kind/name")
                .about(unknown))
        })
}

//! `infra apply`, `infra wait` and `infra rollback`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::Files;
use super::arguments::{ClusterArgs, Yes};
use super::plan::{ChangeArgs, Diff};
use super::session::{Session, run};
use super::state::StateArgs;
use crate::cli::Global;
use crate::confirm::confirm;
use crate::engine::{Consent, DryRun, Outcome, Plan};
use crate::error::{Failure, Refusal};
use crate::report::say;
use crate::saved_plan::SavedPlan;

/// What is applied.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    /// What `infra plan --out` wrote: that is done and nothing else, and it is not asked again
    #[arg(value_name = "PLAN", conflicts_with_all = ["image", "prune", "force_conflicts", "replace", "adopt"])]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Wait until it runs
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) wait: bool,
    #[command(flatten)]
    yes: Yes,
}

/// What is gone back to.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The release's number; without it, the newest before this one that ran
    pub(crate) release: Option<u64>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    yes: Yes,
}

/// Brings the cluster to what is wanted.
pub(crate) fn apply(global: &Global, args: &ApplyArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let saved = args.plan.as_deref().map(SavedPlan::read).transpose();
    let saved = saved.map_err(|error| Refusal::Invalid.because(error))?;
    let image = saved.as_ref().map(|saved| saved.image.as_str());
    let model = files.model_to_release(global, image.or(args.change.image.as_deref()))?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let (objects, image) = session.wanted(model)?;
        let consent = match &saved {
            Some(saved) => {
                saved.check_target(&session.target())?;
                saved.consent.clone()
            }
            None => args.change.consent(),
        };
        let plan = session
            .engine()
            .plan(&objects, &consent, DryRun::Server)
            .await?;
        if let Some(saved) = &saved {
            saved.check(&plan)?;
        }
        let release = Wanted {
            objects: &objects,
            image: &image,
            consent,
        };
        let is_asked = saved.is_none() && !args.yes.is_said();
        change(&session, &plan, &release, is_asked, args.wait).await
    })
}

/// Applies again what was applied before.
pub(crate) fn rollback(global: &Global, args: &RollbackArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let engine = session.engine();
        let release = engine.release(args.release).await?;
        let consent = Consent {
            prune: true,
            ..Consent::default()
        };
        let mut plan = engine
            .plan(&release.objects, &consent, DryRun::Server)
            .await?;
        // No record has their values, so that they stay as they are.
        plan.changes
            .retain(|change| change.object.is_some() || change.id.kind != "Secret");
        say(&format!(
            "release {} of {}, {}: Secrets stay as they are",
            release.number, release.time, release.image
        ));
        let wanted = Wanted {
            objects: &release.objects,
            image: &release.image,
            consent,
        };
        change(&session, &plan, &wanted, !args.yes.is_said(), true).await
    })
}

/// Waits until what is wanted runs.
pub(crate) fn wait(global: &Global, args: &StateArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let release = session.newest_release().await?;
        session.wait(&release.objects).await
    })
}

/// What a cluster is brought to.
pub(super) struct Wanted<'a> {
    pub(super) objects: &'a [Value],
    /// The application's artifact.
    pub(super) image: &'a str,
    pub(super) consent: Consent,
}

/// Does what a plan says when somebody said yes, waits until it runs where that is wanted, and writes down what came of it.
pub(super) async fn change(
    session: &Session<'_>,
    plan: &Plan,
    wanted: &Wanted<'_>,
    is_asked: bool,
    waits: bool,
) -> Result<(), Failure> {
    if plan.changed().next().is_some() {
        say(&session.place());
        if is_asked {
            for change in plan.changed() {
                session.tell_planned(change, Diff::Full)?;
            }
            confirm("This is applied.", "yes", "--yes")?;
        }
    }
    let engine = session.engine();
    let mut tell = |change: &_| session.tell_done(change);
    let release = engine
        .apply(plan, &wanted.consent, wanted.image, &mut tell)
        .await?;
    session.tell_summary(&plan.changes)?;
    if !waits {
        return Ok(());
    }
    let release = match release {
        Some(release) => Some(release),
        None => engine.releases().await?.into_iter().next(),
    };
    let result = session.wait(wanted.objects).await;
    let outcome = match &result {
        Ok(()) => Some(Outcome::Ready),
        Err(failure) if failure.refusal == Refusal::Rollout => Some(Outcome::Failed),
        Err(_) => None,
    };
    if let (Some(release), Some(outcome)) = (release, outcome) {
        session.tell_release(&engine.conclude(release, outcome).await?)?;
    }
    result
}

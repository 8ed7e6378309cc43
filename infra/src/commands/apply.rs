//! `infra plan`, `infra apply`, `infra wait` and `infra rollback`.

use clap::Args;
use serde_json::Value;

use super::Files;
use super::arguments::{ClusterArgs, Yes};
use super::session::{Session, run};
use super::state::StateArgs;
use crate::cli::Global;
use crate::engine::{Consent, Outcome, Plan, Selection};
use crate::error::{Failure, Refusal};
use crate::report::say;

/// What is wanted, and what may be done for it.
#[derive(Args, Debug)]
pub(crate) struct ChangeArgs {
    /// The application's artifact, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
    /// Delete what is not wanted any more
    #[arg(long)]
    pub(crate) prune: bool,
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

/// What is shown before it is applied.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// End with status 2 where there is something to change
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// What is applied.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
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

/// Shows what `apply` would do.
pub(crate) fn plan(global: &Global, args: &PlanArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let model = files.model_to_release(global, args.change.image.as_deref())?;
    run(async {
        let session = Session::open(global, &args.cluster, &files).await?;
        say(&session.place());
        let (objects, _) = session.wanted(model)?;
        let plan = session
            .engine()
            .plan(&objects, &consent(&args.change))
            .await?;
        for change in &plan.changes {
            session.tell(change, true)?;
        }
        session.tell_summary(&plan.changes)?;
        if args.detailed_exitcode && plan.changed().next().is_some() {
            return Err(Refusal::Changes.because(anyhow::anyhow!("there is something to change")));
        }
        Ok(())
    })
}

/// Brings the cluster to what is wanted.
pub(crate) fn apply(global: &Global, args: &ApplyArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let model = files.model_to_release(global, args.change.image.as_deref())?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let (objects, image) = session.wanted(model)?;
        let consent = consent(&args.change);
        let plan = session.engine().plan(&objects, &consent).await?;
        change(
            &session, &plan, &consent, &args.yes, &objects, &image, args.wait,
        )
        .await
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
        let mut plan = engine.plan(&release.objects, &consent).await?;
        // No record has their values, so that they stay as they are.
        plan.changes
            .retain(|change| change.object.is_some() || change.id.kind != "Secret");
        say(&format!(
            "release {} of {}, {}: Secrets stay as they are",
            release.number, release.time, release.image
        ));
        change(
            &session,
            &plan,
            &consent,
            &args.yes,
            &release.objects,
            &release.image,
            true,
        )
        .await
    })
}

/// Waits until what is wanted runs.
pub(crate) fn wait(global: &Global, args: &StateArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let engine = session.engine();
        let Some(release) = engine.releases().await?.into_iter().next() else {
            return Err(Refusal::Invalid.because(anyhow::anyhow!(
                "nothing was applied to the environment {} yet",
                session.environment_name
            )));
        };
        session.wait(&release.objects).await
    })
}

/// Does what a plan says when somebody said yes, waits until it runs where that is wanted, and writes down what came of it.
async fn change(
    session: &Session<'_>,
    plan: &Plan,
    consent: &Consent,
    yes: &Yes,
    objects: &[Value],
    image: &str,
    waits: bool,
) -> Result<(), Failure> {
    if plan.changed().next().is_some() {
        say(&session.place());
        if !yes.is_said() {
            for change in plan.changed() {
                session.tell(change, true)?;
            }
        }
        yes.ask("This is applied.")?;
    }
    let engine = session.engine();
    let mut tell = |change: &_| session.tell(change, false);
    let release = engine.apply(plan, consent, image, &mut tell).await?;
    session.tell_summary(&plan.changes)?;
    if !waits {
        return Ok(());
    }
    let release = match release {
        Some(release) => Some(release),
        None => engine.releases().await?.into_iter().next(),
    };
    let result = session.wait(objects).await;
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

fn consent(args: &ChangeArgs) -> Consent {
    Consent {
        force_conflicts: Selection(args.force_conflicts.clone()),
        replace: Selection(args.replace.clone()),
        adopt: Selection(args.adopt.clone()),
        prune: args.prune,
    }
}

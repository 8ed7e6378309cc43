//! `infra plan`, `infra apply`, `infra wait` and `infra rollback`.

use serde_json::Value;

use super::Files;
use super::session::{Session, run};
use crate::cli::{ApplyArgs, ChangeArgs, Global, PlanArgs, RollbackArgs, StateArgs};
use crate::confirm::confirm;
use crate::engine::{Consent, Outcome, Plan, Selection};
use crate::error::{Failure, Refusal};
use crate::report::say;

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
        let session = Session::open(global, &args.cluster, &files).await?;
        let (objects, image) = session.wanted(model)?;
        let consent = consent(&args.change);
        let plan = session.engine().plan(&objects, &consent).await?;
        change(
            &session,
            &plan,
            &consent,
            args.is_confirmed,
            &objects,
            &image,
            args.wait,
        )
        .await
    })
}

/// Applies again what was applied before.
pub(crate) fn rollback(global: &Global, args: &RollbackArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &args.cluster, &files).await?;
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
            args.is_confirmed,
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
        let session = Session::open(global, &args.cluster, &files).await?;
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
    is_confirmed: bool,
    objects: &[Value],
    image: &str,
    waits: bool,
) -> Result<(), Failure> {
    if plan.changed().next().is_some() {
        say(&session.place());
        if !is_confirmed {
            for change in plan.changed() {
                session.tell(change, true)?;
            }
        }
        confirm("apply this?", is_confirmed)?;
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

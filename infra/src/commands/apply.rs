//! `infra apply`, `infra wait` and `infra rollback`.

use std::path::PathBuf;

use anyhow::anyhow;
use artifact::Error;
use clap::Args;
use serde_json::Value;

use super::Files;
use super::plan::{ChangeArgs, Diff, TakingArgs};
use super::push::{digest_of, failure};
use super::session::{Session, run, unless_interrupted};
use crate::cli::Global;
use crate::confirm::confirm;
use crate::engine::{Action, Consent, DryRun, Outcome, Plan, Prune, Release, Source};
use crate::error::{Failure, Refusal};
use crate::report::{insist, say};
use crate::saved_plan::{SavedPlan, check_shown};

/// What is applied.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    /// What `infra plan --out` wrote: that is done and nothing else, and it is not asked again
    #[arg(value_name = "PLAN", conflicts_with_all = ["image", "prune", "force_conflicts", "replace", "adopt"])]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    /// Wait until it runs
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) wait: bool,
    /// Go back to what ran before where it does not come to run
    #[arg(long)]
    pub(crate) rollback_on_failure: bool,
    /// Do not ask the registry whether the application is there
    #[arg(long)]
    pub(crate) unseen_image: bool,
}

/// What is gone back to.
#[derive(Args, Debug)]
pub(crate) struct RollbackArgs {
    /// The release's number; without it, the newest before this one that ran
    pub(crate) release: Option<u64>,
    #[command(flatten)]
    pub(crate) taking: TakingArgs,
}

/// Brings the cluster to what is wanted.
pub(crate) fn apply(global: &Global, args: &ApplyArgs) -> Result<(), Failure> {
    if args.rollback_on_failure && !args.wait {
        return Err(Refusal::Invalid
            .because(anyhow!("without waiting nobody sees whether it fails"))
            .hint("leave out `--wait=false` or `--rollback-on-failure`"));
    }
    let saved = args.plan.as_deref().map(SavedPlan::read).transpose()?;
    let mut global = global.clone();
    if let (None, Some(saved)) = (&global.env, &saved) {
        global.env = Some(saved.environment_name().to_owned());
    }
    let global = &global;
    let files = Files::read(global)?;
    let image = saved.as_ref().map(|saved| saved.image.as_str());
    let model = files.model_to_release(global, image.or(args.change.image.as_deref()))?;
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let (objects, image) = session.wanted(model)?;
        let consent = match &saved {
            Some(saved) => {
                saved.check_target(&session.target())?;
                saved.consent.clone()
            }
            None => args.change.consent(&objects, session.environment_name)?,
        };
        let wanted = Wanted {
            objects: &objects,
            source: Source {
                image: &image,
                rollback_of: None,
            },
            consent,
        };
        let plan = wanted.plan(&session).await?;
        if let Some(saved) = &saved {
            saved.check(&plan)?;
        }
        if !args.unseen_image && plan.changed().next().is_some() {
            let insecure = session.environment.application.insecure_registry;
            let interruption = session.engine().interruption;
            unless_interrupted(&interruption, check_image(&image, insecure)).await?;
        }
        let is_asked = saved.is_none() && !global.yes;
        let result = change(&session, &plan, &wanted, is_asked, args.wait).await;
        let is_failed = matches!(&result, Err(failure) if failure.refusal == Refusal::Rollout);
        if is_failed && args.rollback_on_failure {
            match go_back_from_newest(&session, wanted.consent.clone()).await {
                Ok(()) => return result.map_err(|it| it.hint("what ran before runs again")),
                Err(failure) => insist(&format!("it was not gone back: {failure}")),
            }
        }
        result
    })
}

/// Applies the newest release again that ran before the newest one, if that was seen not to run.
async fn go_back_from_newest(session: &Session<'_>, consent: Consent) -> Result<(), Failure> {
    let newest = session.newest_release().await?;
    if newest.outcome != Outcome::Failed {
        return Err(Refusal::Refused.because(anyhow!(
            "release {} is the newest, and did not fail",
            newest.number
        )));
    }
    let release = session.engine().release(None).await?;
    go_back(session, &release, consent, false).await
}

/// Refuses an application that its registry does not have, or of which nobody here can say.
async fn check_image(name: &str, insecure: bool) -> Result<(), Failure> {
    match digest_of(name, insecure).await {
        Ok(_) => Ok(()),
        Err(Error::Absent { image }) => Err(Refusal::Preflight
            .because(anyhow!(
                "{image} is not in its registry, and nothing was changed"
            ))
            .hint("push it with `infra push`, name one that is there, or give `--unseen-image`")),
        Err(
            error @ (Error::Unreachable { .. }
            | Error::Unauthorized { .. }
            | Error::Registry { .. }),
        ) => Err(Refusal::Preflight
            .because(anyhow!(
                "nobody sees here whether {name} is there, and nothing was changed: {error}"
            ))
            .hint("where the cluster does, give `--unseen-image`")),
        Err(error) => Err(failure(error)),
    }
}

/// Applies again what was applied before.
pub(crate) fn rollback(global: &Global, args: &RollbackArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let release = session.engine().release(args.release).await?;
        let taking = &args.taking;
        let consent = taking.consent(&release.objects, session.environment_name)?;
        go_back(&session, &release, consent, !global.yes).await
    })
}

/// Applies a release again.
async fn go_back(
    session: &Session<'_>,
    release: &Release,
    consent: Consent,
    is_asked: bool,
) -> Result<(), Failure> {
    let objects = session.engine().objects_again(release).await?;
    let consent = Consent {
        prune: Prune::Now,
        goes_back: true,
        ..consent
    };
    say(&format!(
        "release {} of {}, {}: Secrets stay as they are",
        release.number, release.time, release.image
    ));
    let wanted = Wanted {
        objects: &objects,
        source: Source {
            image: &release.image,
            rollback_of: release.rollback_of.or(Some(release.number)),
        },
        consent,
    };
    let plan = wanted.plan(session).await?;
    change(session, &plan, &wanted, is_asked, true).await
}

/// Waits until what is wanted runs.
pub(crate) fn wait(global: &Global) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let release = session.newest_release().await?;
        session.wait(&release).await
    })
}

/// What a cluster is brought to.
pub(super) struct Wanted<'a> {
    pub(super) objects: &'a [Value],
    pub(super) source: Source<'a>,
    pub(super) consent: Consent,
}

impl Wanted<'_> {
    /// What bringing it there would do now.
    pub(super) async fn plan(&self, session: &Session<'_>) -> Result<Plan, Failure> {
        let engine = session.engine();
        engine
            .plan(self.objects, &self.consent, DryRun::Server)
            .await
    }
}

/// Does what a plan says when somebody said yes.
pub(super) async fn change(
    session: &Session<'_>,
    plan: &Plan,
    wanted: &Wanted<'_>,
    is_asked: bool,
    waits: bool,
) -> Result<(), Failure> {
    if plan.changed().next().is_some() {
        if is_asked {
            insist(&session.place());
            for change in plan.changed() {
                session.tell_planned(change, Diff::Full)?;
            }
            let ask = || confirm("This is applied.", "yes", "--yes");
            session.ask(ask).await?;
            // Somebody may have taken their time.
            check_shown(plan, &wanted.plan(session).await?)?;
        } else {
            say(&session.place());
        }
    }
    let deletes = plan
        .changes
        .iter()
        .any(|change| change.action == Action::Deleted);
    if !(waits && deletes) {
        return carry_out(session, plan, wanted, waits).await;
    }
    // What runs goes when what takes its place does.
    let keeping = Wanted {
        consent: Consent {
            prune: Prune::Later,
            ..wanted.consent.clone()
        },
        ..*wanted
    };
    for wanted in [&keeping, wanted] {
        carry_out(session, &wanted.plan(session).await?, wanted, waits).await?;
    }
    Ok(())
}

/// Does what a plan says, waits until it runs where that is wanted, and writes down what came of it.
async fn carry_out(
    session: &Session<'_>,
    plan: &Plan,
    wanted: &Wanted<'_>,
    waits: bool,
) -> Result<(), Failure> {
    let engine = session.engine();
    let mut tell = |change: &_| session.tell_done(change);
    let release = engine
        .apply(plan, &wanted.consent, wanted.source, &mut tell)
        .await?;
    session.tell_summary(&plan.changes)?;
    if !waits {
        return Ok(());
    }
    let result = session.wait(&release).await;
    let outcome = match &result {
        Ok(()) => Some(Outcome::Ready),
        Err(failure) if failure.refusal == Refusal::Rollout => Some(Outcome::Failed),
        Err(_) => None,
    };
    if let Some(outcome) = outcome {
        session.tell_release(&engine.conclude(release, outcome).await?)?;
    }
    result
}

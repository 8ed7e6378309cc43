//! `infra status`, `infra history` and `infra unlock`.

use serde_json::json;

use super::Files;
use super::session::{Session, run};
use crate::cli::{Global, StateArgs, UnlockArgs};
use crate::confirm::confirm;
use crate::error::Failure;
use crate::report::say;

/// Tells what was applied, the newest first.
pub(crate) fn history(global: &Global, args: &StateArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &args.cluster, &files).await?;
        for release in session.engine().releases().await? {
            let event = json!({
                "number": release.number,
                "time": release.time,
                "outcome": release.outcome.name(),
                "image": release.image,
                "object_count": release.objects.len(),
            });
            let line = format!(
                "{:>4}  {}  {:<7}  {}",
                release.number,
                release.time,
                release.outcome.name(),
                release.image
            );
            global.output.tell("release", &event, &line)?;
        }
        Ok(())
    })
}

/// Takes the lock of an environment from whoever holds it.
pub(crate) fn unlock(global: &Global, args: &UnlockArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &args.cluster, &files).await?;
        let engine = session.engine();
        let Some(holder) = engine.holder().await? else {
            say(&format!("nobody holds the lock of {}", session.place()));
            return Ok(());
        };
        say(&format!(
            "{} holds the lock of {} since {} ({})",
            holder.identity,
            session.place(),
            holder.since,
            holder.purpose
        ));
        confirm("open it, though they may be at work?", args.is_confirmed)?;
        engine.unlock().await
    })
}

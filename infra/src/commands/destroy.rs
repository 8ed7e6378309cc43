//! `infra destroy`.

use clap::Args;

use super::Files;
use super::arguments::ConfirmEnv;
use super::session::{Session, run};
use crate::cli::Global;
use crate::engine::Change;
use crate::error::Failure;

/// What is taken away.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    /// Delete volumes too
    #[arg(long)]
    pub(crate) delete_data: bool,
    #[command(flatten)]
    confirm: ConfirmEnv,
}

/// Takes everything of an environment away.
pub(crate) fn destroy(global: &Global, args: &DestroyArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let question = format!("This deletes everything of {}.", session.place());
        let (options, confirm) = (global.clone(), args.confirm.clone());
        let name = session.environment_name.to_owned();
        let is_protected = session.environment.protected;
        let ask = move || confirm.ask(&options, &question, &name, is_protected);
        session.ask(ask).await?;
        let mut changes = Vec::new();
        let mut tell = |change: &Change| {
            changes.push(change.clone());
            session.tell_done(change)
        };
        let engine = session.engine();
        engine.destroy(args.delete_data, &mut tell).await?;
        session.tell_summary(&changes)
    })
}

//! `infra destroy`.

use clap::Args;

use super::Files;
use super::arguments::{ClusterArgs, YesByName};
use super::session::{Session, run};
use crate::cli::Global;
use crate::error::Failure;

/// What is taken away.
#[derive(Args, Debug)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Delete volumes too
    #[arg(long)]
    pub(crate) delete_data: bool,
    #[command(flatten)]
    yes: YesByName,
}

/// Takes everything of an environment away.
pub(crate) fn destroy(global: &Global, args: &DestroyArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open_to_change(global, &args.cluster, &files).await?;
        let question = format!("This deletes everything of {}.", session.place());
        let is_protected = session.environment.protected;
        let (yes, name) = (args.yes.clone(), session.environment_name.to_owned());
        let ask = move || yes.ask(&question, &name, is_protected);
        session.ask(ask).await?;
        let mut tell = |change: &_| session.tell_done(change);
        session.engine().destroy(args.delete_data, &mut tell).await
    })
}

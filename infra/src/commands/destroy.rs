//! `infra destroy`.

use anyhow::anyhow;

use super::Files;
use super::session::{Session, run};
use crate::cli::{DestroyArgs, Global};
use crate::confirm::confirm_name;
use crate::error::{Failure, Refusal};

/// Takes everything of an environment away.
pub(crate) fn destroy(global: &Global, args: &DestroyArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &args.cluster, &files).await?;
        let what = format!("everything of {} is deleted", session.place());
        let name = session.environment_name;
        match args.confirm_env.as_deref() {
            None if args.is_confirmed && session.environment.protected => {
                return Err(Refusal::Refused.because(anyhow!(
                    "the environment {name} is protected, for which `--yes` is not enough: give `--confirm-env {name}`"
                )));
            }
            None if args.is_confirmed => {}
            given => confirm_name(&what, name, given)?,
        }
        let mut tell = |change: &_| session.tell(change, false);
        session.engine().destroy(args.delete_data, &mut tell).await
    })
}

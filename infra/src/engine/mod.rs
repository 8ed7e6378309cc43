//! Brings a cluster to what is wanted of it, and remembers in the cluster itself what that was.
//!
//! [`Engine::plan`] compares; [`Engine::apply`] changes what differs, behind a [`lock`], and removes last what is not wanted any more, which the [`inventory`]
//! knows; [`Engine::wait`] waits until what runs is what was applied; [`releases`] tell what was applied before. There is no state outside of the cluster.

mod apply;
mod destroy;
mod diagnosis;
mod examination;
mod inventory;
mod lock;
mod plan;
mod releases;
mod rollout;
mod state;
mod workload;

use std::future::Future;
use std::time::Duration;

use anyhow::anyhow;

pub(crate) use self::apply::Source;
pub(crate) use self::lock::Holder;
pub(crate) use self::plan::{Action, Change, Consent, DryRun, Plan, Prune, Selection};
pub(crate) use self::releases::{Outcome, Release};
use crate::cluster::{Cluster, cause};
use crate::error::{Failure, Refusal};
use crate::interruption::Interruption;
use crate::object_id::ObjectId;

/// What brings the objects of one environment into a cluster.
pub(crate) struct Engine<'a> {
    /// Where to.
    pub(crate) cluster: &'a Cluster,
    /// What the environment is called.
    pub(crate) environment: &'a str,
    /// In which namespace its objects are.
    pub(crate) namespace: &'a str,
    /// How long something may take.
    pub(crate) timeout: Duration,
    /// When to stop.
    pub(crate) interruption: Interruption,
}

impl Engine<'_> {
    /// The namespace itself.
    fn namespace_id(&self) -> ObjectId {
        ObjectId::of_cluster(["", "v1"], "Namespace", self.namespace)
    }

    /// The answer of the cluster, or how a command ends without it.
    fn expect<T>(
        &self,
        answer: kube::Result<T>,
        wanted: &str,
        id: &ObjectId,
    ) -> Result<T, Failure> {
        answer.map_err(|error| match error {
            kube::Error::Service(_) | kube::Error::HyperError(_)
                if self.interruption.is_there() =>
            {
                interrupted()
            }
            error => self.cluster.place.failure(wanted, id, cause(error)),
        })
    }

    /// Ends what is going on where it was asked to, between two steps.
    fn go_on(&self) -> Result<(), Failure> {
        if self.interruption.is_there() {
            Err(interrupted())
        } else {
            Ok(())
        }
    }

    /// Waits, unless it is asked to stop.
    async fn pause(&self, duration: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.interruption.wait() => Err(interrupted()),
        }
    }

    /// Does some work while nobody else may.
    async fn alone<T>(
        &self,
        purpose: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let lock = self.lock(purpose).await?;
        let result = tokio::select! {
            result = work => result,
            failure = self.renew(&lock) => return Err(failure),
        };
        self.give_back(lock).await;
        result
    }
}

fn interrupted() -> Failure {
    Refusal::Interrupted
        .because(anyhow!("interrupted: what was applied stays as it is"))
        .hint("the same command goes on from there; of a kept plan, make another one")
}

//! Nobody else works on an environment meanwhile: a Lease (<https://kubernetes.io/docs/concepts/architecture/leases/>), which ends by itself where whoever holds it is gone.

use std::time::Duration;

use anyhow::anyhow;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Engine;
use crate::error::{Failure, Refusal};
use crate::model::NAME;
use crate::object_id::ObjectId;

/// How long the lock of somebody who is gone lasts.
const DURATION: SignedDuration = SignedDuration::from_secs(30);

/// How often it is renewed: so often that one attempt may fail.
const RENEWAL: Duration = Duration::from_secs(10);

/// How often taking it is tried where others take it at the same moment.
const ATTEMPTS: usize = 5;

/// What whoever holds the lock does.
const PURPOSE: &str = "kindred/purpose";

/// A lock that is held.
pub(super) struct Lock {
    identity: String,
}

/// Who holds a lock.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Who it is.
    pub(crate) identity: String,
    /// What they do.
    pub(crate) purpose: String,
    /// Since when.
    pub(crate) since: String,
    /// When it ends unless it is renewed.
    pub(crate) end: Timestamp,
}

impl Engine<'_> {
    fn lease_id(&self) -> ObjectId {
        ObjectId::of_group(
            ["coordination.k8s.io", "v1"],
            "Lease",
            self.namespace,
            &format!("{NAME}-{}", self.environment),
        )
    }

    /// Who holds the lock of this environment now, if anybody does.
    pub(crate) async fn holder(&self) -> Result<Option<Holder>, Failure> {
        Ok(self.lease().await?.as_ref().and_then(holder))
    }

    async fn lease(&self) -> Result<Option<Value>, Failure> {
        let id = self.lease_id();
        self.expect(self.cluster.get(&id).await, "read the lock", &id)
    }

    /// Takes the lock, or says who has it.
    pub(super) async fn lock(&self, purpose: &str) -> Result<Lock, Failure> {
        let id = self.lease_id();
        let lock = Lock {
            identity: identity(),
        };
        for _ in 0..ATTEMPTS {
            let live = self.lease().await?;
            if let Some(holder) = live.as_ref().and_then(holder) {
                return Err(self.locked(&holder));
            }
            let lease = self.lease_of(&lock, purpose, live.as_ref());
            let answer = match live {
                Some(_) => self.cluster.replace(&lease, &id).await,
                None => self.cluster.create(&lease, &id).await,
            };
            match answer {
                // Somebody else was faster: who that is stands there now.
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                answer => return self.expect(answer, "take the lock", &id).map(|_| lock),
            }
        }
        Err(Refusal::Locked
            .because(anyhow!(
                "others take the lock of the environment {} all the time",
                self.environment
            ))
            .hint("try again later"))
    }

    /// Renews the lock again and again. Returns where it is lost.
    pub(super) async fn renew(&self, lock: &Lock) -> Failure {
        let id = self.lease_id();
        loop {
            tokio::time::sleep(RENEWAL).await;
            let live = match self.lease().await {
                Ok(live) => live,
                Err(failure) => return failure,
            };
            let Some(live) = live.filter(|live| live["spec"]["holderIdentity"] == lock.identity)
            else {
                return Refusal::Locked
                    .because(anyhow!(
                        "somebody else took the lock of the environment {}: what was applied stays as it is",
                        self.environment
                    ))
                    .hint("see `infra status`");
            };
            let mut lease = live;
            lease["spec"]["renewTime"] = json!(micro_time(Timestamp::now()));
            if let Err(failure) = self.expect(
                self.cluster.replace(&lease, &id).await,
                "renew the lock",
                &id,
            ) {
                return failure;
            }
        }
    }

    /// Gives the lock back. One that cannot be given back ends by itself.
    pub(super) async fn give_back(&self, lock: Lock) {
        if let Ok(Some(lease)) = self.lease().await
            && lease["spec"]["holderIdentity"] == lock.identity
        {
            let _ = self.leave(lease).await;
        }
    }

    /// Takes the lock from whoever holds it.
    pub(crate) async fn unlock(&self) -> Result<(), Failure> {
        match self.lease().await? {
            Some(lease) => self.leave(lease).await,
            None => Ok(()),
        }
    }

    /// Leaves a lease, as it was read, to nobody.
    async fn leave(&self, mut lease: Value) -> Result<(), Failure> {
        let id = self.lease_id();
        lease["spec"]["holderIdentity"] = json!("");
        let written = self.cluster.replace(&lease, &id).await;
        self.expect(written, "open the lock", &id).map(|_| ())
    }

    fn lease_of(&self, lock: &Lock, purpose: &str, live: Option<&Value>) -> Value {
        let id = self.lease_id();
        let now = micro_time(Timestamp::now());
        let mut lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": id.name, "namespace": self.namespace, "annotations": { PURPOSE: purpose } },
            "spec": {
                "holderIdentity": lock.identity,
                "leaseDurationSeconds": DURATION.as_secs(),
                "acquireTime": now,
                "renewTime": now,
            },
        });
        if let Some(live) = live {
            lease["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        }
        lease
    }

    fn locked(&self, holder: &Holder) -> Failure {
        let seconds = holder.end.duration_since(Timestamp::now()).as_secs();
        Refusal::Locked
            .because(anyhow!(
                "{} has been at work on the environment {} since {} ({})",
                holder.identity,
                self.environment,
                holder.since,
                holder.purpose,
            ))
            .hint(format!(
                "wait, or if they are gone, wait {seconds} s until their lock ends, or open it with `infra unlock --env {}`",
                self.environment
            ))
    }
}

/// Who holds a lease that has not ended.
fn holder(lease: &Value) -> Option<Holder> {
    let spec = &lease["spec"];
    let identity = spec["holderIdentity"]
        .as_str()
        .filter(|name| !name.is_empty())?;
    let renewed: Timestamp = spec["renewTime"].as_str()?.parse().ok()?;
    let duration = SignedDuration::from_secs(spec["leaseDurationSeconds"].as_i64()?);
    let end = renewed.checked_add(duration).ok()?;
    (Timestamp::now() < end).then(|| Holder {
        identity: identity.to_owned(),
        purpose: lease["metadata"]["annotations"][PURPOSE]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        since: spec["acquireTime"].as_str().unwrap_or_default().to_owned(),
        end,
    })
}

fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// Who we are, for others to read, and different from everybody else.
fn identity() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME"));
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let machine = machine.or_else(|| variable("HOSTNAME"));
    format!(
        "{}@{} ({}, {})",
        user.as_deref().unwrap_or("somebody"),
        machine.as_deref().map_or("somewhere", str::trim),
        std::process::id(),
        Timestamp::now().as_millisecond(),
    )
}

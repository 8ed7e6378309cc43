//! What was applied before: a `ConfigMap` a release, the newest ten. Values of Secrets are in none.

use anyhow::{Context as _, anyhow};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::Engine;
use super::plan::UNREPEATED_KINDS;
use crate::cluster::ApplyWay;
use crate::doctor::Wanted;
use crate::error::{Failure, Refusal};
use crate::model::{NAME, SECRET_NAME};
use crate::object_id::ObjectId;
use crate::render::mark_pods;

/// How many are kept.
const KEPT: usize = 10;

/// The label of a release, with its number.
const RELEASE: &str = "kindred/release";

/// The keys of a release.
const OBJECTS: &str = "objects";
const IMAGE: &str = "image";
const TIME: &str = "time";
const OUTCOME: &str = "outcome";
const ROLLBACK_OF: &str = "rollback-of";

/// Something that was applied.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// From 1, one more for each.
    pub(crate) number: u64,
    /// When.
    pub(crate) time: String,
    /// The application's artifact.
    pub(crate) image: String,
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// The release that it is again, where it was gone back to.
    pub(crate) rollback_of: Option<u64>,
    /// What was wanted, but for Secrets.
    pub(crate) objects: Vec<Value>,
}

/// What came of a release.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It was applied, and nobody waited to see it run.
    Applied,
    /// It ran.
    Ready,
    /// It did not run.
    Failed,
}

impl Outcome {
    /// What it is called in lists and records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "ready" => Self::Ready,
            "failed" => Self::Failed,
            _ => Self::Applied,
        }
    }
}

impl Engine<'_> {
    pub(super) fn release_id(&self, number: u64) -> ObjectId {
        let name = format!("{NAME}-release-{}-{number}", self.environment);
        ObjectId::of_core("ConfigMap", self.namespace, &name)
    }

    /// What was applied before, the newest first.
    pub(crate) async fn releases(&self) -> Result<Vec<Release>, Failure> {
        let id = self.release_id(0);
        let selector = format!("{RELEASE},app.kubernetes.io/instance={}", self.environment);
        let records = self.cluster.list(&id, &selector).await;
        let records = self.expect(records, "read the releases beside", &id)?;
        let mut releases = records.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        releases.sort_by_key(|release| std::cmp::Reverse(release.number));
        Ok(releases)
    }

    /// Writes down what was applied, unless the newest release is that, and forgets the oldest.
    pub(super) async fn record_release<'v>(
        &self,
        image: &str,
        rollback_of: Option<u64>,
        objects: impl Iterator<Item = &'v Value>,
    ) -> Result<Release, Failure> {
        let mut releases = self.releases().await?;
        let objects: Vec<Value> = recorded(objects).cloned().collect();
        if releases
            .first()
            .is_some_and(|newest| newest.image == image && newest.objects == objects)
        {
            return Ok(releases.swap_remove(0));
        }
        let release = Release {
            number: releases.first().map_or(1, |newest| newest.number + 1),
            time: format!("{:.0}", Timestamp::now()),
            image: image.to_owned(),
            outcome: Outcome::Applied,
            rollback_of,
            objects,
        };
        self.write_release(&release).await?;
        for old in releases.iter().skip(KEPT - 1) {
            let id = self.release_id(old.number);
            let live = self.expect(self.cluster.get(&id).await, "read", &id)?;
            if let Some(uid) = live
                .as_ref()
                .and_then(|live| live["metadata"]["uid"].as_str())
            {
                self.expect(self.cluster.delete(&id, uid).await, "forget", &id)?;
            }
        }
        Ok(release)
    }

    /// Ends what waits for a release where there is another one by now, or none any more.
    pub(super) async fn check_newest(&self, release: &Release) -> Result<(), Failure> {
        let [this, next] =
            [release.number, release.number + 1].map(|number| self.release_id(number));
        let is_there = async |id| {
            let live = self.expect(self.cluster.get(id).await, "read", id)?;
            Ok::<_, Failure>(live.is_some())
        };
        let what = if is_there(&next).await? {
            format!(
                "others applied release {} of the environment",
                release.number + 1
            )
        } else if is_there(&this).await? {
            return Ok(());
        } else {
            "others destroyed the environment".to_owned()
        };
        Err(Refusal::Locked
            .because(anyhow!(
                "{what} {} while release {} was waited for",
                self.environment,
                release.number
            ))
            .hint(format!("see `infra status --env {}`", self.environment)))
    }

    /// Writes down what came of a release, unless that is written already.
    pub(crate) async fn conclude(
        &self,
        release: Release,
        outcome: Outcome,
    ) -> Result<Release, Failure> {
        let is_written = release.outcome == outcome;
        let release = Release { outcome, ..release };
        if !is_written {
            self.write_release(&release).await?;
        }
        Ok(release)
    }

    async fn write_release(&self, release: &Release) -> Result<(), Failure> {
        let id = self.release_id(release.number);
        let objects = release.objects.iter().map(Value::to_string);
        let mut object = self.record(
            &id,
            &json!({
                OBJECTS: objects.collect::<Vec<_>>().join("\n"),
                IMAGE: release.image,
                TIME: release.time,
                OUTCOME: release.outcome.name(),
            }),
        );
        object["metadata"]["labels"][RELEASE] = json!(release.number.to_string());
        if let Some(number) = release.rollback_of {
            object["data"][ROLLBACK_OF] = json!(number.to_string());
        }
        let written = self.cluster.apply(&object, &id, ApplyWay::default()).await;
        self.expect(written, "write", &id).map(|_| ())
    }

    /// What a release wanted, with pods that go by the Secret as it is now: no record has its values, so that it stays, and has to be there if it is read.
    pub(crate) async fn objects_again(&self, release: &Release) -> Result<Vec<Value>, Failure> {
        let id = ObjectId::of_core("Secret", self.namespace, SECRET_NAME);
        let mut objects = release.objects.clone();
        objects.retain(|object| !UNREPEATED_KINDS.iter().any(|kind| object["kind"] == *kind));
        let Some(keys) = Wanted(&objects).secret_keys().remove(SECRET_NAME) else {
            return Ok(objects);
        };
        let live = self.expect(self.cluster.get(&id).await, "read", &id)?;
        let data = live.map_or(Value::Null, |mut live| live["data"].take());
        let Some(gone) = keys.into_iter().find(|key| data[*key].is_null()) else {
            for object in &mut objects {
                mark_pods(object, std::slice::from_ref(&data));
            }
            return Ok(objects);
        };
        Err(Refusal::Preflight
            .because(anyhow!(
                "release {} reads `{gone}` of {id}, which is gone, and no record has its value",
                release.number
            ))
            .hint("configure `secrets` as they were then and run `infra apply`")
            .about(&id))
    }

    /// The release of a number; or the newest that ran, of those before the newest. Where that is one that was gone back to, those before it as it was made; or it itself, where nobody saw
    /// whether it runs, as going back was interrupted.
    pub(crate) async fn release(&self, number: Option<u64>) -> Result<Release, Failure> {
        let releases = self.releases().await?;
        let newest = releases.first();
        let newest_number = newest.map_or(0, |newest| newest.number);
        let before = newest.map_or(0, |newest| newest.rollback_of.unwrap_or(newest.number));
        let mut releases = releases.into_iter();
        match number {
            Some(number) => releases
                .find(|release| release.number == number)
                .ok_or_else(|| {
                    Refusal::Invalid
                        .because(anyhow!(
                            "there is no release {number} of the environment {}",
                            self.environment
                        ))
                        .hint("see `infra history`")
                }),
            None => releases
                .find(|release| {
                    let is_interrupted =
                        release.rollback_of.is_some() && release.outcome == Outcome::Applied;
                    let ran = release.number < before && release.outcome == Outcome::Ready;
                    ran || release.number == newest_number && is_interrupted
                })
                .ok_or_else(|| {
                    Refusal::Invalid
                        .because(anyhow!(
                            "no release of the environment {} before the newest was seen to run",
                            self.environment
                        ))
                        .hint("name one of `infra history`")
                }),
        }
    }
}

/// What of some objects is written down: everything but values of Secrets.
fn recorded<'v>(objects: impl Iterator<Item = &'v Value>) -> impl Iterator<Item = &'v Value> {
    objects.filter(|object| object["kind"] != "Secret")
}

fn read(record: &Value) -> Result<Release, Failure> {
    let name = record["metadata"]["name"].as_str().unwrap_or_default();
    let text = |key: &str| record["data"][key].as_str().unwrap_or_default();
    let read = || {
        let number = record["metadata"]["labels"][RELEASE]
            .as_str()
            .unwrap_or_default();
        let objects = text(OBJECTS).lines().map(serde_json::from_str);
        anyhow::Ok(Release {
            number: number.parse()?,
            time: text(TIME).to_owned(),
            image: text(IMAGE).to_owned(),
            outcome: Outcome::of(text(OUTCOME)),
            rollback_of: text(ROLLBACK_OF).parse().ok(),
            objects: objects.collect::<Result<_, _>>()?,
        })
    };
    let id = format!("ConfigMap/{name}");
    let release = read().with_context(|| format!("{id} is not a release as it was written"));
    release.map_err(|error| Failure::from(error).hint("delete it").about(&id))
}

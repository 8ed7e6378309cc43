//! What the commands have that speak with a cluster.

use anyhow::{Context as _, anyhow};
use config::Environment;
use serde_json::{Value, json};

use super::Files;
use super::plan::Diff;
use crate::cli::Global;
use crate::cluster::Cluster;
use crate::engine::{Action, Change, Engine, Release};
use crate::error::{Failure, Refusal};
use crate::interruption::Interruption;
use crate::model::Model;
use crate::render;
use crate::saved_plan::Target;

/// An environment, and the cluster that it is in.
pub(super) struct Session<'a> {
    pub(super) global: &'a Global,
    pub(super) cluster: Cluster,
    pub(super) environment_name: &'a str,
    pub(super) environment: &'a Environment,
    pub(super) namespace: String,
    interruption: Interruption,
}

/// Runs what waits for a cluster.
pub(super) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.context("could not start the runtime")?;
    let result = runtime.block_on(work);
    // Nobody waits for an answer that nobody asks for any more.
    runtime.shutdown_background();
    result
}

/// Does what changes nothing, unless Ctrl-C comes before its end.
pub(super) async fn unless_interrupted<T>(
    interruption: &Interruption,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        () = interruption.wait() => {
            Err(Refusal::Interrupted.because(anyhow!("interrupted: nothing was done")))
        }
    }
}

impl<'a> Session<'a> {
    /// Connects to the cluster of an environment, to look at it: Ctrl-C ends that at once.
    pub(super) async fn open(global: &'a Global, files: &'a Files) -> Result<Self, Failure> {
        Self::connect(global, files, Interruption::none()).await
    }

    /// Connects to the cluster of an environment, for what is not to be torn apart by Ctrl-C.
    pub(super) async fn open_to_change(
        global: &'a Global,
        files: &'a Files,
    ) -> Result<Self, Failure> {
        let interruption = Interruption::listen().context("could not listen for Ctrl-C")?;
        Self::connect(global, files, interruption).await
    }

    async fn connect(
        global: &'a Global,
        files: &'a Files,
        interruption: Interruption,
    ) -> Result<Self, Failure> {
        let (environment_name, environment) = files.environment(global)?;
        let context = global.context.as_deref().or(environment.context.as_deref());
        let connecting = Cluster::connect(context, interruption.clone());
        let cluster = unless_interrupted(&interruption, connecting).await?;
        Ok(Self {
            global,
            cluster,
            environment_name,
            environment,
            namespace: environment.namespace_of(environment_name),
            interruption,
        })
    }

    /// Asks whoever sits at the terminal, unless Ctrl-C comes before the answer.
    pub(super) async fn ask(
        &self,
        ask: impl FnOnce() -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        let asked = async {
            tokio::task::spawn_blocking(ask)
                .await
                .context("could not ask")?
        };
        unless_interrupted(&self.interruption, asked).await
    }

    /// What brings the environment's objects into the cluster.
    pub(super) fn engine(&self) -> Engine<'_> {
        Engine {
            cluster: &self.cluster,
            environment: self.environment_name,
            namespace: &self.namespace,
            timeout: self.global.timeout(),
            interruption: self.interruption.clone(),
        }
    }

    /// What is wanted of the environment, values of secrets included.
    pub(super) fn wanted(&self, model: Model<'_>) -> Result<(Vec<Value>, String), Failure> {
        let invalid = |error: anyhow::Error| {
            Refusal::Invalid
                .because(error.context(format!("environment `{}`", self.environment_name)))
        };
        let model = model.with_secret_values().map_err(invalid)?;
        let objects = render::render(&model)
            .into_iter()
            .map(|object| object.value);
        Ok((objects.collect(), model.image))
    }

    /// Which cluster it is, for people.
    pub(super) fn place(&self) -> String {
        let place = &self.cluster.place;
        format!(
            "environment {}, namespace {}, context {} ({}), as {}",
            self.environment_name, self.namespace, place.context, place.server, place.user
        )
    }

    /// What a plan is for.
    pub(super) fn target(&self) -> Target {
        Target {
            environment: self.environment_name.to_owned(),
            namespace: self.namespace.clone(),
            server: self.cluster.place.server.clone(),
        }
    }

    /// What was applied last, which there has to be.
    pub(super) async fn newest_release(&self) -> Result<Release, Failure> {
        let releases = self.engine().releases().await?;
        releases.into_iter().next().ok_or_else(|| {
            Refusal::Invalid
                .because(anyhow!(
                    "nothing was applied to the environment {} yet",
                    self.environment_name
                ))
                .hint("`infra apply` does that")
        })
    }

    /// Tells what was done to an object. Once it is made, it does not matter what could not be tried before.
    pub(super) fn tell_done(&self, change: &Change) -> Result<(), Failure> {
        let note = change.note.as_deref();
        let note = note.filter(|_| change.action != Action::Created);
        self.tell(change, &line(change, note))
    }

    /// Tells what would be done to an object.
    pub(super) fn tell_planned(&self, change: &Change, diff: Diff) -> Result<(), Failure> {
        let mut line = line(change, change.note.as_deref());
        if diff == Diff::Full {
            for difference in &change.differences {
                let shown = |value: &Option<Value>| {
                    value
                        .as_ref()
                        .map_or("(nothing)".to_owned(), Value::to_string)
                };
                line = format!(
                    "{line}\n             {}: {} -> {}",
                    difference.path,
                    shown(&difference.before),
                    shown(&difference.after)
                );
            }
        }
        self.tell(change, &line)
    }

    fn tell(&self, change: &Change, line: &str) -> Result<(), Failure> {
        let differences = change.differences.iter().map(|difference| {
            json!({ "path": difference.path, "before": difference.before, "after": difference.after })
        });
        let event = json!({
            "action": change.action.name(),
            "group": change.id.group,
            "kind": change.id.kind,
            "namespace": change.id.namespace,
            "name": change.id.name,
            "note": change.note,
            "differences": differences.collect::<Vec<_>>(),
        });
        Ok(self.global.output.tell("object", &event, line)?)
    }

    /// Tells how many objects something was done to, of each thing.
    pub(super) fn tell_summary(&self, changes: &[Change]) -> Result<(), Failure> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for change in changes {
            let name = change.action.name();
            match counts.iter_mut().find(|(counted, _)| *counted == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        let event: serde_json::Map<String, Value> = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), json!(count)))
            .collect();
        let counts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let line = if counts.is_empty() {
            "nothing to do".to_owned()
        } else {
            counts.join(", ")
        };
        let output = self.global.output;
        Ok(output.tell("summary", &Value::Object(event), &line)?)
    }

    /// Tells what was applied.
    pub(super) fn tell_release(&self, release: &Release) -> Result<(), Failure> {
        let Release {
            number,
            time,
            image,
            outcome,
            rollback_of,
            ..
        } = release;
        let outcome = outcome.name();
        let mut event =
            json!({ "number": number, "time": time, "outcome": outcome, "image": image });
        let mut line = format!("release {number:<4} {time}  {outcome:<7}  {image}");
        if let Some(again) = rollback_of {
            event["rollback_of"] = json!(again);
            line = format!("{line}  (release {again} again)");
        }
        Ok(self.global.output.tell("release", &event, &line)?)
    }

    /// Waits until a release runs, and tells how far it is.
    pub(super) async fn wait(&self, release: &Release) -> Result<(), Failure> {
        let mut tell = |line: &str| {
            let event = json!({ "message": line });
            Ok(self.global.output.tell("progress", &event, line)?)
        };
        self.engine().wait(release, &mut tell).await
    }
}

/// What is or was done to an object, as a line.
fn line(change: &Change, note: Option<&str>) -> String {
    let line = format!("{:<10} {}", change.action.name(), change.id);
    match note {
        Some(note) => format!("{line} ({note})"),
        None => line,
    }
}

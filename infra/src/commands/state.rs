//! `infra status`, `infra outputs`, `infra explain`, `infra history` and `infra unlock`.

use clap::Args;
use serde_json::{Value, json};

use super::Files;
use super::plan::{Diff, chosen};
use super::session::{Session, run};
use crate::cli::Global;
use crate::engine::{Consent, DryRun, Selection};
use crate::error::Failure;
use crate::model::NAME;
use crate::object_id::ObjectId;
use crate::report::{insist, say};

/// Which object is explained.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The object, as `Kind/name`
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
    /// The application's artifact that is wanted, instead of `application.image`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) image: Option<String>,
}

/// The version of what `outputs` writes for programs. It changes where something means another thing than before.
const OUTPUTS_SCHEMA_VERSION: u32 = 1;

/// How many events are told of an object.
const TOLD_EVENTS: usize = 5;

/// Tells how an environment is.
pub(crate) fn status(global: &Global) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        say(&session.place());
        let status = session.engine().status().await?;
        if let Some(holder) = &status.holder {
            let event = json!({ "holder": holder.identity, "purpose": holder.purpose, "since": holder.since });
            let line = format!(
                "{} is at work on it since {} ({})",
                holder.identity, holder.since, holder.purpose
            );
            global.output.tell("lock", &event, &line)?;
        }
        match &status.release {
            Some(release) => session.tell_release(release)?,
            None => say("nothing was applied yet"),
        }
        for (id, state) in &status.objects {
            let event = json!({ "kind": id.kind, "name": id.name, "namespace": id.namespace, "state": state });
            global
                .output
                .tell("object", &event, &format!("{id}: {state}"))?;
        }
        Ok(())
    })
}

/// Tells what others need to know of an environment.
pub(crate) fn outputs(global: &Global) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        let engine = session.engine();
        let addresses = engine.addresses().await?;
        let release = engine.releases().await?.into_iter().next();
        let storage = session
            .environment
            .storage
            .as_ref()
            .unwrap_or(&files.config.storage);
        // Each function has one of its own where they run apart.
        let is_one = !session.environment.application.per_function;
        let service = is_one.then(|| format!("http://{NAME}.{}.svc", session.namespace));
        let number = release.as_ref().map(|release| release.number);
        let image = release.as_ref().map(|release| release.image.as_str());
        let event = json!({
            "schema_version": OUTPUTS_SCHEMA_VERSION,
            "environment": session.environment_name,
            "namespace": session.namespace,
            "addresses": addresses,
            "service": service,
            "release": number,
            "image": image,
            "bucket": storage.bucket,
            "endpoint": storage.endpoint,
        });
        let mut lines = Vec::new();
        for (name, value) in event.as_object().into_iter().flatten() {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Array(list) => list
                    .iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(" "),
                Value::Null => continue,
                other => other.to_string(),
            };
            lines.push(format!("{name:<14} {value}"));
        }
        Ok(global.output.tell("outputs", &event, &lines.join("\n"))?)
    })
}

/// Tells of one object who owns it, in what it differs from what is wanted, and what happened to it.
pub(crate) fn explain(global: &Global, args: &ExplainArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        let engine = session.engine();
        let model = files.model(global, args.image.as_deref())?;
        let (objects, _) = session.wanted(model)?;
        let names = std::slice::from_ref(&args.object);
        let wanted = chosen(objects, names, session.environment_name)?;
        let id = ObjectId::of(&wanted[0]);
        let Some((live, events)) = engine.look(&id).await? else {
            return Ok(global.output.tell(
                "absent",
                &json!({}),
                &format!("{id} is not there: `infra apply` makes it"),
            )?);
        };
        for entry in live["metadata"]["managedFields"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            let event = json!({ "manager": text("manager"), "operation": text("operation"), "time": text("time"), "subresource": entry["subresource"], "fields": entry["fieldsV1"] });
            let what = match entry["subresource"].as_str() {
                Some(part) => format!("its {part}"),
                None => format!("{} fields", count_fields(&entry["fieldsV1"])),
            };
            let sentence = format!(
                "{} owns {what}, by {} at {}",
                text("manager"),
                text("operation"),
                text("time")
            );
            global.output.tell("owner", &event, &sentence)?;
        }
        // Whose a field is, is told already.
        let consent = Consent {
            force_conflicts: Selection::all(),
            ..Consent::default()
        };
        for change in engine
            .plan(&wanted, &consent, DryRun::Server)
            .await?
            .changes
        {
            if change.id.is_same(&id) {
                session.tell_planned(&change, Diff::Full)?;
            }
        }
        for event in events.iter().take(TOLD_EVENTS) {
            let text = |name: &str| event[name].as_str().unwrap_or_default();
            let sentence = format!(
                "{} {}: {}",
                text("lastTimestamp"),
                text("reason"),
                text("message")
            );
            global.output.tell("event", event, &sentence)?;
        }
        Ok(())
    })
}

/// How many fields a tree of owned fields has.
fn count_fields(fields: &Value) -> usize {
    match fields.as_object() {
        Some(below) if !below.is_empty() => below.values().map(count_fields).sum(),
        _ => 1,
    }
}

/// Tells what was applied, the newest first.
pub(crate) fn history(global: &Global) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        for release in session.engine().releases().await? {
            session.tell_release(&release)?;
        }
        Ok(())
    })
}

/// Takes the lock of an environment from whoever holds it.
pub(crate) fn unlock(global: &Global) -> Result<(), Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        let engine = session.engine();
        let Some(holder) = engine.holder().await? else {
            let line = format!("nobody holds the lock of {}", session.place());
            return Ok(global
                .output
                .tell("summary", &json!({ "opened": false }), &line)?);
        };
        insist(&format!(
            "{} holds the lock of {} since {} ({})",
            holder.identity,
            session.place(),
            holder.since,
            holder.purpose
        ));
        global.ask("This opens it, though they may be at work.")?;
        engine.unlock().await?;
        let line = "the lock is open";
        Ok(global
            .output
            .tell("summary", &json!({ "opened": true }), line)?)
    })
}

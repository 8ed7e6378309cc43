//! `infra cloud`: the stack of an environment on AWS.

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::arguments::ConfirmEnv;
use super::{environment, environment_name, read_config};
use crate::aws::Aws;
use crate::cli::Global;
use crate::cloud::change_set::{ChangeSet, PlannedChange, Replaced};
use crate::cloud::events::Event;
use crate::cloud::stacks::{Description, Stacks, State};
use crate::cloud::{Stack, template};
use crate::confirm::confirm;
use crate::error::{Failure, Refusal};
use crate::report::{Output, say};

/// What is done with the stack of an environment.
#[derive(Debug, Subcommand)]
pub(crate) enum CloudCommand {
    /// Write the stack's template as JSON, without credentials
    Render,
    /// Tell what applying would change, through a change set that is deleted again
    Plan(CloudPlanArgs),
    /// Change the stack to what the configuration says, and wait for it
    Apply,
    /// Tell the stack's outputs: buckets, addresses, repositories, roles
    Outputs,
    /// Delete the stack; the buckets stay
    Destroy(ConfirmEnv),
}

/// How changes are told.
#[derive(Args, Debug)]
pub(crate) struct CloudPlanArgs {
    /// End with status 2 if there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// The outputs with the names of what stays when the stack goes.
const KEPT: [&str; 2] = ["IndexBucket", "SiteBucket"];

/// Does with the stack of an environment what is said.
pub(crate) fn cloud(global: &Global, command: &CloudCommand) -> Result<(), Failure> {
    let output = global.output;
    match command {
        CloudCommand::Render => render(global),
        CloudCommand::Plan(args) => {
            with_stack(global, |stacks, stack| plan(output, args, stacks, stack))
        }
        CloudCommand::Apply => with_stack(global, |stacks, stack| apply(global, stacks, stack)),
        CloudCommand::Outputs => with_stack(global, |stacks, stack| outputs(output, stacks, stack)),
        CloudCommand::Destroy(confirm) => with_stack(global, |stacks, stack| {
            destroy(global, confirm, stacks, stack)
        }),
    }
}

/// Writes the template.
fn render(global: &Global) -> Result<(), Failure> {
    let (config, _) = read_config(global)?;
    let stack = stack(global, &config)?;
    let template = template(&stack);
    let text = serde_json::to_string_pretty(&template).context("could not write JSON")?;
    let event = json!({ "template": template });
    Ok(global.output.tell("template", &event, &text)?)
}

/// Does something with the stack of the environment that is asked for.
fn with_stack(
    global: &Global,
    work: impl FnOnce(&Stacks<'_>, &Stack<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (config, _) = read_config(global)?;
    let stack = stack(global, &config)?;
    let aws = Aws::in_region(&stack.storage.region)?;
    work(&Stacks::new(&aws, &stack), &stack)
}

/// Tells what applying would change.
fn plan(
    output: Output,
    args: &CloudPlanArgs,
    stacks: &Stacks<'_>,
    stack: &Stack<'_>,
) -> Result<(), Failure> {
    let change_set = compare(stacks, stack)?;
    tell_changes(output, change_set.as_ref())?;
    let Some(change_set) = change_set else {
        return Ok(());
    };
    stacks.discard(&change_set)?;
    if args.detailed_exitcode {
        return Err(Refusal::Changes.because(anyhow!("there are changes")));
    }
    Ok(())
}

/// Changes the stack to what the configuration says.
fn apply(global: &Global, stacks: &Stacks<'_>, stack: &Stack<'_>) -> Result<(), Failure> {
    let output = global.output;
    let change_set = compare(stacks, stack)?;
    tell_changes(output, change_set.as_ref())?;
    if let Some(change_set) = change_set {
        if let Err(failure) = confirm_apply(global, stack) {
            stacks.discard(&change_set)?;
            return Err(failure);
        }
        stacks.execute(&change_set, |event| tell_event(output, event))?;
    }
    match stacks.state()? {
        State::There(description) => Ok(tell_outputs(output, &description)?),
        _ => Ok(()),
    }
}

/// Tells the stack's outputs.
fn outputs(output: Output, stacks: &Stacks<'_>, stack: &Stack<'_>) -> Result<(), Failure> {
    match stacks.state()? {
        State::Absent => Err(absent(stack)),
        State::There(found) | State::Failed(found) | State::Held(found) => {
            Ok(tell_outputs(output, &found)?)
        }
    }
}

/// Deletes the stack.
fn destroy(
    global: &Global,
    confirm: &ConfirmEnv,
    stacks: &Stacks<'_>,
    stack: &Stack<'_>,
) -> Result<(), Failure> {
    let output = global.output;
    let found = match stacks.state()? {
        State::Absent => {
            let line = format!("there is no stack `{}`", stack.name);
            return Ok(output.tell("summary", &json!({ "deleted": false }), &line)?);
        }
        State::Held(found) if found.status.ends_with("IN_PROGRESS") => {
            return Err(held(stack, &found));
        }
        State::There(found) | State::Failed(found) | State::Held(found) => found,
    };
    let question = format!("This deletes the stack `{}`; its buckets stay.", stack.name);
    confirm.ask(global, &question, stack.environment_name, stack.protected)?;
    stacks.delete(&found, |event| tell_event(output, event))?;
    let deleted = json!({ "deleted": true });
    let line = format!("deleted the stack `{}`", stack.name);
    output.tell("summary", &deleted, &line)?;
    for bucket in KEPT.iter().filter_map(|output| found.outputs.get(*output)) {
        let line = format!("kept the bucket `{bucket}` with what is in it");
        output.tell("kept", &json!({ "bucket": bucket }), &line)?;
    }
    Ok(())
}

pub(super) fn stack<'a>(global: &Global, config: &'a config::Config) -> Result<Stack<'a>, Failure> {
    let (name, _) = environment(config, environment_name(global)?)?;
    Stack::new(config, name).map_err(|error| Refusal::Invalid.because(error))
}

pub(super) fn absent(stack: &Stack<'_>) -> Failure {
    Refusal::Preflight
        .because(anyhow!("there is no stack `{}`", stack.name))
        .hint(format!(
            "make it with `infra cloud apply --env {}`",
            stack.environment_name
        ))
}

fn held(stack: &Stack<'_>, found: &Description) -> Failure {
    Refusal::Locked
        .because(anyhow!("the stack `{}` is {}", stack.name, found.status))
        .hint("wait until that is over, and run the command again")
}

/// What is to be changed of a stack that can be changed.
fn compare(stacks: &Stacks<'_>, stack: &Stack<'_>) -> Result<Option<ChangeSet>, Failure> {
    let is_first = match stacks.state()? {
        State::Absent => true,
        State::There(_) => false,
        State::Failed(found) => {
            return Err(Refusal::Preflight
                .because(anyhow!(
                    "the stack `{}` is {}, and can only be deleted",
                    stack.name,
                    found.status
                ))
                .hint(format!(
                    "run `infra cloud destroy --env {}`, then this again",
                    stack.environment_name
                )));
        }
        State::Held(found) if found.status.ends_with("_FAILED") => {
            return Err(Refusal::Preflight
                .because(anyhow!("the stack `{}` is {}", stack.name, found.status))
                .hint(format!(
                    "have CloudFormation end it with `aws cloudformation continue-update-rollback --stack-name {}`, then run this again",
                    stack.name
                )));
        }
        State::Held(found) => return Err(held(stack, &found)),
    };
    stacks.compare(stack, template(stack).to_string(), is_first)
}

fn confirm_apply(global: &Global, stack: &Stack<'_>) -> Result<(), Failure> {
    let question = format!("This changes the stack `{}`.", stack.name);
    if stack.protected && !global.yes {
        return confirm(&question, stack.environment_name, "--yes");
    }
    global.ask(&question)
}

fn tell_changes(output: Output, change_set: Option<&ChangeSet>) -> Result<()> {
    let changes = change_set.map_or(&[][..], |change_set| &change_set.changes);
    for change in changes {
        tell_change(output, change)?;
    }
    let num = |action: &str| {
        changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let [add, modify, remove, import] = ["add", "modify", "remove", "import"].map(num);
    let summary = json!({ "add": add, "modify": modify, "remove": remove, "import": import });
    let line = if change_set.is_none() {
        "nothing to change".to_owned()
    } else {
        let import = if import == 0 {
            String::new()
        } else {
            format!(", {import} to import")
        };
        format!("{add} to add, {modify} to modify, {remove} to remove{import}")
    };
    output.tell("summary", &summary, &line)
}

fn tell_change(output: Output, change: &PlannedChange) -> Result<()> {
    let PlannedChange {
        action,
        resource,
        kind,
        properties,
        replacement,
    } = change;
    let (is_replaced, words) = match replacement {
        Replaced::Never => ("never", ""),
        Replaced::Perhaps => ("perhaps", "; may be replaced"),
        Replaced::Always => ("always", "; is replaced"),
    };
    let event = json!({
        "action": action, "resource": resource, "kind": kind,
        "properties": properties, "replaced": is_replaced,
    });
    let because = if properties.is_empty() {
        String::new()
    } else {
        format!(": {}", properties.join(", "))
    };
    output.tell(
        "change",
        &event,
        &format!("{action:<7} {resource} ({kind}){because}{words}"),
    )
}

fn tell_event(output: Output, event: &Event) -> Result<()> {
    let Event {
        resource,
        kind,
        status,
        reason,
        ..
    } = event;
    let fields = json!({ "resource": resource, "kind": kind, "status": status, "reason": reason });
    let because = reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"));
    output.tell_progress(
        "event",
        &fields,
        &format!("{status:<19} {resource} ({kind}){because}"),
    )
}

fn tell_outputs(output: Output, found: &Description) -> Result<()> {
    for (name, value) in &found.outputs {
        let event = json!({ "name": name, "value": value });
        output.tell("output", &event, &format!("{name:<22} {value}"))?;
    }
    if found.outputs.is_empty() {
        say("the stack has no outputs");
    }
    Ok(())
}

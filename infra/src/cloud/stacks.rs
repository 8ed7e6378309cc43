//! The one stack that a command is about, as `CloudFormation` has it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeAction, ChangeSetStatus, ChangeSetType, Replacement,
    ResourceAttribute, ResourceChange, ResourceStatus, StackEvent, Tag,
};

use super::Stack;
use crate::aws::{Aws, failed};
use crate::error::{Failure, Refusal};

/// How often it is asked how far something is.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// The stack's client.
pub(crate) struct Stacks<'a> {
    aws: &'a Aws,
    client: Client,
    name: &'a str,
}

/// How a stack is.
pub(crate) enum State {
    /// There is none, or one that has nothing in it yet.
    Absent,
    /// It is there, and can be changed.
    There(Description),
    /// It was not made, or not deleted, to the end, and all that can be done with it is to delete it.
    Failed(Description),
    /// Somebody is changing it, or it is stuck in a change.
    Held(Description),
}

/// What is known of a stack.
pub(crate) struct Description {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) outputs: BTreeMap<String, String>,
}

/// Changes that can be carried out.
pub(crate) struct ChangeSet {
    id: String,
    stack_id: String,
    /// Whether the stack was made for this, and is empty.
    is_first: bool,
    pub(crate) changes: Vec<PlannedChange>,
}

/// What is to happen to a resource.
pub(crate) struct PlannedChange {
    /// `add`, `modify`, `remove` or `import`.
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) kind: String,
    /// The properties for which it is changed.
    pub(crate) properties: Vec<String>,
    pub(crate) replacement: Replaced,
}

/// Whether another resource takes the place of one that is changed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Replaced {
    Never,
    Perhaps,
    Always,
}

/// Something that happened to a resource.
pub(crate) struct Event {
    pub(crate) resource: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    is_of_stack: bool,
}

impl<'a> Stacks<'a> {
    /// For a stack; nothing is asked yet.
    pub(crate) fn new(aws: &'a Aws, stack: &'a Stack<'_>) -> Self {
        Self {
            aws,
            client: Client::new(&aws.config),
            name: &stack.name,
        }
    }

    /// How the stack is.
    pub(crate) fn state(&self) -> Result<State> {
        let asked = self.client.describe_stacks().stack_name(self.name).send();
        let answer = match self.aws.runtime.block_on(asked) {
            // There is no other way to ask whether there is one.
            Err(error)
                if error.code() == Some("ValidationError")
                    && error
                        .message()
                        .is_some_and(|text| text.contains("does not exist")) =>
            {
                return Ok(State::Absent);
            }
            other => other
                .map_err(|error| failed(&format!("ask for the stack `{}`", self.name), error))?,
        };
        let Some(stack) = answer.stacks().first() else {
            return Ok(State::Absent);
        };
        let status = stack.stack_status().map_or("", |status| status.as_str());
        let outputs = stack.outputs().iter().filter_map(|output| {
            Some((
                output.output_key()?.to_owned(),
                output.output_value()?.to_owned(),
            ))
        });
        let description = Description {
            id: stack.stack_id().unwrap_or(self.name).to_owned(),
            status: status.to_owned(),
            outputs: outputs.collect(),
        };
        Ok(match status {
            "REVIEW_IN_PROGRESS" => State::Absent,
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" => {
                State::Failed(description)
            }
            "UPDATE_ROLLBACK_FAILED" | "UPDATE_FAILED" => State::Held(description),
            _ if status.ends_with("IN_PROGRESS") => State::Held(description),
            _ => State::There(description),
        })
    }

    /// Asks what it would change to make the stack what a template says; `None` is nothing.
    pub(crate) fn compare(
        &self,
        stack: &Stack<'_>,
        template: String,
        is_first: bool,
    ) -> Result<Option<ChangeSet>, Failure> {
        let milliseconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let milliseconds = milliseconds.unwrap_or_default().as_millis();
        let tags = stack
            .tags()
            .map(|(key, value)| Tag::builder().key(key).value(value).build());
        let change_set_type = if is_first {
            ChangeSetType::Create
        } else {
            ChangeSetType::Update
        };
        let asked = self
            .client
            .create_change_set()
            .stack_name(self.name)
            .change_set_name(format!("kindred-infra-{milliseconds}"))
            .change_set_type(change_set_type)
            .template_body(template)
            .set_tags(Some(tags.to_vec()))
            .capabilities(Capability::CapabilityIam)
            // A bucket that stayed when the stack went comes back with it.
            .import_existing_resources(true)
            .send();
        let made = self.aws.runtime.block_on(asked);
        let made = made.map_err(|error| {
            failed(
                &format!("make a change set for the stack `{}`", self.name),
                error,
            )
        })?;
        let mut change_set = ChangeSet {
            id: made.id().unwrap_or_default().to_owned(),
            stack_id: made.stack_id().unwrap_or(self.name).to_owned(),
            is_first,
            changes: Vec::new(),
        };
        let answer = self
            .aws
            .runtime
            .block_on(self.completed(&change_set.id, None))?;
        let reason = answer.status_reason().unwrap_or("no reason was given");
        if answer.status() == Some(&ChangeSetStatus::Failed) {
            self.discard(&change_set)?;
            let is_nothing = reason.contains("didn't contain changes")
                || reason.contains("No updates are to be performed");
            return if is_nothing {
                Ok(None)
            } else {
                Err(Refusal::Unexpected.because(anyhow!(
                    "the stack `{}` cannot be changed so: {reason}",
                    self.name
                )))
            };
        }
        let mut page = answer;
        loop {
            change_set
                .changes
                .extend(page.changes().iter().filter_map(planned));
            let Some(token) = page.next_token().map(str::to_owned) else {
                break;
            };
            page = self
                .aws
                .runtime
                .block_on(self.completed(&change_set.id, Some(token)))?;
        }
        Ok(Some(change_set))
    }

    /// A page of a change set, as soon as it is known what is in it.
    async fn completed(
        &self,
        id: &str,
        next_token: Option<String>,
    ) -> Result<DescribeChangeSetOutput, Failure> {
        loop {
            let asked = self
                .client
                .describe_change_set()
                .stack_name(self.name)
                .change_set_name(id);
            let answer = asked.set_next_token(next_token.clone()).send().await;
            let answer = answer.map_err(|error| failed("look at the change set", error))?;
            match answer.status() {
                Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) => {
                    pause().await?;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Throws changes away, and the empty stack that was made for them.
    pub(crate) fn discard(&self, change_set: &ChangeSet) -> Result<()> {
        self.aws.runtime.block_on(async {
            let asked = self
                .client
                .delete_change_set()
                .stack_name(self.name)
                .change_set_name(&change_set.id);
            asked
                .send()
                .await
                .map_err(|error| failed("delete the change set", error))?;
            if change_set.is_first {
                let asked = self.client.delete_stack().stack_name(&change_set.stack_id);
                asked
                    .send()
                    .await
                    .map_err(|error| failed("delete the empty stack", error))?;
            }
            Ok(())
        })
    }

    /// Carries changes out, to the end or to the first resource that fails.
    pub(crate) fn execute(
        &self,
        change_set: &ChangeSet,
        tell: impl FnMut(&Event) -> Result<()>,
    ) -> Result<(), Failure> {
        self.aws.runtime.block_on(async {
            let last = self.last_event(&change_set.stack_id).await?;
            let asked = self.client.execute_change_set().stack_name(self.name).change_set_name(&change_set.id);
            asked.send().await.map_err(|error| failed("carry out the change set", error))?;
            let next = "CloudFormation takes back what was done: mend the reason, and run `infra cloud apply` again when that is over";
            self.follow(&change_set.stack_id, last, next, tell).await
        })
    }

    /// Deletes the stack.
    pub(crate) fn delete(
        &self,
        stack: &Description,
        tell: impl FnMut(&Event) -> Result<()>,
    ) -> Result<(), Failure> {
        self.aws.runtime.block_on(async {
            let last = self.last_event(&stack.id).await?;
            let asked = self.client.delete_stack().stack_name(&stack.id);
            asked
                .send()
                .await
                .map_err(|error| failed("delete the stack", error))?;
            let next = "mend the reason, and run `infra cloud destroy` again";
            self.follow(&stack.id, last, next, tell).await
        })
    }

    /// Tells what happens to the stack after an event, until the stack itself is at an end; `next` is what to do if that is a bad one.
    async fn follow(
        &self,
        stack_id: &str,
        mut last: Option<String>,
        next: &str,
        mut tell: impl FnMut(&Event) -> Result<()>,
    ) -> Result<(), Failure> {
        loop {
            let events = self.events_since(stack_id, last.as_deref()).await?;
            if let Some(newest) = events.last() {
                last = newest.event_id().map(str::to_owned);
            }
            for event in events.iter().map(Event::of) {
                tell(&event)?;
                if event.is_failure() {
                    let reason = event.reason.as_deref().unwrap_or("no reason was given");
                    return Err(Refusal::Rollout.because(anyhow!(
                        "{} ({}) is {}: {reason}; {next}",
                        event.resource,
                        event.kind,
                        event.status
                    )));
                }
                if event.is_end() {
                    return Ok(());
                }
            }
            pause().await?;
        }
    }

    async fn last_event(&self, stack_id: &str) -> Result<Option<String>> {
        let asked = self
            .client
            .describe_stack_events()
            .stack_name(stack_id)
            .send();
        let answer = asked
            .await
            .map_err(|error| failed("ask what happened to the stack", error))?;
        let newest = answer.stack_events().first();
        Ok(newest.and_then(StackEvent::event_id).map(str::to_owned))
    }

    /// What happened after an event, the oldest first. `CloudFormation` tells the newest first, a page at a time.
    async fn events_since(&self, stack_id: &str, last: Option<&str>) -> Result<Vec<StackEvent>> {
        let mut events = Vec::new();
        let mut next_token = None;
        loop {
            let asked = self
                .client
                .describe_stack_events()
                .stack_name(stack_id)
                .set_next_token(next_token);
            let page = asked
                .send()
                .await
                .map_err(|error| failed("ask what happened to the stack", error))?;
            let is_new = |event: &&StackEvent| event.event_id() != last;
            let num_before = events.len();
            events.extend(page.stack_events().iter().take_while(is_new).cloned());
            let is_all_new = events.len() - num_before == page.stack_events().len();
            next_token = page.next_token().map(str::to_owned);
            if !is_all_new || next_token.is_none() {
                events.reverse();
                return Ok(events);
            }
        }
    }
}

impl Event {
    fn of(event: &StackEvent) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            resource: text(event.logical_resource_id()),
            kind: text(event.resource_type()),
            status: text(event.resource_status().map(ResourceStatus::as_str)),
            reason: event.resource_status_reason().map(str::to_owned),
            is_of_stack: event.physical_resource_id() == event.stack_id(),
        }
    }

    /// Whether from here on it is taken back.
    fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED") || self.is_of_stack && self.status.contains("ROLLBACK")
    }

    /// Whether nothing more happens.
    fn is_end(&self) -> bool {
        self.is_of_stack && self.status.ends_with("_COMPLETE")
    }
}

fn planned(change: &Change) -> Option<PlannedChange> {
    let change = change.resource_change()?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let replacement = match change.replacement() {
        Some(Replacement::True) => Replaced::Always,
        Some(Replacement::Conditional) => Replaced::Perhaps,
        _ => Replaced::Never,
    };
    Some(PlannedChange {
        action: text(change.action().map(ChangeAction::as_str)).to_lowercase(),
        resource: text(change.logical_resource_id()),
        kind: text(change.resource_type()),
        properties: properties_of(change),
        replacement,
    })
}

fn properties_of(change: &ResourceChange) -> Vec<String> {
    let targets = change.details().iter().filter_map(|detail| detail.target());
    let mut properties: Vec<String> = targets
        .filter_map(|target| {
            target
                .name()
                .or_else(|| target.attribute().map(ResourceAttribute::as_str))
        })
        .map(str::to_owned)
        .collect();
    properties.sort();
    properties.dedup();
    properties
}

/// Waits before it is asked again. What `CloudFormation` has begun it also ends when nobody waits for it.
async fn pause() -> Result<(), Failure> {
    match tokio::time::timeout(ASKED_EVERY, tokio::signal::ctrl_c()).await {
        Err(_) => Ok(()),
        Ok(interrupted) => {
            interrupted.context("could not wait for Ctrl-C")?;
            Err(Refusal::Interrupted.because(anyhow!(
                "interrupted; what CloudFormation has begun goes on: run the command again when it is over"
            )))
        }
    }
}

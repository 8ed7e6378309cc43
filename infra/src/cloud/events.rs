//! What happens to a stack while it is changed, and how that ends.

use anyhow::{Result, anyhow};
use aws_sdk_cloudformation::types::{ResourceStatus, StackEvent};

use super::change_set::ChangeSet;
use super::stacks::{Description, Stacks, pause};
use crate::aws::failed;
use crate::error::{Failure, Refusal};

/// What to do about a change that failed.
const AFTER_A_CHANGE: &str = "CloudFormation takes back what was done: mend the reason, and run `infra cloud apply` again when that is over";

/// What to do about a deletion that failed.
const AFTER_A_DELETION: &str = "mend the reason, and run `infra cloud destroy` again";

/// How a stack is that has been changed, while what was replaced is deleted.
const CHANGED: &str = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS";

/// Something that happened to a resource.
pub(crate) struct Event {
    pub(crate) resource: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    is_of_stack: bool,
}

impl Stacks<'_> {
    /// Carries changes out, to the end or to the first resource that fails.
    pub(crate) fn execute(
        &self,
        change_set: &ChangeSet,
        tell: impl FnMut(&Event) -> Result<()>,
    ) -> Result<(), Failure> {
        self.aws.runtime.block_on(async {
            let last = self.last_event(&change_set.stack_id).await?;
            let asked = self
                .client
                .execute_change_set()
                .stack_name(self.name)
                .change_set_name(&change_set.id);
            asked
                .send()
                .await
                .map_err(|error| failed("carry out the change set", error))?;
            self.follow(&change_set.stack_id, last, AFTER_A_CHANGE, tell)
                .await
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
            self.follow(&stack.id, last, AFTER_A_DELETION, tell).await
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
        let mut is_changed = false;
        loop {
            let events = self.events_since(stack_id, last.as_deref()).await?;
            if let Some(newest) = events.last() {
                last = newest.event_id().map(str::to_owned);
            }
            for event in events.iter().map(Event::of) {
                tell(&event)?;
                is_changed |= event.is_of_stack && event.status == CHANGED;
                // What was replaced and cannot be deleted then is left lying, which is told; the stack is what it should be.
                if event.is_failure() && !is_changed {
                    let reason = event.reason.as_deref().unwrap_or("no reason was given");
                    return Err(Refusal::Rollout
                        .because(anyhow!(
                            "{} ({}) is {}: {reason}",
                            event.resource,
                            event.kind,
                            event.status
                        ))
                        .hint(next));
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

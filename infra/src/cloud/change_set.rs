//! What would change of a stack, as `CloudFormation` says itself
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html>).

use std::time::SystemTime;

use anyhow::{Result, anyhow};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeAction, ChangeSetStatus, ChangeSetType, Replacement,
    ResourceAttribute, ResourceChange, Tag,
};

use super::Stack;
use super::stacks::{Stacks, pause};
use crate::aws::failed;
use crate::error::{Failure, Refusal};

/// Changes that can be carried out.
pub(crate) struct ChangeSet {
    pub(super) id: String,
    pub(super) stack_id: String,
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

impl Stacks<'_> {
    /// Asks what it would change to make the stack what a template says; `None` is nothing.
    pub(crate) fn compare(
        &self,
        stack: &Stack<'_>,
        template: String,
        is_first: bool,
    ) -> Result<Option<ChangeSet>, Failure> {
        let runtime = &self.aws.runtime;
        let mut change_set = runtime.block_on(self.begin(stack, template, is_first))?;
        let mut page = runtime.block_on(self.completed(&change_set.id, None))?;
        if page.status() == Some(&ChangeSetStatus::Failed) {
            self.discard(&change_set)?;
            let reason = page.status_reason().unwrap_or("no reason was given");
            // That there is nothing to change is a failure too, told apart by its words alone.
            let nothing = ["didn't contain changes", "No updates are to be performed"];
            if nothing.iter().any(|words| reason.contains(words)) {
                return Ok(None);
            }
            return Err(Refusal::Unexpected.because(anyhow!(
                "the stack `{}` cannot be changed so: {reason}",
                self.name
            )));
        }
        loop {
            let changes = page.changes().iter().filter_map(planned);
            change_set.changes.extend(changes);
            let Some(token) = page.next_token().map(str::to_owned) else {
                return Ok(Some(change_set));
            };
            page = runtime.block_on(self.completed(&change_set.id, Some(token)))?;
        }
    }

    /// Has a change set made, which takes a while.
    async fn begin(
        &self,
        stack: &Stack<'_>,
        template: String,
        is_first: bool,
    ) -> Result<ChangeSet> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_ms = now.unwrap_or_default().as_millis();
        let tags = stack.tags();
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let change_set_type = if is_first {
            ChangeSetType::Create
        } else {
            ChangeSetType::Update
        };
        let asked = self
            .client
            .create_change_set()
            .stack_name(self.name)
            .change_set_name(format!("kindred-infra-{now_ms}"))
            .change_set_type(change_set_type)
            .template_body(template)
            .set_tags(Some(tags.to_vec()))
            .capabilities(Capability::CapabilityIam)
            // A bucket that stayed when the stack went comes back with it.
            .import_existing_resources(true);
        let doing = || format!("make a change set for the stack `{}`", self.name);
        let made = asked.send().await;
        let made = made.map_err(|error| failed(&doing(), error))?;
        Ok(ChangeSet {
            id: made.id().unwrap_or_default().to_owned(),
            stack_id: made.stack_id().unwrap_or(self.name).to_owned(),
            is_first,
            changes: Vec::new(),
        })
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

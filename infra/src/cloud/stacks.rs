//! The one stack that a command is about, as `CloudFormation` has it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::StackStatus;

use super::Stack;
use crate::aws::{Aws, failed};
use crate::error::{Failure, Refusal};

/// How often it is asked how far something is.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// The stack's client.
pub(crate) struct Stacks<'a> {
    pub(super) aws: &'a Aws,
    pub(super) client: Client,
    pub(super) name: &'a str,
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
        let status = stack.stack_status().map_or("", StackStatus::as_str);
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
}

/// Waits before it is asked again. What `CloudFormation` has begun it also ends when nobody waits for it.
pub(super) async fn pause() -> Result<(), Failure> {
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

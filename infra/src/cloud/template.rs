//! The template of a stack (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>).

use serde_json::{Map, Value, json};

use super::{Stack, buckets, cluster, distribution, gateway, repositories, roles};

/// The template of a stack. The same stack gives the same template.
pub(crate) fn template(stack: &Stack<'_>) -> Value {
    let mut template = Template::default();
    buckets::write(&mut template, stack);
    gateway::write(&mut template, stack);
    distribution::write(&mut template, stack);
    repositories::write(&mut template);
    roles::write(&mut template, stack);
    cluster::write(&mut template, stack);
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Kindred, environment {}", stack.environment_name),
        "Resources": template.resources,
        "Outputs": template.outputs,
    })
}

/// A template in the making.
#[derive(Default)]
pub(super) struct Template {
    resources: Map<String, Value>,
    outputs: Map<String, Value>,
}

impl Template {
    /// Adds a resource.
    pub(super) fn add(&mut self, id: &str, kind: &str, properties: &Value) {
        let resource = json!({ "Type": kind, "Properties": properties });
        self.resources.insert(id.to_owned(), resource);
    }

    /// Gives a resource that was added one more property.
    pub(super) fn set(&mut self, id: &str, property: &str, value: &Value) {
        self.resources[id]["Properties"][property] = value.clone();
    }

    /// Adds a resource that waits until another one is there, which nothing in it names.
    pub(super) fn add_after(&mut self, other: &str, id: &str, kind: &str, properties: &Value) {
        self.add(id, kind, properties);
        self.resources[id]["DependsOn"] = json!(other);
    }

    /// Adds a resource that stays when the stack goes, but for one that was made by an attempt that failed: it would stand in the way of the next one.
    pub(super) fn add_retained(&mut self, id: &str, kind: &str, properties: &Value) {
        self.add(id, kind, properties);
        self.resources[id]["DeletionPolicy"] = json!("RetainExceptOnCreate");
        self.resources[id]["UpdateReplacePolicy"] = json!("Retain");
    }

    /// Adds what others have to know of the stack.
    pub(super) fn tell(&mut self, id: &str, description: &str, value: &Value) {
        let output = json!({ "Description": description, "Value": value });
        self.outputs.insert(id.to_owned(), output);
    }
}

/// What another resource is called.
pub(super) fn name_of(id: &str) -> Value {
    json!({ "Ref": id })
}

/// Something else that is known of another resource once it is there.
pub(super) fn attribute(id: &str, name: &str) -> Value {
    json!({ "Fn::GetAtt": [id, name] })
}

/// A text with names in `${...}`.
pub(super) fn text(text: &str) -> Value {
    json!({ "Fn::Sub": text })
}

/// A policy's document.
pub(super) fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

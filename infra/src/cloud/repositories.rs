//! Where images are.

use serde_json::{Value, json};

use super::template::{Template, attribute, text};

/// The application's artifact, the image of `host` and that of the jobs.
const REPOSITORIES: [(&str, &str); 3] = [
    ("ApplicationRepository", "application"),
    ("HostRepository", "host"),
    ("PrecomputeRepository", "precompute"),
];

/// Many more than a rollback goes back by.
const KEPT_IMAGES: u32 = 50;

pub(super) fn write(template: &mut Template) {
    let lifecycle = json!({ "rules": [{
        "rulePriority": 1,
        "description": "the newest ones stay",
        "selection": {
            "tagStatus": "any",
            "countType": "imageCountMoreThan",
            "countNumber": KEPT_IMAGES,
        },
        "action": { "type": "expire" },
    }] });
    for (id, name) in REPOSITORIES {
        let properties = json!({
            "RepositoryName": text(&format!("${{AWS::StackName}}/{name}")),
            "ImageTagMutability": "IMMUTABLE",
            "ImageScanningConfiguration": { "ScanOnPush": true },
            "LifecyclePolicy": { "LifecyclePolicyText": lifecycle.to_string() },
            // Whatever is in it can be built again, and a repository with images would keep the stack from going.
            "EmptyOnDelete": true,
        });
        template.add(id, "AWS::ECR::Repository", &properties);
        let description = format!("Where images of `{name}` are pushed");
        template.tell(id, &description, &attribute(id, "RepositoryUri"));
    }
}

/// The ARNs of all of them.
pub(super) fn arns() -> Vec<Value> {
    let arns = REPOSITORIES.iter().map(|(id, _)| attribute(id, "Arn"));
    arns.collect()
}

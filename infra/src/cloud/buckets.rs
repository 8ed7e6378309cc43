//! The bucket of the index files and the bucket of the site. Nothing in them is public: the functions sign, and the site is read through its distribution.

use serde_json::{Value, json};

use super::Stack;
use super::template::{Template, attribute, name_of, policy, text};

/// The bucket of the index files.
pub(super) const INDEX: &str = "IndexBucket";

/// The bucket of the site.
pub(super) const SITE: &str = "SiteBucket";

/// How long what was overwritten or deleted can be brought back. Generations go by `precompute gc`, which knows which ones are in use; a lifecycle rule does not.
const KEPT_VERSIONS_DAYS: u32 = 30;

/// When the parts of an upload that nobody completes are taken away, which cost money unseen.
const UNFINISHED_UPLOADS_DAYS: u32 = 7;

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    let mut index = properties();
    index["BucketName"] = json!(stack.storage.bucket);
    index["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    index["CorsConfiguration"] = json!({ "CorsRules": [{
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedOrigins": [origin(stack)],
        "AllowedHeaders": ["*"],
        "ExposedHeaders": ["Accept-Ranges", "Content-Range", "ETag"],
        "MaxAge": 3600,
    }] });
    if let Some(rules) = index["LifecycleConfiguration"]["Rules"].as_array_mut() {
        rules.push(json!({
            "Id": "what-was-replaced",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": { "NoncurrentDays": KEPT_VERSIONS_DAYS },
            "ExpiredObjectDeleteMarker": true,
        }));
    }
    template.add_retained(INDEX, "AWS::S3::Bucket", &index);
    let mut readers = vec![over_tls_only(INDEX)];
    if stack.cloud.public_index {
        readers.push(through_distribution("s3:GetObject", &objects(INDEX)));
    }
    add_policy(template, "IndexBucketPolicy", INDEX, &readers);
    template.tell(INDEX, "The bucket of the index files", &name_of(INDEX));

    template.add_retained(SITE, "AWS::S3::Bucket", &properties());
    let readers = [
        over_tls_only(SITE),
        through_distribution("s3:GetObject", &objects(SITE)),
        // Without it, S3 says of what is not there that it is forbidden.
        through_distribution("s3:ListBucket", &attribute(SITE, "Arn")),
    ];
    add_policy(template, "SiteBucketPolicy", SITE, &readers);
    template.tell(SITE, "The bucket of the site", &name_of(SITE));
}

/// The ARN of all objects of a bucket.
pub(super) fn objects(bucket: &str) -> Value {
    text(&format!("${{{bucket}.Arn}}/*"))
}

/// The ARN of the objects of the index.
pub(super) fn index_objects(stack: &Stack<'_>) -> Value {
    match stack.storage.prefix.as_str() {
        "" => objects(INDEX),
        prefix => text(&format!("${{{INDEX}.Arn}}/{prefix}/*")),
    }
}

/// Whose pages may read index files that the browser asks for itself.
fn origin(stack: &Stack<'_>) -> String {
    let domain = &stack.cloud.domain;
    domain.as_ref().map_or_else(
        || "*".to_owned(),
        |domain| format!("https://{}", domain.name),
    )
}

/// What both buckets have.
fn properties() -> Value {
    json!({
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [
            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } },
        ] },
        "LifecycleConfiguration": { "Rules": [{
            "Id": "unfinished-uploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": UNFINISHED_UPLOADS_DAYS },
        }] },
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
    })
}

fn add_policy(template: &mut Template, id: &str, bucket: &str, statements: &[Value]) {
    let properties = json!({ "Bucket": name_of(bucket), "PolicyDocument": policy(statements) });
    template.add(id, "AWS::S3::BucketPolicy", &properties);
}

fn over_tls_only(bucket: &str) -> Value {
    json!({
        "Sid": "OverTlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [attribute(bucket, "Arn"), objects(bucket)],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

/// What this distribution may do, and no other one.
fn through_distribution(action: &str, resource: &Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": action,
        "Resource": resource,
        "Condition": { "StringEquals": { "AWS:SourceArn": super::distribution::arn() } },
    })
}

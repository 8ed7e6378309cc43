//! The bucket of index files, asked as the functions ask it.

use anyhow::anyhow;
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use config::IndexPlace;

use crate::aws::{http_client, timeouts};
use crate::doctor::Check;
use crate::model::{Model, Setting};

/// Whether the bucket takes the keys that whoever applies it gives to the functions; nothing where the functions read no bucket, or others bring the keys.
pub(crate) async fn check(model: &Model<'_>) -> Option<Check> {
    if model.environment.index != IndexPlace::S3 {
        return None;
    }
    let credentials = credentials(model)?;
    let storage = model.storage;
    let title = format!("bucket {}", storage.bucket);
    let collection = model.collections.first()?;
    let key = format!("{}/{collection}/current.json", storage.prefix);
    let key = key.trim_start_matches('/');
    let client = client(model, credentials);
    let asked = client.get_object().bucket(&storage.bucket);
    let answer = asked.key(key).send().await;
    let Err(error) = answer else {
        return Some(Check::ok(
            title,
            format!("`{collection}` is published in it"),
        ));
    };
    if !matches!(error, SdkError::ServiceError(_)) {
        let cause = anyhow!(error).root_cause().to_string();
        return Some(Check::doubtful(
            title,
            format!("it does not answer here: {cause}"),
            "see that pods of the cluster reach it",
        ));
    }
    let code = error.code().unwrap_or("without a code");
    let message = error.message().unwrap_or("it was refused");
    Some(match code {
        "NoSuchKey" => Check::ok(
            title,
            format!("it takes the keys, and `{collection}` is not published yet"),
        ),
        "NoSuchBucket" => Check::missing(
            title,
            "it is not there",
            "make it: `infra cloud apply` on AWS, else as its service says",
        ),
        "AccessDenied" => Check::doubtful(
            title,
            format!("it lets nobody with these keys read `{key}`: {message}"),
            "see that they may read; to who may not list, S3 says so of what is not there, too",
        ),
        _ => Check::missing(
            title,
            format!("it refuses the keys: {message} ({code})"),
            "see that `s3_access_key_id` and `s3_secret_access_key` are those of the bucket",
        ),
    })
}

/// The keys that are seen here.
fn credentials(model: &Model<'_>) -> Option<Credentials> {
    let value = |variable: &str| match (model.secret_values.get(variable), model.setting(variable))
    {
        (Some(secret), _) => Some(secret.reveal().to_owned()),
        (None, Some(Setting::Value(value))) => Some(value),
        (None, _) => None,
    };
    let key_id = value("s3_access_key_id")?;
    let secret = value("s3_secret_access_key")?;
    let token = value("s3_session_token");
    Some(Credentials::new(key_id, secret, token, None, "kindred"))
}

fn client(model: &Model<'_>, credentials: Credentials) -> Client {
    let storage = model.storage;
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .timeout_config(timeouts())
        .retry_config(RetryConfig::disabled())
        .region(Region::new(storage.region.clone()))
        .credentials_provider(credentials)
        .force_path_style(storage.endpoint.is_some());
    config.set_endpoint_url(storage.endpoint.clone());
    Client::from_conf(config.build())
}

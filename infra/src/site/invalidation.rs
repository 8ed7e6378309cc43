//! Telling a distribution that pages have changed (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>).
//!
//! It is one POST, signed by the SDK's signer: the SDK's crate for `CloudFront` takes a minute to compile.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use crate::aws::Aws;

/// Where `CloudFront` is asked, of whatever region the rest is.
const ENDPOINT: &str = "https://cloudfront.amazonaws.com";

/// The region for which requests to it are signed.
const REGION: &str = "us-east-1";

const TIMEOUT: Duration = Duration::from_mins(1);

/// Has a distribution forget some paths, which takes it a minute or some; nobody waits for that, since pages say `no-cache` anyway.
pub(crate) fn invalidate(aws: &Aws, distribution_id: &str, paths: &[String]) -> Result<()> {
    let endpoint = ["AWS_ENDPOINT_URL_CLOUDFRONT", "AWS_ENDPOINT_URL"];
    let endpoint = endpoint.iter().find_map(|name| std::env::var(name).ok());
    let endpoint = endpoint.unwrap_or_else(|| ENDPOINT.to_owned());
    let url = format!("{endpoint}/2020-05-31/distribution/{distribution_id}/invalidation");
    let now = SystemTime::now();
    let body = batch(paths, now);

    let mut request = ureq::post(&url)
        .config()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build();
    for (name, value) in
        signature(aws, &url, &body, now).context("could not sign a request to CloudFront")?
    {
        request = request.header(name, value);
    }
    let doing = || format!("could not have the distribution `{distribution_id}` forget old pages");
    let mut answer = request
        .header("content-type", CONTENT_TYPE)
        .send(&body)
        .with_context(doing)?;
    if !answer.status().is_success() {
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let status = answer.status();
        return Err(anyhow!("CloudFront answered {status}: {}", reason(&text)).context(doing()));
    }
    Ok(())
}

const CONTENT_TYPE: &str = "text/xml";

fn batch(paths: &[String], now: SystemTime) -> String {
    let reference = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let num_paths = paths.len();
    let paths = paths.iter();
    let paths: Vec<String> = paths
        .map(|path| format!("<Path>{}</Path>", escaped(path)))
        .collect();
    let paths = paths.concat();
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths><Quantity>{num_paths}</Quantity><Items>{paths}</Items></Paths>\
        <CallerReference>kindred-infra-{reference}</CallerReference></InvalidationBatch>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The headers by which a request is known as ours.
fn signature(aws: &Aws, url: &str, body: &str, now: SystemTime) -> Result<Vec<(String, String)>> {
    let Some(provider) = aws.config.credentials_provider() else {
        bail!("there are no credentials");
    };
    let credentials = aws.runtime.block_on(provider.provide_credentials())?;
    let identity = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("cloudfront")
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers = std::iter::once(("content-type", CONTENT_TYPE));
    let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body.as_bytes()))?;
    let signed = sign(request, &parameters)?;
    let headers = signed.output().headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The message in an error's XML, or all of it.
fn reason(text: &str) -> &str {
    let message = text
        .split_once("<Message>")
        .and_then(|(_, rest)| rest.split_once("</Message>"));
    message.map_or(text.trim(), |(message, _)| message)
}

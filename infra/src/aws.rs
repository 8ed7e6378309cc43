//! The way to AWS, or to whatever `AWS_ENDPOINT_URL` names in its place.

use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudformation::config::{Region, SharedHttpClient};
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::{Builder as HttpClientBuilder, tls};
use tokio::runtime::Runtime;

/// What clients are made of, and what runs them: the commands themselves wait for each request.
pub(crate) struct Aws {
    pub(crate) config: SdkConfig,
    pub(crate) runtime: Runtime,
}

impl Aws {
    /// In a region, with the credentials of the usual chain of environment, profile, web identity, container and instance; nothing is asked yet.
    pub(crate) fn in_region(region: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("could not start the client of AWS")?;
        let loader = aws_config::from_env()
            .http_client(http_client())
            .timeout_config(timeouts())
            .region(Region::new(region.to_owned()));
        let config = runtime.block_on(loader.load());
        Ok(Self { config, runtime })
    }
}

/// What speaks HTTP for the clients.
pub(crate) fn http_client() -> SharedHttpClient {
    HttpClientBuilder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https()
}

/// How long an answer may take.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_mins(1))
        .build()
}

/// Why something could not be done, in the words of the service where it has any.
pub(crate) fn failed<E>(doing: &str, error: SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(_) => {
            let code = error.code().unwrap_or("without a code");
            let message = error.message().unwrap_or("it was refused").trim_end_matches('.');
            anyhow!("could not {doing}: {message} ({code})")
        }
        SdkError::DispatchFailure(failure) if !failure.is_io() && !failure.is_timeout() => {
            Error::new(error).context(format!(
                "could not {doing}: are there credentials, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or the machine's role?"
            ))
        }
        _ => Error::new(error).context(format!("could not {doing}")),
    }
}

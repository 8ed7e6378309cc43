//! Whether what was applied answers, asked as everybody asks.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A collection as the functions tell of it.
#[derive(Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct Served {
    pub(crate) name: String,
    /// `ready`, or why it is not.
    pub(crate) status: String,
    /// Which of those that were published it is, where there is one.
    #[serde(default)]
    pub(crate) generation: String,
}

#[derive(Deserialize)]
struct Collections {
    collections: Vec<Served>,
}

/// The collections that are served at an address, which says that it is ready.
pub(crate) fn served(address: &str) -> Result<Vec<Served>> {
    ask(address, "/readyz")?;
    let text = ask(address, "/v1/collections")?;
    let collections: Collections = serde_json::from_str(&text).with_context(|| {
        format!("what answers at {address} is something else: it knows no collections")
    })?;
    Ok(collections.collections)
}

/// The body of an answer that is no refusal.
fn ask(address: &str, path: &str) -> Result<String> {
    let url = format!("{}{path}", address.trim_end_matches('/'));
    let answer = ureq::get(&url)
        .config()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .build()
        .call();
    let mut answer = answer.map_err(|error| anyhow!("{url} does not answer: {error}"))?;
    let body = answer.body_mut().read_to_string();
    let body = body.with_context(|| format!("the answer of {url} broke off"))?;
    let status = answer.status();
    if !status.is_success() {
        bail!("{url} answers {status}: {}", body.trim());
    }
    Ok(body)
}

//! `infra probe`.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use super::Files;
use super::session::{Session, run};
use crate::cli::Global;
use crate::error::{Failure, Refusal};
use crate::probe::{Served, served};
use crate::report::{Output, say};

/// What is asked.
#[derive(Args, Debug)]
pub(crate) struct ProbeArgs {
    /// Where, instead of every address that `infra outputs` tells; may be given several times
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Ask again for so long where it does not answer as it should
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) patience: u64,
}

/// How long between two questions.
const PAUSE: Duration = Duration::from_secs(2);

/// Asks from outside whether what was applied answers, and tells what it answers from.
pub(crate) fn probe(global: &Global, args: &ProbeArgs) -> Result<(), Failure> {
    let addresses = if args.urls.is_empty() {
        addresses(global)?
    } else {
        args.urls.clone()
    };
    let patience = Duration::from_secs(args.patience);
    for address in &addresses {
        let served = patiently(address, patience);
        let served = served.map_err(|error| Refusal::Rollout.because(error))?;
        tell(global.output, address, &served)?;
    }
    Ok(())
}

/// Where requests from outside reach the environment.
fn addresses(global: &Global) -> Result<Vec<String>, Failure> {
    let files = Files::read(global)?;
    run(async {
        let session = Session::open(global, &files).await?;
        say(&session.place());
        let addresses = session.engine().addresses().await?;
        if addresses.is_empty() {
            return Err(Refusal::Invalid
                .because(anyhow!(
                    "no address leads into the environment {} from outside",
                    session.environment_name
                ))
                .hint("write one under `address`, or give `--url`"));
        }
        Ok(addresses)
    })
}

fn patiently(address: &str, patience: Duration) -> anyhow::Result<Vec<Served>> {
    let start = Instant::now();
    loop {
        let answer = served(address).and_then(|served| match not_ready(&served) {
            Some(reason) => Err(anyhow!("{address}: {reason}")),
            None => Ok(served),
        });
        match answer {
            Err(error) if start.elapsed() < patience => {
                say(&format!("{error:#}"));
                std::thread::sleep(PAUSE);
            }
            answer => return answer,
        }
    }
}

/// What is not as it should be of what is served.
fn not_ready(served: &[Served]) -> Option<String> {
    if served.is_empty() {
        return Some("it serves no collection".to_owned());
    }
    let served = served.iter().find(|served| served.status != "ready")?;
    Some(format!(
        "the collection `{}` is {}",
        served.name, served.status
    ))
}

fn tell(output: Output, address: &str, served: &[Served]) -> Result<(), Failure> {
    for Served {
        name,
        status,
        generation,
    } in served
    {
        let event = json!({ "address": address, "collection": name, "status": status, "generation": generation });
        let line = format!("{status:<8}  {address}  {name}  generation {generation}");
        output.tell("served", &event, &line)?;
    }
    Ok(())
}

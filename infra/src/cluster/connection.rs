//! Finding a cluster by the kubeconfig.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Discovery};
use tower::service_fn;

use super::{Cluster, Place};
use crate::error::{Failure, Refusal};
use crate::interruption::Interruption;
use crate::report::{is_verbose, say};

/// How long an answer may take. The longest are those of admission webhooks, for which the cluster itself waits at most 30 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// As whom we ask, beside the user.
const AGENT: &str = concat!("kindred-infra/", env!("CARGO_PKG_VERSION"));

/// What is said where we are in the cluster ourselves.
const IN_CLUSTER: &str = "(in the cluster)";

impl Cluster {
    /// Connects to the cluster of a context, or of the current one, and asks what it serves. Within a cluster that is the one, unless a kubeconfig names another.
    pub(crate) async fn connect(
        context: Option<&str>,
        interruption: Interruption,
    ) -> Result<Self, Failure> {
        let (config, place) = find(context).await?;
        let context = &place.context;
        let client = client(config)
            .with_context(|| format!("could not make a client of the context `{context}`"))?;
        let discovery = Discovery::new(client.clone()).run_aggregated().await;
        let discovery = discovery.map_err(|error| place.unanswered(error))?;
        Ok(Self {
            client,
            discovery,
            interruption,
            place,
        })
    }
}

fn client(mut config: Config) -> kube::Result<Client> {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(ANSWER_TIMEOUT);
    config.reset_reader_on_write = true;
    // By which the log of an API server tells us from others.
    config
        .headers
        .push((USER_AGENT, HeaderValue::from_static(AGENT)));
    let client = Client::try_from(config)?;
    if !is_verbose() {
        return Ok(client);
    }
    let namespace = client.default_namespace().to_owned();
    let service = service_fn(move |request| told(client.clone(), request));
    Ok(Client::new(service, namespace))
}

/// The answer to a request, which people are told of.
async fn told(client: Client, request: Request<Body>) -> kube::Result<Response<Body>> {
    let asked = format!("{} {}", request.method(), request.uri());
    let start = Instant::now();
    let answer = client.send(request).await;
    let ms = start.elapsed().as_millis();
    match &answer {
        Ok(answer) => say(&format!("{asked}: {} in {ms} ms", answer.status().as_u16())),
        Err(error) => say(&format!("{asked}: no answer in {ms} ms: {error}")),
    }
    answer
}

/// The configuration of a context, and what it is called.
async fn find(context: Option<&str>) -> Result<(Config, Place), Failure> {
    let kubeconfig = match Kubeconfig::read() {
        Ok(kubeconfig) => kubeconfig,
        Err(error) => {
            if context.is_none()
                && let Ok(config) = Config::incluster()
            {
                let place = Place {
                    context: IN_CLUSTER.to_owned(),
                    server: config.cluster_url.to_string(),
                    user: IN_CLUSTER.to_owned(),
                };
                return Ok((config, place));
            }
            return Err(Refusal::Preflight
                .because(anyhow!(error).context("there is no kubeconfig that could be read"))
                .hint("set KUBECONFIG, or write ~/.kube/config"));
        }
    };
    let Some(name) = context.or(kubeconfig.current_context.as_deref()) else {
        return Err(Refusal::Invalid
            .because(anyhow!("the kubeconfig has no current context"))
            .hint("give `--context NAME`, or write `context` in the environment"));
    };
    let name = name.to_owned();
    let known = kubeconfig.contexts.iter();
    let Some(user) = known
        .clone()
        .find(|context| context.name == name)
        .map(|context| {
            context
                .context
                .as_ref()
                .and_then(|context| context.user.clone())
        })
    else {
        let known: Vec<&str> = known.map(|context| context.name.as_str()).collect();
        return Err(Refusal::Invalid.because(anyhow!(
            "the kubeconfig has no context `{name}`: known are {}",
            known.join(", ")
        )));
    };
    let options = KubeConfigOptions {
        context: Some(name.clone()),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config
        .with_context(|| format!("could not read the context `{name}` of the kubeconfig"))
        .map_err(|error| Refusal::Invalid.because(error))?;
    let place = Place {
        context: name,
        server: config.cluster_url.to_string(),
        user: user.unwrap_or_else(|| "(nobody)".to_owned()),
    };
    Ok((config, place))
}

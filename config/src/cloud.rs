//! What of an environment is on AWS.

use serde::Deserialize;

use crate::{ApplicationSettings, Storage, checks};

/// With a region and a word behind it, it is the name of a function of `CloudFront`, which has 64 characters at most.
const MAXIMUM_STACK_NAME_LEN_BYTES: usize = 40;

/// A stack of AWS `CloudFormation`, in the region of the environment's storage, whose bucket it makes: `[environments.NAME.cloud]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Cloud {
    /// What the stack is called. Not given: `kindred-` and the environment's name.
    #[serde(deserialize_with = "stack_name")]
    pub stack: Option<String>,
    /// Whether everybody may read index files through the site's address, for functions elsewhere that have no keys. Default: false.
    pub public_index: bool,
    /// The site's own name. Not given: the one that `CloudFront` gives it.
    pub domain: Option<Domain>,
    /// What answers below `/v1/` of the site. Not given: nothing, and the page asks the functions under an address of their own.
    pub api: Option<Api>,
    /// Whose workflows may deploy. Not given: nobody's.
    pub github: Option<GitHub>,
    /// A cluster of the stack's own. Not given: there is none.
    pub cluster: Option<EksCluster>,
}

/// A name for the site: `[environments.NAME.cloud.domain]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Such as `films.example.org`, whose CNAME is the stack's output `SiteDomain`.
    #[serde(deserialize_with = "checks::some_host_name")]
    pub name: String,
    /// The ARN of its certificate in ACM, which is in us-east-1 wherever the stack is.
    #[serde(deserialize_with = "certificate_arn")]
    pub certificate: String,
}

/// What answers below `/v1/` of the site: `[environments.NAME.cloud.api]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The host, which answers over TLS: that of the environment's address.
    #[serde(deserialize_with = "checks::some_host_name")]
    pub host: String,
    /// Another host that is asked where the first one does not answer.
    #[serde(default, deserialize_with = "checks::host_name")]
    pub standby: Option<String>,
    /// Whether an HTTP API of API Gateway stands between the site and the host. Default: false.
    #[serde(default)]
    pub gateway: bool,
}

/// Whose workflows may deploy: `[environments.NAME.cloud.github]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// The repository as the subject of its tokens has it: `owner/name`, or `owner@id/name@id` where they are immutable
    /// (<https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens>).
    #[serde(deserialize_with = "repository")]
    pub repository: String,
    /// Whether the stack makes the identity provider of GitHub, of which an account has one. Default: true.
    #[serde(default = "yes")]
    pub make_provider: bool,
}

/// An EKS cluster with one managed node group: `[environments.NAME.cloud.cluster]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EksCluster {
    /// The subnets, in two availability zones at least.
    #[serde(deserialize_with = "subnets")]
    pub subnets: Vec<String>,
    /// What a node is. Default: `m7i.large`.
    #[serde(default = "default_instance_type")]
    pub instance_type: String,
    /// There are at least so many nodes. Default: 2.
    #[serde(default = "default_nodes", deserialize_with = "checks::at_least_one")]
    pub minimum_nodes: u32,
    /// There are at most so many. Default: 2.
    #[serde(default = "default_nodes", deserialize_with = "checks::at_least_one")]
    pub maximum_nodes: u32,
}

fn yes() -> bool {
    true
}

fn default_instance_type() -> String {
    "m7i.large".to_owned()
}

fn default_nodes() -> u32 {
    2
}

impl Cloud {
    /// Applies the rules that need more than one value; `storage` is where the environment's index files are, and `application` what runs on the nodes.
    pub(crate) fn check(
        &self,
        storage: &Storage,
        application: &ApplicationSettings,
    ) -> Result<(), String> {
        if let Some(endpoint) = &storage.endpoint {
            return Err(format!(
                "`cloud` makes the bucket of `storage` on AWS, and that one is at {endpoint}: give the environment a `storage` without `endpoint`"
            ));
        }
        match &self.cluster {
            Some(EksCluster {
                minimum_nodes,
                maximum_nodes,
                ..
            }) if maximum_nodes < minimum_nodes => Err(format!(
                "there cannot be {minimum_nodes} nodes at least and {maximum_nodes} at most"
            )),
            Some(_) if application.host_image.is_empty() => Err(
                "the nodes of `cloud.cluster` are of Amazon Linux 2023, on which no shim runs: write `host_image` under `application`, with the form `spin-app` or `host`"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

/// A name that `CloudFormation` takes and that others, which are made of it, can begin with.
fn stack_name<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let name = String::deserialize(deserializer)?;
    if checks::is_dns_label(&name)
        && name.len() <= MAXIMUM_STACK_NAME_LEN_BYTES
        && name.starts_with(|first: char| first.is_ascii_lowercase())
    {
        Ok(Some(name))
    } else {
        Err(serde::de::Error::custom(format!(
            "`{name}` is no name of a stack: write 1 to {MAXIMUM_STACK_NAME_LEN_BYTES} lower-case letters, digits and hyphens, with a letter first"
        )))
    }
}

/// Of the one region from which `CloudFront` takes certificates.
fn certificate_arn<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let arn = String::deserialize(deserializer)?;
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "acm", "us-east-1", _, resource] if resource.starts_with("certificate/") => {
            Ok(arn)
        }
        _ => Err(serde::de::Error::custom(format!(
            "`{arn}` is no certificate for CloudFront: write the ARN of one that ACM has in us-east-1, such as `arn:aws:acm:us-east-1:123456789012:certificate/...`"
        ))),
    }
}

fn repository<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let repository = String::deserialize(deserializer)?;
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    match repository.split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => Ok(repository),
        _ => Err(serde::de::Error::custom(format!(
            "`{repository}` is no repository: write `owner/name`"
        ))),
    }
}

fn subnets<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let subnets = Vec::<String>::deserialize(deserializer)?;
    let wrong = subnets.iter().find(|subnet| !subnet.starts_with("subnet-"));
    match wrong {
        Some(subnet) => Err(serde::de::Error::custom(format!(
            "`{subnet}` is no subnet: write ids such as `subnet-0123456789abcdef0`"
        ))),
        None if subnets.len() < 2 => Err(serde::de::Error::custom(
            "a cluster needs subnets in two availability zones: write at least two",
        )),
        None => Ok(subnets),
    }
}

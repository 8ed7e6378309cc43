//! What a cluster has before any environment: the shim that runs functions, and what collects their logs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::checks;

/// What a cluster has before any environment: `[cluster]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Who brings the shim to the nodes. Default: `runtime-class-manager`.
    pub installer: Installer,
    /// Which shim, for each kind of processor that nodes have.
    pub shim: BTreeMap<Architecture, ShimFile>,
    /// The label of the nodes that get it, of the value `true`. Default: `spin`.
    pub node_label: String,
    /// Whether there is an account for a dashboard that shows everything but Secrets and changes nothing. Default: false.
    pub dashboard: bool,
    /// What collects the logs of the pods. Not given: nothing does.
    pub logs: Option<Logs>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            installer: Installer::RuntimeClassManager,
            shim: BTreeMap::new(),
            node_label: "spin".to_owned(),
            dashboard: false,
            logs: None,
        }
    }
}

/// Who brings the shim to the nodes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Installer {
    /// runtime-class-manager, by a `Shim`.
    RuntimeClassManager,
    /// The `KWasm` operator, which nobody looks after any more: for clusters that have it.
    Kwasm,
}

/// A kind of processor, as runtime-class-manager has them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub enum Architecture {
    /// Of Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
    /// Of Arm.
    #[serde(rename = "aarch64")]
    Arm,
}

impl Architecture {
    /// What runtime-class-manager calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "aarch64",
        }
    }
}

/// An archive with a shim, which is the same for ever.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ShimFile {
    /// Where it is.
    #[serde(deserialize_with = "checks::web_address")]
    pub location: String,
    /// Its SHA-256, as 64 hexadecimal digits. Not given: nobody looked yet.
    #[serde(default, deserialize_with = "checks::sha256")]
    pub sha256: Option<String>,
}

/// What collects the logs of the pods: `[cluster.logs]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// The image of Fluent Bit.
    pub image: String,
    /// Where Loki is, which keeps them.
    #[serde(deserialize_with = "checks::web_address")]
    pub loki: String,
}

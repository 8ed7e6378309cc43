//! Whom pods may talk to, and who to them.

use serde::Deserialize;

use crate::checks;

/// Whom pods may talk to, and who to them: `[environments.NAME.network]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Whether a `NetworkPolicy` lets pods of the functions and of the jobs out to no more than what they need. Default: true.
    pub policy: bool,
    /// Ports that they are let out to beside those of the addresses that are said here. Behind a Service of the cluster, the port that counts is that of its pods.
    pub egress_ports: Vec<u16>,
    /// Namespaces whose pods may ask the functions, beside those of their own: that of an Ingress, a Gateway or Prometheus. Default: none are named, and whoever reaches them may.
    #[serde(deserialize_with = "checks::dns_labels")]
    pub ingress_namespaces: Vec<String>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            policy: true,
            egress_ports: Vec::new(),
            ingress_namespaces: Vec::new(),
        }
    }
}

//! Whom pods may talk to, and who to them.

use serde::Deserialize;

use super::Address;
use crate::checks;

/// Whom pods may talk to, and who to them: `[environments.NAME.network]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Whether a `NetworkPolicy` lets pods of the functions and of the jobs out to no more than what they need. Default: true.
    pub policy: bool,
    /// Ports that they are let out to beside those of the addresses that are said here. Behind a Service of the cluster, the port that counts is that of its pods.
    pub egress_ports: Vec<u16>,
    /// Namespaces whose pods may ask the functions, beside those of their own: that of the controller of an Ingress or a Gateway, and that of Prometheus. Default: none are named, and whoever reaches them may.
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

impl Network {
    /// Applies the rules that need more than one value.
    pub(super) fn check(&self, address: Option<&Address>) -> Result<(), String> {
        let is_outside = address.is_some_and(|address| !address.is_route());
        if self.policy && is_outside && !self.ingress_namespaces.is_empty() {
            return Err("requests of a node's port or of a load balancer come from no namespace, and would not be let in: remove `network.ingress_namespaces`, or write the kind `ingress` or `gateway`".to_owned());
        }
        Ok(())
    }
}

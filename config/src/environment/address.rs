//! How requests reach the functions from outside.

use serde::Deserialize;

use crate::checks;

/// How requests reach the functions from outside: `[environments.NAME.address]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// By which object.
    pub kind: AddressKind,
    /// The name under which the functions are asked for. Needed where a route or a certificate goes by it.
    #[serde(default, deserialize_with = "checks::host_name")]
    pub host: Option<String>,
    /// The `IngressClass`. Not given: the cluster's default.
    #[serde(default)]
    pub class: Option<String>,
    /// The Gateway, as `namespace/name`.
    #[serde(default)]
    pub gateway: Option<String>,
    /// How many requests a second an address may send, where ingress-nginx is the Ingress. Not given: as many as it likes.
    #[serde(default, deserialize_with = "checks::some_at_least_one")]
    pub requests_per_second: Option<u32>,
    /// Who signs the certificate. Not given: there is none, and what stands before answers for it.
    #[serde(default)]
    pub certificate: Option<Certificate>,
}

/// By which object requests come in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// A port of every node.
    NodePort,
    /// The load balancer of whoever runs the cluster.
    LoadBalancer,
    /// An Ingress.
    Ingress,
    /// An `HTTPRoute` of the Gateway API.
    Gateway,
}

/// Who signs the certificate, through cert-manager.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Which of Let's Encrypt's services.
    pub issuer: Issuer,
    /// Whom it warns before a certificate ends.
    pub email: String,
}

/// A service of Let's Encrypt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Issuer {
    /// For trying: no browser trusts it, and it has generous limits.
    LetsEncryptStaging,
    /// For everybody.
    LetsEncrypt,
}

impl Address {
    /// Whether requests are led by their paths.
    pub(super) fn is_route(&self) -> bool {
        matches!(self.kind, AddressKind::Ingress | AddressKind::Gateway)
    }

    /// What only ingress-nginx understands is not said to another controller.
    pub(super) fn check_controller(&self, per_function: bool) -> Result<(), String> {
        let is_other = |class: &&String| !class.contains("nginx");
        let Some(class) = self.class.as_ref().filter(is_other) else {
            return Ok(());
        };
        if per_function && self.kind == AddressKind::Ingress {
            return Err(format!(
                "the paths of single functions are expressions that of Ingresses ingress-nginx alone understands, and the class is `{class}`: write the kind `gateway`, or `per_function = false`"
            ));
        }
        if self.requests_per_second.is_some() {
            return Err(format!(
                "`requests_per_second` is for ingress-nginx alone, and the class is `{class}`: that one has a limit of its own"
            ));
        }
        Ok(())
    }

    /// Applies the rules that need more than one value.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_route = self.is_route();
        match (self.kind, &self.gateway) {
            (AddressKind::Gateway, None) => {
                return Err(
                    "a route belongs to a Gateway: write `gateway = \"namespace/name\"`".to_owned(),
                );
            }
            (AddressKind::Gateway, Some(gateway)) if gateway.split('/').count() != 2 => {
                return Err(format!("`{gateway}` is no Gateway: write `namespace/name`"));
            }
            (AddressKind::Gateway, _) | (_, None) => {}
            (_, Some(_)) => return Err("only the kind `gateway` has a `gateway`".to_owned()),
        }
        if self.certificate.is_some() && !is_route {
            return Err("a port of a node or a load balancer has no certificate of the cluster: write the kind `ingress` or `gateway`".to_owned());
        }
        if self.requests_per_second.is_some() && self.kind != AddressKind::Ingress {
            return Err("only the kind `ingress` has `requests_per_second`: for a Gateway, its own policies have".to_owned());
        }
        if is_route && self.host.is_none() {
            return Err("a route goes by a name: write `host`".to_owned());
        }
        Ok(())
    }
}

//! How what was applied is now.

use serde_json::Value;

use super::diagnosis::time;
use super::plan::is_going;
use super::workload::State;
use super::{Engine, Holder, Release};
use crate::cluster::{Cause, cause};
use crate::error::{Failure, Refusal};
use crate::object_id::ObjectId;

/// How an environment is.
pub(crate) struct Status {
    /// Who is at work on it.
    pub(crate) holder: Option<Holder>,
    /// What was applied last.
    pub(crate) release: Option<Release>,
    /// Each object that is there because of us, and how it is.
    pub(crate) objects: Vec<(ObjectId, String)>,
}

impl Engine<'_> {
    /// How the environment is.
    pub(crate) async fn status(&self) -> Result<Status, Failure> {
        let mut objects = Vec::new();
        for entry in self.inventory().await?.entries {
            let id = entry.id;
            let live = match self.cluster.get(&id).await.map_err(cause) {
                Err(Cause::Forbidden(_)) => {
                    objects.push((id, "may not be read".to_owned()));
                    continue;
                }
                live => live.map_err(|cause| self.cluster.place.failure("read", &id, cause))?,
            };
            let state = match live {
                None => "missing".to_owned(),
                Some(live) if is_going(&live) => "being deleted".to_owned(),
                Some(live) => match self.state_of(&live).await? {
                    None => "there".to_owned(),
                    Some(State::Ready) => "ready".to_owned(),
                    Some(State::Waiting(how_far)) => how_far,
                    Some(State::Doubtful(reason) | State::Failed(reason)) => reason,
                },
            };
            objects.push((id, state));
        }
        let holder = match self.holder().await {
            // Who may not read the lock has nothing to do with it.
            Err(failure) if failure.refusal == Refusal::Preflight => None,
            holder => holder?,
        };
        Ok(Status {
            holder,
            release: self.releases().await?.into_iter().next(),
            objects,
        })
    }

    /// Where requests from outside reach what was applied: web addresses without a path.
    pub(crate) async fn addresses(&self) -> Result<Vec<String>, Failure> {
        let mut addresses = Vec::new();
        for entry in self.inventory().await?.entries {
            let id = entry.id;
            if !["Service", "Ingress", "HTTPRoute"].contains(&id.kind.as_str()) {
                continue;
            }
            let live = self.expect(self.cluster.get(&id).await, "read", &id)?;
            let Some(live) = live else {
                continue;
            };
            let nodes = if live["spec"]["type"] == "NodePort" {
                let node = ObjectId::of_cluster(["", "v1"], "Node", "");
                self.expect(
                    self.cluster.list(&node, "").await,
                    "read the nodes for",
                    &id,
                )?
            } else {
                Vec::new()
            };
            addresses.extend(addresses_of(&live, &nodes));
        }
        Ok(addresses)
    }

    /// An object of this environment as it is, and the events about it, the newest first.
    pub(crate) async fn look(&self, id: &ObjectId) -> Result<Option<(Value, Vec<Value>)>, Failure> {
        let Some(live) = self.expect(self.cluster.get(id).await, "read", id)? else {
            return Ok(None);
        };
        let namespace = id.namespace.as_deref().unwrap_or("default");
        let events = self.cluster.events(&id.name, namespace).await;
        let mut events = self.expect(events, "read the events about", id)?;
        events.retain(|event| event["involvedObject"]["kind"] == id.kind);
        events.sort_by_key(|event| std::cmp::Reverse(time(event)));
        Ok(Some((live, events)))
    }
}

/// Where requests reach an object that takes some from outside.
fn addresses_of(object: &Value, nodes: &[Value]) -> Vec<String> {
    let spec = &object["spec"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match object["kind"].as_str() {
        Some("Service") if spec["type"] == "NodePort" => {
            let port = &spec["ports"][0]["nodePort"];
            let addresses = nodes
                .iter()
                .flat_map(|node| list(&node["status"]["addresses"]));
            let mut addresses = addresses
                .filter(|address| address["type"] == "InternalIP")
                .peekable();
            if addresses.peek().is_none() {
                return vec![format!("http://(any node):{port}")];
            }
            addresses
                .filter_map(|address| Some(format!("http://{}:{port}", text(&address["address"])?)))
                .collect()
        }
        Some("Service") => {
            let balancers = list(&object["status"]["loadBalancer"]["ingress"]).into_iter();
            let names = balancers
                .filter_map(|balancer| text(&balancer["hostname"]).or(text(&balancer["ip"])));
            names.map(|name| format!("http://{name}")).collect()
        }
        Some("Ingress") => {
            let scheme = if spec["tls"].is_null() {
                "http"
            } else {
                "https"
            };
            let rules = list(&spec["rules"]).into_iter();
            rules
                .filter_map(|rule| Some(format!("{scheme}://{}", text(&rule["host"])?)))
                .collect()
        }
        // Its Gateway says how; those of today encrypt.
        Some("HTTPRoute") => {
            let names = list(&spec["hostnames"]).into_iter();
            names
                .filter_map(|name| Some(format!("https://{}", text(&name)?)))
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::addresses_of;

    fn check(object: &Value, expected: &[&str]) {
        let nodes = [json!({ "status": { "addresses": [
            { "type": "InternalIP", "address": "10.0.0.2" },
            { "type": "Hostname", "address": "node" },
        ] } })];
        assert_eq!(addresses_of(object, &nodes), expected, "{object}");
    }

    #[test]
    fn addresses_are_those_from_outside() {
        check(
            &json!({ "kind": "Service", "spec": { "type": "NodePort", "ports": [{ "nodePort": 30080 }] } }),
            &["http://10.0.0.2:30080"],
        );
        check(
            &json!({ "kind": "Service", "status": { "loadBalancer": { "ingress": [{ "hostname": "lb.example.org" }] } } }),
            &["http://lb.example.org"],
        );
        check(&json!({ "kind": "Service", "spec": {} }), &[]);
        check(
            &json!({ "kind": "Ingress", "spec": { "tls": [{}], "rules": [{ "host": "a.example.org" }] } }),
            &["https://a.example.org"],
        );
        check(
            &json!({ "kind": "HTTPRoute", "spec": { "hostnames": ["a.example.org"] } }),
            &["https://a.example.org"],
        );
        check(&json!({ "kind": "Secret" }), &[]);
    }
}

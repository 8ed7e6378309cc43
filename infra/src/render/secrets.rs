//! Secrets that others bring. What whoever applies it has in the environment or in files is in no file that is rendered: `apply` makes that Secret.

use config::SecretSource;
use serde_json::{Value, json};

use crate::model::{EXTERNAL_SECRET_NAME, Model};
use crate::object::Object;

/// How often what is elsewhere is looked at again.
const REFRESH_INTERVAL: &str = "1h";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    let mut stores: Vec<&str> = Vec::new();
    let mut data: Vec<Value> = Vec::new();
    for (variable, source) in model.secrets() {
        let SecretSource::External {
            store,
            key,
            property,
        } = source
        else {
            continue;
        };
        if !stores.contains(&store.as_str()) {
            stores.push(store);
        }
        let mut reference = json!({ "key": key });
        if let Some(property) = property {
            reference["property"] = json!(property);
        }
        data.push(json!({
            "secretKey": variable,
            "remoteRef": reference,
            "sourceRef": { "storeRef": { "kind": "ClusterSecretStore", "name": store } },
        }));
    }
    let Some(store) = stores.first() else {
        return Vec::new();
    };
    let content = json!({ "spec": {
        "refreshInterval": REFRESH_INTERVAL,
        "secretStoreRef": { "kind": "ClusterSecretStore", "name": store },
        "target": { "name": EXTERNAL_SECRET_NAME },
        "data": data,
    } });
    let api = ["external-secrets.io/v1", "ExternalSecret"];
    vec![Object::new(
        model,
        "secret",
        api,
        EXTERNAL_SECRET_NAME,
        content,
    )]
}

//! Secrets: what others bring, and what whoever applies it has in the environment or in files. The latter is in no file that is rendered, since the model has it only where it is applied.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use config::SecretSource;
use serde_json::{Map, Value, json};

use crate::model::{EXTERNAL_SECRET_NAME, Model, SECRET_NAME};
use crate::object::Object;

/// How often what is elsewhere is looked at again.
const REFRESH_INTERVAL: &str = "1h";

pub(super) fn objects(model: &Model<'_>) -> Vec<Object> {
    own(model).into_iter().chain(external(model)).collect()
}

fn own(model: &Model<'_>) -> Option<Object> {
    let values = model.secret_values.iter();
    let data: Map<String, Value> = values
        .map(|(variable, value)| {
            (
                variable.clone(),
                json!(BASE64_STANDARD.encode(value.reveal())),
            )
        })
        .collect();
    let api = ["v1", "Secret"];
    (!data.is_empty())
        .then(|| Object::new(model, "secret", api, SECRET_NAME, json!({ "data": data })))
}

fn external(model: &Model<'_>) -> Option<Object> {
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
    let store = stores.first()?;
    let content = json!({ "spec": {
        "refreshInterval": REFRESH_INTERVAL,
        "secretStoreRef": { "kind": "ClusterSecretStore", "name": store },
        "target": { "name": EXTERNAL_SECRET_NAME },
        "data": data,
    } });
    let api = ["external-secrets.io/v1", "ExternalSecret"];
    Some(Object::new(
        model,
        "secret",
        api,
        EXTERNAL_SECRET_NAME,
        content,
    ))
}

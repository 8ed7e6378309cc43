//! The locked application: what `spin.toml` says, with every file named by its digest
//! (<https://github.com/spinframework/spin/blob/v3.6.3/crates/locked-app/src/locked.rs>).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use app::{Application, Component, FileMount, HttpTrigger, Route, Template, Variable};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::digest::Digest;

/// That a component calls another by its name within the application, which hosts have to know about.
const SERVICE_CHAINING: &str = "local_service_chaining";

/// The names by which it does.
const SERVICE_CHAINING_HOST: &str = ".spin.internal";

/// The kind of trigger that there is.
const HTTP: &str = "http";

#[derive(Deserialize, Serialize)]
pub(crate) struct LockedApplication {
    /// 1 where a host has to look at `must_understand`; what is in the rest is the same.
    spin_lock_version: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    must_understand: Vec<String>,
    metadata: Metadata,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    host_requirements: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, LockedVariable>,
    triggers: Vec<LockedTrigger>,
    components: Vec<LockedComponent>,
}

#[derive(Deserialize, Serialize)]
struct Metadata {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    authors: Vec<String>,
    /// Settings of a kind of trigger as a whole, which HTTP has none of; twice, as in Spin.
    #[serde(default)]
    trigger: Value,
    #[serde(default)]
    triggers: Value,
}

#[derive(Deserialize, Serialize)]
struct LockedVariable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    secret: bool,
}

#[derive(Deserialize, Serialize)]
struct LockedTrigger {
    id: String,
    trigger_type: String,
    trigger_config: Value,
}

/// What a trigger of HTTP says.
#[derive(Deserialize, Serialize)]
struct TriggerConfig {
    component: String,
    route: LockedRoute,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum LockedRoute {
    Path(String),
    Private { private: bool },
}

#[derive(Deserialize, Serialize)]
pub(crate) struct LockedComponent {
    id: String,
    #[serde(default)]
    metadata: ComponentMetadata,
    source: LockedSource,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<LockedFile>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    config: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dependencies: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    host_requirements: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct ComponentMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_outbound_hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_value_stores: Vec<String>,
    /// What the manifest calls `sqlite_databases`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    databases: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ai_models: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct LockedSource {
    content_type: String,
    digest: Digest,
}

/// A file that a component sees, under its path below the component's root.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct LockedFile {
    /// The content in Base64, where it is short; then there is no layer with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inline: Option<String>,
    digest: Digest,
    path: String,
}

/// An application whose files lie in a folder of blobs.
#[derive(Debug)]
pub(crate) struct Unlocked {
    /// The application, with paths in that folder.
    pub(crate) application: Application,
    /// Those of its files that came with it and not in layers.
    pub(crate) inline: Vec<(Digest, Vec<u8>)>,
}

impl LockedFile {
    /// A file; `inline` is its content where no layer has it. Spin reads Base64 without padding only.
    pub(crate) fn new(path: String, digest: Digest, inline: Option<&[u8]>) -> Self {
        Self {
            inline: inline.map(|content| BASE64_STANDARD_NO_PAD.encode(content)),
            digest,
            path,
        }
    }
}

impl LockedApplication {
    /// What `application` says, with `contents`: for each component its own digest and its files, in the order of ids.
    pub(crate) fn new(
        application: &Application,
        contents: impl IntoIterator<Item = (Digest, Vec<LockedFile>)>,
    ) -> Self {
        let variables = application.variables.iter().map(|(name, variable)| {
            let variable = LockedVariable {
                description: variable.description.clone(),
                default: variable.default.clone(),
                secret: variable.secret,
            };
            (name.clone(), variable)
        });
        let components: Vec<LockedComponent> = application
            .components
            .iter()
            .zip(contents)
            .map(|((id, component), (digest, files))| {
                LockedComponent::new(id, component, digest, files)
            })
            .collect();
        let is_requiring = components.iter().any(|c| !c.host_requirements.is_empty());
        Self {
            spin_lock_version: u8::from(is_requiring),
            must_understand: if is_requiring {
                vec!["component_host_requirements".to_owned()]
            } else {
                Vec::new()
            },
            metadata: Metadata {
                name: application.name.clone(),
                version: application.version.clone(),
                description: application.description.clone(),
                authors: application.authors.clone(),
                trigger: json!({ "type": HTTP }),
                triggers: json!({}),
            },
            host_requirements: BTreeMap::new(),
            variables: variables.collect(),
            triggers: locked_triggers(&application.triggers),
            components,
        }
    }

    /// The application again. The error says what it has that cannot be served.
    pub(crate) fn unlock(self) -> Result<Unlocked, String> {
        let requirements = self.components.iter().map(|c| &c.host_requirements);
        for requirements in requirements.chain([&self.host_requirements]) {
            let mut required = requirements.iter();
            if let Some((name, _)) = required.find(|(_, value)| *value != "optional") {
                return Err(format!("it needs `{name}` of its host"));
            }
        }
        let variables = self.variables.into_iter().map(|(name, variable)| {
            let variable = Variable {
                default: variable.default,
                secret: variable.secret,
                description: variable.description,
            };
            (name, variable)
        });
        let mut inline = Vec::new();
        let mut components = BTreeMap::new();
        for component in self.components {
            let id = component.id.clone();
            let component = component
                .unlock(&mut inline)
                .map_err(|problem| format!("component {id:?}: {problem}"))?;
            components.insert(id, component);
        }
        let application = Application {
            name: self.metadata.name,
            version: self.metadata.version,
            description: self.metadata.description,
            authors: self.metadata.authors,
            variables: variables.collect(),
            triggers: self
                .triggers
                .into_iter()
                .map(LockedTrigger::unlock)
                .collect::<Result<_, _>>()?,
            components,
        };
        application.check().map_err(|error| error.to_string())?;
        Ok(Unlocked {
            application,
            inline,
        })
    }

    /// What components and files are called in layers, each once.
    pub(crate) fn layers(&self) -> BTreeSet<&Digest> {
        let components = self.components.iter();
        let files = components
            .clone()
            .flat_map(|component| &component.files)
            .filter(|file| file.inline.is_none());
        let sources = components.map(|component| &component.source.digest);
        sources.chain(files.map(|file| &file.digest)).collect()
    }
}

impl LockedComponent {
    fn new(id: &str, component: &Component, digest: Digest, files: Vec<LockedFile>) -> Self {
        let text = |template: &Template| template.as_str().to_owned();
        let hosts: Vec<String> = component.allowed_outbound_hosts.iter().map(text).collect();
        let is_chaining = hosts
            .iter()
            .any(|host| host.contains(SERVICE_CHAINING_HOST));
        let config = component.variables.iter();
        Self {
            id: id.to_owned(),
            metadata: ComponentMetadata {
                description: component.description.clone(),
                allowed_outbound_hosts: hosts,
                key_value_stores: component.key_value_stores.clone(),
                databases: component.sqlite_databases.clone(),
                ai_models: component.ai_models.clone(),
            },
            source: LockedSource {
                content_type: "application/wasm".to_owned(),
                digest,
            },
            env: component.environment.clone(),
            files,
            config: config
                .map(|(name, template)| (name.clone(), text(template)))
                .collect(),
            dependencies: BTreeMap::new(),
            host_requirements: if is_chaining {
                BTreeMap::from([(SERVICE_CHAINING.to_owned(), json!("required"))])
            } else {
                BTreeMap::new()
            },
        }
    }

    fn unlock(self, inline: &mut Vec<(Digest, Vec<u8>)>) -> Result<Component, String> {
        if !self.dependencies.is_empty() {
            return Err("it depends on others; compose it when it is pushed".to_owned());
        }
        let template = |text: &String| {
            let place = format!("component.{}", self.id);
            Template::parse(text, &place).map_err(|error| error.to_string())
        };
        let mut variables = BTreeMap::new();
        for (name, text) in &self.config {
            variables.insert(name.clone(), template(text)?);
        }
        let hosts = self.metadata.allowed_outbound_hosts.iter().map(template);
        let allowed_outbound_hosts = hosts.collect::<Result<_, _>>()?;
        let mut files = Vec::with_capacity(self.files.len());
        for file in self.files {
            files.push(file.unlock(inline)?);
        }
        Ok(Component {
            source: self.source.digest.path(),
            description: self.metadata.description,
            files,
            exclude_files: Vec::new(),
            environment: self.env,
            variables,
            allowed_outbound_hosts,
            key_value_stores: self.metadata.key_value_stores,
            sqlite_databases: self.metadata.databases,
            ai_models: self.metadata.ai_models,
            build: None,
        })
    }
}

impl LockedFile {
    fn unlock(self, inline: &mut Vec<(Digest, Vec<u8>)>) -> Result<FileMount, String> {
        use std::path::Component::Normal;
        let path = Path::new(&self.path);
        // Whatever else leads out of the folder in which it is placed.
        if self.path.is_empty() || !path.components().all(|name| matches!(name, Normal(_))) {
            return Err(format!("{:?} is not a path within a folder", self.path));
        }
        if let Some(text) = &self.inline {
            // Some write the padding.
            let content = BASE64_STANDARD_NO_PAD.decode(text.trim_end_matches('='));
            let content = content
                .ok()
                .filter(|content| Digest::of(content) == self.digest);
            let content =
                content.ok_or_else(|| format!("{:?} is not what its digest says", self.path))?;
            inline.push((self.digest.clone(), content));
        }
        Ok(FileMount::Placement {
            source: self.digest.path(),
            destination: PathBuf::from("/").join(path),
        })
    }
}

impl LockedTrigger {
    fn unlock(self) -> Result<HttpTrigger, String> {
        let wrong = |problem: &str| format!("trigger {:?}: {problem}", self.id);
        if self.trigger_type != HTTP {
            return Err(wrong(&format!(
                "nothing triggers `{}` here",
                self.trigger_type
            )));
        }
        let config: TriggerConfig = serde_json::from_value(self.trigger_config)
            .map_err(|_| wrong("it is not a route and a component"))?;
        let route = match config.route {
            LockedRoute::Path(path) => Route::Path(path),
            LockedRoute::Private { private: true } => Route::Private,
            LockedRoute::Private { private: false } => return Err(wrong("it has no route")),
        };
        Ok(HttpTrigger {
            id: self.id,
            route,
            component: config.component,
        })
    }
}

/// The triggers, each under a name of its own: Spin gives the second of a component, and all further ones, a number.
fn locked_triggers(triggers: &[HttpTrigger]) -> Vec<LockedTrigger> {
    let mut taken = BTreeSet::new();
    let mut locked = Vec::with_capacity(triggers.len());
    let mut number = 0;
    for trigger in triggers {
        let mut id = trigger.id.clone();
        while !taken.insert(id.clone()) {
            number += 1;
            id = format!("{HTTP}-trigger-{number}");
        }
        let route = match &trigger.route {
            Route::Path(path) => json!(path),
            Route::Private => json!({ "private": true }),
        };
        locked.push(LockedTrigger {
            id,
            trigger_type: HTTP.to_owned(),
            trigger_config: json!({ "component": trigger.component, "route": route }),
        });
    }
    locked
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "films"
version = "1.2.3"
description = "Recommendations"
authors = ["A"]
[variables]
endpoint = { default = "http://127.0.0.1:9000", description = "Where" }
token = { required = true, secret = true }
[[trigger.http]]
route = "/v1/:collection/popular"
component = "recommend"
[[trigger.http]]
route = "/v1/..."
component = "recommend"
[[trigger.http]]
route = { private = true }
component = "inner"
[component.inner]
source = "inner.wasm"
[component.recommend]
description = "Lists"
source = "recommend.wasm"
files = ["static/*"]
environment = { LOG = "info" }
key_value_stores = ["default"]
sqlite_databases = ["accounts"]
ai_models = ["llama"]
allowed_outbound_hosts = ["{{ endpoint }}"]
variables = { endpoint = "{{ endpoint }}/", token = "{{ token }}" }
"#;

    fn locked(manifest: &str) -> LockedApplication {
        let application = Application::parse(manifest).unwrap();
        let digest = |name: &str| Digest::of(name.as_bytes());
        let file = LockedFile::new("static/a".to_owned(), digest("a"), None);
        let short = LockedFile::new("static/b".to_owned(), digest("abcd"), Some(b"abcd"));
        let contents = [
            (digest("inner"), Vec::new()),
            (digest("recommend"), vec![file, short]),
        ];
        LockedApplication::new(&application, contents)
    }

    #[test]
    fn it_is_written_as_spin_writes_it() {
        let json = serde_json::to_string_pretty(&locked(MANIFEST)).unwrap();
        insta::assert_snapshot!("locked_application", json);
    }

    #[test]
    fn it_gives_the_application_again() {
        let json = serde_json::to_vec(&locked(MANIFEST)).unwrap();
        let read: LockedApplication = serde_json::from_slice(&json).unwrap();
        let Unlocked {
            application,
            inline,
        } = read.unlock().unwrap();
        let expected = Application::parse(MANIFEST).unwrap();
        assert_eq!(application.name, expected.name);
        assert_eq!(application.version, expected.version);
        assert_eq!(application.authors, expected.authors);
        let variables = |application: &Application| format!("{:?}", application.variables);
        assert_eq!(variables(&application), variables(&expected));
        let routes = |application: &Application| -> Vec<(Route, String)> {
            let triggers = application.triggers.iter();
            triggers
                .map(|trigger| (trigger.route.clone(), trigger.component.clone()))
                .collect()
        };
        assert_eq!(routes(&application), routes(&expected));
        // All but where its files are.
        let mut component = application.components["recommend"].clone();
        let expected = &expected.components["recommend"];
        assert_eq!(component.source, Digest::of(b"recommend").path());
        assert_eq!(component.files.len(), 2);
        component.source.clone_from(&expected.source);
        component.files.clone_from(&expected.files);
        assert_eq!(format!("{component:?}"), format!("{expected:?}"));
        assert_eq!(inline, [(Digest::of(b"abcd"), b"abcd".to_vec())]);
    }

    #[test]
    fn who_calls_within_the_application_needs_a_host_that_knows_how() {
        let locked =
            locked(&MANIFEST.replace("[\"{{ endpoint }}\"]", "[\"http://inner.spin.internal\"]"));
        assert_eq!(locked.spin_lock_version, 1);
        assert_eq!(locked.must_understand, ["component_host_requirements"]);
        let problem = locked.unlock().unwrap_err();
        assert_eq!(problem, "it needs `local_service_chaining` of its host");
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let json = serde_json::to_string(&locked(MANIFEST)).unwrap();
        let changed = json.replace(from, to);
        assert_ne!(json, changed, "{from}");
        let read: LockedApplication = serde_json::from_str(&changed).unwrap();
        assert_eq!(read.unlock().unwrap_err(), expected);
    }

    #[test]
    fn what_cannot_be_served_is_said() {
        check(
            r#""trigger_type":"http""#,
            r#""trigger_type":"redis""#,
            r#"trigger "recommend-http-trigger": nothing triggers `redis` here"#,
        );
        check(
            r#""component":"inner""#,
            r#""component":"outer""#,
            r#"the trigger of route "private" names the component "outer", which is not defined"#,
        );
        for path in ["../a", "/etc/a", "a/../../b", "./a", ""] {
            check(
                "static/a",
                path,
                &format!(r#"component "recommend": {path:?} is not a path within a folder"#),
            );
        }
        check(
            r#""inline":"YWJjZA""#,
            r#""inline":"YWJjZQ""#,
            r#"component "recommend": "static/b" is not what its digest says"#,
        );
        check(
            r#""env":{"#,
            r#""dependencies":{"a:b/c":{}},"env":{"#,
            r#"component "recommend": it depends on others; compose it when it is pushed"#,
        );
        check(
            r#""id":"inner""#,
            r#""id":"../inner""#,
            r#"component "../inner" is not in kebab-case, such as `word-list`"#,
        );
    }
}

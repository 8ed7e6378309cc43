//! The checked form of `spin.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::schema::{
    BuildTable, CommandValue, ComponentTable, FileValue, Manifest, RouteValue, TriggerTable,
    VariableTable, Version,
};
use crate::template::{is_kebab_case, is_snake_case};
use crate::{AllowedHosts, Error, Template, Variables};

/// An application: what it needs to know, where it listens and what it runs.
///
/// Every name that one part uses of another is defined: a trigger's component exists, a template's variables are declared.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version, if it states one.
    pub version: Option<String>,
    /// What it is, for people.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// What must or may be told to it, by name.
    pub variables: BTreeMap<String, Variable>,
    /// Its routes, in the order of the manifest.
    pub triggers: Vec<HttpTrigger>,
    /// Its components, by id.
    pub components: BTreeMap<String, Component>,
}

/// A value that is given from outside when the application starts.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The value if nobody gives one; without it the variable is required.
    pub default: Option<String>,
    /// Whether the value must not be shown.
    pub secret: bool,
    /// What it is for.
    pub description: Option<String>,
}

/// A route and the component that answers it.
#[derive(Clone, Debug)]
pub struct HttpTrigger {
    /// Its id; `<component>-http-trigger` if the manifest gives none.
    pub id: String,
    /// Which requests it takes.
    pub route: Route,
    /// The id of the component that answers.
    pub component: String,
}

/// Which requests a trigger takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Requests whose path matches: `/a`, `/a/:name`, `/a/...`.
    Path(String),
    /// None from outside.
    Private,
}

/// A WebAssembly component and what it may see.
#[derive(Clone, Debug)]
pub struct Component {
    /// The WebAssembly file, relative to the manifest.
    pub source: PathBuf,
    /// What it is, for people.
    pub description: Option<String>,
    /// The files it sees, read-only.
    pub files: Vec<FileMount>,
    /// Patterns of files that it does not see after all.
    pub exclude_files: Vec<String>,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The variables it can read, by the name it knows them under.
    pub variables: BTreeMap<String, Template>,
    /// The hosts it may call, before variables are filled in.
    pub allowed_outbound_hosts: Vec<Template>,
    /// Labels of the key-value stores it may open.
    pub key_value_stores: Vec<String>,
    /// Labels of the `SQLite` databases it may open.
    pub sqlite_databases: Vec<String>,
    /// Names of the language models it may use.
    pub ai_models: Vec<String>,
    /// How it is built.
    pub build: Option<Build>,
}

/// One entry of a component's `files`, relative to the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileMount {
    /// Every file that matches, under its own path.
    Pattern(String),
    /// A folder or file under another path.
    Placement {
        /// The folder or file.
        source: PathBuf,
        /// The absolute path under which the component sees it.
        destination: PathBuf,
    },
}

/// How a component is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Shell commands, one after the other.
    pub commands: Vec<String>,
    /// Where they run, relative to the manifest.
    pub workdir: Option<PathBuf>,
    /// Patterns of the files that make a new build necessary.
    pub watch: Vec<String>,
}

impl Application {
    /// Reads and checks the manifest at `path`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Checks the text of a manifest.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let version: Version = toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
        if version.spin_manifest_version != 2 {
            return Err(Error::Version {
                found: version.spin_manifest_version,
            });
        }
        let manifest: Manifest =
            toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
        let application = Self {
            name: manifest.application.name,
            version: manifest.application.version,
            description: manifest.application.description,
            authors: manifest.application.authors,
            variables: checked(manifest.variables, Variable::check)?,
            triggers: http_triggers(manifest.trigger)?,
            components: checked(manifest.component, Component::check)?,
        };
        if let Some(settings) = manifest.application.trigger.values().next()
            && !settings.is_empty()
        {
            return Err(Error::Unsupported {
                place: "application.trigger".to_owned(),
                feature: "a base path",
                instead: "write the base into each route",
            });
        }
        application.check()?;
        Ok(application)
    }

    /// Leaves nothing but these components and their triggers.
    pub fn retain_components(&mut self, ids: &[String]) -> Result<(), Error> {
        if let Some(unknown) = ids.iter().find(|id| !self.components.contains_key(*id)) {
            return Err(Error::NoComponent {
                name: unknown.clone(),
                known: self.components.keys().cloned().collect(),
            });
        }
        self.components.retain(|id, _| ids.contains(id));
        self.triggers
            .retain(|trigger| ids.contains(&trigger.component));
        Ok(())
    }

    /// The value of every variable: what `provide` knows about it, or its default. An empty value counts as given.
    pub fn resolve_variables(
        &self,
        provide: impl Fn(&str) -> Option<String>,
    ) -> Result<Variables, Error> {
        let mut values = Vec::with_capacity(self.variables.len());
        let mut missing = Vec::new();
        for (name, variable) in &self.variables {
            match provide(name).or_else(|| variable.default.clone()) {
                Some(value) => values.push((name, value)),
                None => missing.push(name.clone()),
            }
        }
        if missing.is_empty() {
            Ok(values.into_iter().collect())
        } else {
            Err(Error::MissingVariables { names: missing })
        }
    }

    /// Checks that names have their form, and that each that one part uses of another is defined. What [`Application::read`] gives is checked; who
    /// makes an application otherwise checks it.
    pub fn check(&self) -> Result<(), Error> {
        for name in self.variables.keys() {
            check_variable_name(name)?;
        }
        for (id, component) in &self.components {
            if !is_kebab_case(id) {
                return Err(Error::Name {
                    kind: "component",
                    name: id.to_owned(),
                    case: "kebab-case, such as `word-list`",
                });
            }
            for name in component.variables.keys() {
                check_variable_name(name)?;
            }
        }
        for trigger in &self.triggers {
            if !self.components.contains_key(&trigger.component) {
                return Err(Error::UnknownComponent {
                    route: trigger.route.to_string(),
                    component: trigger.component.clone(),
                });
            }
        }
        for (id, component) in &self.components {
            let templates = component
                .variables
                .values()
                .chain(&component.allowed_outbound_hosts);
            for template in templates {
                if let Some(variable) = template
                    .variables()
                    .find(|name| !self.variables.contains_key(*name))
                {
                    return Err(Error::UnknownVariable {
                        place: format!("component.{id}"),
                        template: template.as_str().to_owned(),
                        variable: variable.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }
}

impl Component {
    /// The values of the variables that this component can read, by the name it knows them under.
    pub fn resolve_variables(&self, variables: &Variables) -> Result<Variables, Error> {
        self.variables
            .iter()
            .map(|(name, template)| Ok((name, template.render(variables)?)))
            .collect()
    }

    /// The hosts that this component may call.
    pub fn resolve_allowed_hosts(&self, variables: &Variables) -> Result<AllowedHosts, Error> {
        let entries = self
            .allowed_outbound_hosts
            .iter()
            .map(|template| template.render(variables))
            .collect::<Result<Vec<_>, _>>()?;
        AllowedHosts::parse(entries)
    }

    fn check(id: &str, table: ComponentTable) -> Result<Self, Error> {
        let place = format!("component.{id}");
        let unsupported = |feature, instead| Error::Unsupported {
            place: place.clone(),
            feature,
            instead,
        };
        let toml::Value::String(source) = table.source else {
            return Err(unsupported(
                "a source from a URL or a registry",
                "give the path of a file",
            ));
        };
        if table.dependencies.is_some() {
            return Err(unsupported(
                "a component dependency",
                "compose the component when it is built",
            ));
        }
        let template = |text: &String| Template::parse(text, &place);
        let mut variables = BTreeMap::new();
        for (name, text) in &table.variables {
            variables.insert(name.clone(), template(text)?);
        }
        Ok(Self {
            source: source.into(),
            description: table.description,
            files: table.files.into_iter().map(FileMount::from).collect(),
            exclude_files: table.exclude_files,
            environment: table.environment,
            variables,
            allowed_outbound_hosts: table
                .allowed_outbound_hosts
                .iter()
                .map(template)
                .collect::<Result<_, _>>()?,
            key_value_stores: table.key_value_stores,
            sqlite_databases: table.sqlite_databases,
            ai_models: table.ai_models,
            build: table.build.map(Build::from),
        })
    }
}

impl Variable {
    fn check(name: &str, table: VariableTable) -> Result<Self, Error> {
        if table.required == table.default.is_some() {
            return Err(Error::VariableKind {
                name: name.to_owned(),
            });
        }
        Ok(Self {
            default: table.default,
            secret: table.secret,
            description: table.description,
        })
    }
}

impl From<FileValue> for FileMount {
    fn from(value: FileValue) -> Self {
        match value {
            FileValue::Pattern(pattern) => Self::Pattern(pattern),
            FileValue::Placement(placement) => Self::Placement {
                source: placement.source.into(),
                destination: placement.destination.into(),
            },
        }
    }
}

impl From<BuildTable> for Build {
    fn from(table: BuildTable) -> Self {
        Self {
            commands: match table.command {
                CommandValue::One(command) => vec![command],
                CommandValue::Several(commands) => commands,
            },
            workdir: table.workdir.map(PathBuf::from),
            watch: table.watch,
        }
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => formatter.write_str(path),
            Self::Private => formatter.write_str("private"),
        }
    }
}

/// Checks every value of a table under its key.
fn checked<T, U>(
    table: BTreeMap<String, T>,
    check: impl Fn(&str, T) -> Result<U, Error>,
) -> Result<BTreeMap<String, U>, Error> {
    table
        .into_iter()
        .map(|(name, value)| {
            let value = check(&name, value)?;
            Ok((name, value))
        })
        .collect()
}

fn http_triggers(tables: BTreeMap<String, Vec<TriggerTable>>) -> Result<Vec<HttpTrigger>, Error> {
    let mut triggers = Vec::new();
    for (kind, tables) in tables {
        if kind != "http" {
            return Err(Error::Unsupported {
                place: format!("trigger.{kind}"),
                feature: "a trigger other than HTTP",
                instead: "use [[trigger.http]]",
            });
        }
        for table in tables {
            triggers.push(http_trigger(table)?);
        }
    }
    Ok(triggers)
}

fn http_trigger(table: TriggerTable) -> Result<HttpTrigger, Error> {
    let unsupported = |feature, instead| Error::Unsupported {
        place: "trigger.http".to_owned(),
        feature,
        instead,
    };
    if table.static_response.is_some() {
        return Err(unsupported("a static response", "answer in a component"));
    }
    if table
        .executor
        .is_some_and(|executor| executor.kind != "http")
    {
        return Err(unsupported(
            "an executor other than `http`",
            "build the component with spin-sdk 5",
        ));
    }
    let Some(toml::Value::String(component)) = table.component else {
        return Err(unsupported(
            "an inline component",
            "define it under [component.NAME]",
        ));
    };
    let route = match table.route {
        RouteValue::Path(path) => Route::Path(path),
        RouteValue::Private(private) if private.private => Route::Private,
        RouteValue::Private(_) => {
            return Err(unsupported("`private = false`", "give the route as a path"));
        }
    };
    let id = table
        .id
        .unwrap_or_else(|| format!("{component}-http-trigger"));
    Ok(HttpTrigger {
        id,
        route,
        component,
    })
}

fn check_variable_name(name: &str) -> Result<(), Error> {
    if is_snake_case(name) {
        return Ok(());
    }
    Err(Error::Name {
        kind: "variable",
        name: name.to_owned(),
        case: "snake_case, such as `word_list`",
    })
}

fn syntax_error(text: &str, error: &toml::de::Error) -> Error {
    let offset = error.span().map_or(0, |span| span.start).min(text.len());
    let line = 1 + text
        .as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count();
    Error::Syntax {
        line,
        message: error.message().trim_end().replace('\n', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
spin_manifest_version = 2
[application]
name = "films"
version = "0.1.0"
authors = ["A"]
[application.tool.other]
setting = 1
[variables]
s3_endpoint = { default = "http://127.0.0.1:9000" }
token = { required = true, secret = true }
[[trigger.http]]
route = "/v1/:collection/popular"
component = "recommend"
[[trigger.http]]
id = "hidden"
route = { private = true }
component = "recommend"
executor = { type = "http" }
[component.recommend]
source = "recommend.wasm"
files = ["static/**/*", { source = "idx", destination = "/idx" }]
environment = { LOG = "info" }
variables = { endpoint = "{{ s3_endpoint }}/", token = "{{ token }}" }
allowed_outbound_hosts = ["{{ s3_endpoint }}", "https://*.example.com"]
key_value_stores = ["default"]
[component.recommend.build]
command = "make"
"#;

    /// The whole manifest with one line replaced, and the error that it must give.
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(WHOLE.contains(from));
        let error = Application::parse(&WHOLE.replace(from, to)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_whole_manifest_is_read() {
        let application = Application::parse(WHOLE).unwrap();
        assert_eq!(application.name, "films");
        assert_eq!(application.triggers[0].id, "recommend-http-trigger");
        assert_eq!(application.triggers[1].route, Route::Private);
        let component = &application.components["recommend"];
        assert_eq!(
            component.files[0],
            FileMount::Pattern("static/**/*".to_owned())
        );
        assert_eq!(component.build.as_ref().unwrap().commands, ["make"]);

        let variables = application
            .resolve_variables(|name| (name == "token").then(String::new))
            .unwrap();
        assert_eq!(variables.get("token"), Some(""));
        let seen = component.resolve_variables(&variables).unwrap();
        assert_eq!(seen.get("endpoint"), Some("http://127.0.0.1:9000/"));
        let hosts = component.resolve_allowed_hosts(&variables).unwrap();
        assert!(hosts.allow("http", "127.0.0.1", 9000));
        assert!(!hosts.allow("http", "127.0.0.1", 80));
    }

    #[test]
    fn missing_variables_are_named() {
        let error = Application::parse(WHOLE)
            .unwrap()
            .resolve_variables(|_| None)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no provider resolved required variable(s): token"
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let variables = Variables::from_iter([("token", "hush")]);
        assert_eq!(format!("{variables:?}"), r#"{"token"}"#);
    }

    #[test]
    fn an_unknown_field_is_an_error_with_its_line() {
        check(
            "authors =",
            "autors =",
            "line 6: unknown field `autors`, expected one of `name`, `version`, `description`, `authors`, `targets`, `tool`, `trigger`",
        );
        check(
            "secret = true",
            "hidden = true",
            "line 11: unknown field `hidden`, expected one of `required`, `default`, `secret`, `description`",
        );
        check("name = \"films\"", "", "line 3: missing field `name`");
        check(
            "command = \"make\"",
            "command = 1",
            "line 28: a command is a string or a list of strings",
        );
        check(
            "LOG = \"info\"",
            "LOG = 1",
            "line 23: invalid type: integer `1`, expected a string",
        );
    }

    #[test]
    fn references_must_resolve() {
        check(
            "component = \"recommend\"\n[[",
            "component = \"other\"\n[[",
            r#"the trigger of route "/v1/:collection/popular" names the component "other", which is not defined"#,
        );
        check(
            "\"{{ token }}\"",
            "\"{{ tokens }}\"",
            r#"component.recommend: the template "{{ tokens }}" names "tokens", which [variables] does not declare"#,
        );
    }

    #[test]
    fn what_is_outside_the_subset_says_what_to_write_instead() {
        check(
            "spin_manifest_version = 2",
            "spin_manifest_version = 1",
            "spin_manifest_version is 1, and only 2 is read",
        );
        check(
            "source = \"recommend.wasm\"",
            "source = { url = \"https://example.com/a.wasm\", digest = \"sha256:0\" }",
            "component.recommend: a source from a URL or a registry is not supported; give the path of a file",
        );
        check(
            "type = \"http\"",
            "type = \"wagi\"",
            "trigger.http: an executor other than `http` is not supported; build the component with spin-sdk 5",
        );
        check(
            "required = true, ",
            "",
            r#"variable "token" needs either `required = true` or a `default`, and not both"#,
        );
        check(
            "token = { required",
            "toKen = { required",
            r#"variable "toKen" is not in snake_case, such as `word_list`"#,
        );
    }
}

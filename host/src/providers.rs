//! Where the values of variables come from, first to last: the command line, the runtime configuration, the environment.

use std::collections::HashMap;
use std::path::Path;

use crate::Error;
use crate::runtime_config::{RuntimeConfig, VariablesProvider};

/// The prefix of the environment's variables, unless the runtime configuration names another.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE";

/// The file that stands in for the environment, in the current folder.
const DOTENV: &str = ".env";

/// Sources of values, asked in order until one knows.
pub(crate) struct Providers(Vec<Provider>);

enum Provider {
    Static(HashMap<String, String>),
    Environment {
        prefix: String,
        dotenv: HashMap<String, String>,
    },
}

impl Providers {
    /// `given` first, then what the runtime configuration lists, then the environment if `environment` says so.
    pub(crate) fn new(
        given: &[(String, String)],
        environment: bool,
        config: &RuntimeConfig,
    ) -> Result<Self, Error> {
        let mut providers = vec![Provider::Static(given.iter().cloned().collect())];
        for provider in &config.variables_providers {
            providers.push(match provider {
                VariablesProvider::Static { values } => Provider::Static(values.clone()),
                VariablesProvider::Env {
                    prefix,
                    dotenv_path,
                } => Provider::Environment {
                    prefix: prefix
                        .clone()
                        .unwrap_or_else(|| ENVIRONMENT_PREFIX.to_owned()),
                    dotenv: match dotenv_path {
                        Some(path) => read_dotenv(path)?,
                        None => HashMap::new(),
                    },
                },
            });
        }
        if environment {
            providers.push(Provider::Environment {
                prefix: ENVIRONMENT_PREFIX.to_owned(),
                dotenv: read_dotenv(Path::new(DOTENV))?,
            });
        }
        Ok(Self(providers))
    }

    /// The value of `name`, from the first provider that has one.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|provider| provider.get(name))
    }
}

impl Provider {
    fn get(&self, name: &str) -> Option<String> {
        match self {
            Self::Static(values) => values.get(name).cloned(),
            Self::Environment { prefix, dotenv } => {
                let key = format!("{prefix}_{}", name.to_ascii_uppercase());
                std::env::var(&key)
                    .ok()
                    .or_else(|| dotenv.get(&key).cloned())
            }
        }
    }
}

/// The assignments of a `.env` file; none if there is no such file.
fn read_dotenv(path: &Path) -> Result<HashMap<String, String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(parse_dotenv(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(Error::RuntimeConfig {
            path: path.to_owned(),
            message: error.to_string(),
        }),
    }
}

/// Lines of `KEY=value`: `export` before, quotes around the value and comments are taken off.
fn parse_dotenv(text: &str) -> HashMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), unquote(value.trim()).to_owned()))
        .collect()
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some((inner, _)) = inner.rsplit_once(quote)
        {
            return inner;
        }
    }
    value
        .split_once(" #")
        .map_or(value, |(value, _)| value.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotenv_lines_are_read() {
        let values = parse_dotenv(
            "# comment\nA=1\nexport B = two words # note\nC='#3' \nD=\"x=y\"\nE=\nnothing\n",
        );
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "#3"),
            ("D", "x=y"),
            ("E", ""),
        ];
        assert_eq!(values.len(), expected.len());
        for (key, value) in expected {
            assert_eq!(values[key], value, "{key}");
        }
    }

    #[test]
    fn the_command_line_wins_over_the_runtime_configuration() {
        let config = RuntimeConfig {
            variables_providers: vec![VariablesProvider::Static {
                values: HashMap::from(
                    [("a", "config"), ("b", "config")].map(|(k, v)| (k.into(), v.into())),
                ),
            }],
            ..RuntimeConfig::default()
        };
        let providers =
            Providers::new(&[("a".to_owned(), "given".to_owned())], false, &config).unwrap();
        assert_eq!(providers.get("a").as_deref(), Some("given"));
        assert_eq!(providers.get("b").as_deref(), Some("config"));
        assert_eq!(providers.get("c"), None);
    }
}

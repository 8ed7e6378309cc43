//! Writes values into `kindred.toml`, and leaves everything else of it as it was: comments, order, layout.

use std::path::Path;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::{Config, ConfigError};

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(String),
}

impl From<Setting> for Value {
    fn from(setting: Setting) -> Self {
        match setting {
            Setting::Whole(number) => number.into(),
            Setting::Real(number) => number.into(),
            Setting::Text(text) => text.into(),
        }
    }
}

/// The text with `settings` of a collection written into it, each named as in `train.clusters.dimensions`. Tables on the way are made.
///
/// What comes out is a configuration that [`Config::parse`] takes; a setting that it refuses is an error. `path` is where the text came from.
pub fn with_settings(
    text: &str,
    path: &Path,
    collection: &str,
    settings: &[(&str, Setting)],
) -> Result<String, ConfigError> {
    with_settings_of(text, path, ["collections", collection], settings)
}

/// The same with `settings` of any `table`, such as `environments` and `prod`.
pub fn with_settings_of(
    text: &str,
    path: &Path,
    table: [&str; 2],
    settings: &[(&str, Setting)],
) -> Result<String, ConfigError> {
    Config::parse(text, path)?;
    let mut document = parsed(text, path)?;
    write(&mut document, table, settings);
    let edited = document.to_string();
    Config::parse(&edited, path)?;
    Ok(edited)
}

fn write(document: &mut DocumentMut, table_names: [&str; 2], settings: &[(&str, Setting)]) {
    for (key, setting) in settings {
        let (tables, name) = key.rsplit_once('.').unwrap_or(("", key));
        let tables = tables.split('.').filter(|table| !table.is_empty());
        let mut table: &mut dyn TableLike = document.as_table_mut();
        let mut is_inline = false;
        let mut new_table = Table::new();
        // Without a header of its own as long as it has only tables.
        new_table.set_implicit(true);
        for table_name in table_names.into_iter().chain(tables) {
            let missing = if is_inline {
                Item::Value(InlineTable::new().into())
            } else {
                Item::Table(new_table.clone())
            };
            let item = table.entry(table_name).or_insert(missing);
            is_inline = item.is_inline_table();
            table = item
                .as_table_like_mut()
                .expect("what was parsed has a table wherever a setting may be");
        }
        let mut value = Value::from(setting.clone());
        match table.get_mut(name) {
            Some(Item::Value(old)) => {
                // The comment behind a value, and the space before it, are the value's own.
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            _ => {
                table.insert(name, Item::Value(value));
            }
        }
    }
}

/// The text with no more than what jobs read: collections and where their files go. Who reads it knows nothing of environments, and does not differ where these do.
pub fn for_jobs(text: &str, path: &Path) -> Result<String, ConfigError> {
    let mut document = parsed(text, path)?;
    for table in ["cluster", "environments"] {
        document.remove(table);
    }
    // What stands at the end is the last table's, or was.
    document.set_trailing("");
    Ok(document.to_string())
}

fn parsed(text: &str, path: &Path) -> Result<DocumentMut, ConfigError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigError::at(path, text, offset, error.message().to_owned())
    })
}

/// Settings of a collection as the lines that say so in a `kindred.toml`; nothing where there are none.
pub fn settings_as_toml(collection: &str, settings: &[(&str, Setting)]) -> String {
    let mut document = DocumentMut::new();
    write(&mut document, ["collections", collection], settings);
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "# Ours.\n[collections.films]\ntitle = \"Films\"   # what else\nsource = \"ml\"\n";

    fn edited(
        text: &str,
        collection: &str,
        settings: &[(&str, Setting)],
    ) -> Result<String, ConfigError> {
        with_settings(text, Path::new("kindred.toml"), collection, settings)
    }

    /// What is below [`HEAD`], before and after.
    fn check(before: &str, settings: &[(&str, Setting)], after: &str) {
        let edited = edited(&format!("{HEAD}{before}"), "films", settings).unwrap();
        assert_eq!(edited.strip_prefix(HEAD), Some(after), "{edited}");
    }

    #[test]
    fn jobs_read_nothing_of_environments() {
        let text = format!(
            "{HEAD}# Where it runs.\n[environments.dev]\ncontext = \"a\" # ours\n[environments.dev.scaling]\n[cluster]\n[collections.books]\ntitle = \"B\"\nsource = \"b\"\n# The end.\n"
        );
        let left = for_jobs(&text, Path::new("kindred.toml")).unwrap();
        assert_eq!(
            left,
            format!("{HEAD}[collections.books]\ntitle = \"B\"\nsource = \"b\"\n")
        );
    }

    #[test]
    fn comments_order_and_layout_stay() {
        check(
            "\n[collections.films.train]\n# Found by hand.\nneighbours   = 100 # enough\nregularization = 250.0\n# The end.\n\n# Others.\n\
             [collections.books]\ntitle = 'Books'\nsource = \"b\"\n",
            &[
                ("train.regularization", Setting::Real(310.0)),
                ("train.neighbours", Setting::Whole(150)),
                ("train.similarity", Setting::Text("bm25".to_owned())),
            ],
            "\n[collections.films.train]\n# Found by hand.\nneighbours   = 150 # enough\nregularization = 310.0\nsimilarity = \"bm25\"\n# The end.\n\n# Others.\n\
             [collections.books]\ntitle = 'Books'\nsource = \"b\"\n",
        );
    }

    #[test]
    fn tables_on_the_way_are_made_beside_their_collection() {
        let dimensions = [("train.clusters.dimensions", Setting::Whole(24))];
        check(
            "\n# Others.\n[collections.books]\ntitle = \"Books\"\nsource = \"b\"\n",
            &dimensions,
            "\n[collections.films.train.clusters]\ndimensions = 24\n\n# Others.\n[collections.books]\ntitle = \"Books\"\nsource = \"b\"\n",
        );
        check(
            "train = { neighbours = 5 }\n",
            &dimensions,
            "train = { neighbours = 5 , clusters = { dimensions = 24 } }\n",
        );
        check(
            "train.neighbours = 5\n",
            &[("train.regularization", Setting::Real(0.5))],
            "train.neighbours = 5\ntrain.regularization = 0.5\n",
        );
    }

    #[test]
    fn settings_of_an_environment_are_written_where_it_has_them() {
        let image = [(
            "application.image",
            Setting::Text("ghcr.io/a/b:1".to_owned()),
        )];
        let check = |before: &str, after: &str| {
            let table = ["environments", "prod"];
            let edited = with_settings_of(before, Path::new("kindred.toml"), table, &image);
            assert_eq!(edited.unwrap(), after);
        };
        check(
            "[environments.prod.application]\nimage = \"ghcr.io/a/b:0\"   # ours\nform = 'host'\nhost_image = \"c\"\n",
            "[environments.prod.application]\nimage = \"ghcr.io/a/b:1\"   # ours\nform = 'host'\nhost_image = \"c\"\n",
        );
        check(
            "[environments.prod]\napplication = { image = \"ghcr.io/a/b:0\" } # ours\n",
            "[environments.prod]\napplication = { image = \"ghcr.io/a/b:1\" } # ours\n",
        );
    }

    #[test]
    fn what_cannot_be_used_is_not_written() {
        let refused = |collection, setting| edited(HEAD, collection, &[setting]).unwrap_err();
        let error = refused("films", ("train.neighbours", Setting::Whole(0)));
        assert!(error.to_string().contains("0 is too small"), "{error}");
        let error = refused("books", ("train.neighbours", Setting::Whole(1)));
        assert!(
            error.to_string().contains("missing field `title`"),
            "{error}"
        );
        let error = edited("a = ", "films", &[]).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { line: 1, .. }));
    }
}

//! Objects as YAML.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::object::Object;

/// Documents, one behind the other. Mappings keep the order of their fields, so that equal objects give equal bytes.
pub(crate) fn documents<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Result<String> {
    let mut text = String::new();
    for object in objects {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text += &document(&object.value).with_context(|| object.name())?;
    }
    Ok(text)
}

/// One document.
pub(crate) fn document(value: &Value) -> Result<String> {
    yaml_serde::to_string(value).context("could not write an object as YAML")
}

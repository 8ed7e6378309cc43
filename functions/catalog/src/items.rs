//! Records by id and by title.

use index::Keys;
use kit::{
    Call, Keeping, Needs, Provenance, http::Response, limits::MAXIMUM_ID_COUNT, problem::Problem,
    record::Item,
};
use serde::Serialize;

#[derive(Serialize)]
struct ItemAnswer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    item: Item,
}

/// `GET /v1/{collection}/items/{id}`.
pub(crate) fn item(call: &Call<'_>) -> Result<Response, Problem> {
    call.query(&[])?;
    let keys = Keys {
        ids: &[call.parameter("id")],
        titles: &[],
    };
    let needs = Needs {
        kinds: &|_| Vec::new(),
        keys,
    };
    call.answer_from(&needs, Keeping::Everybody, &mut |collection| {
        let id = call.parameter("id");
        let number = collection.item(id)?;
        let record = collection.generation.records(&[number])?.pop();
        let record = record.ok_or_else(|| Problem::Internal {
            what: format!("the item `{id}` has no record"),
        })?;
        Response::json(ItemAnswer {
            provenance: collection.provenance(),
            item: record.into(),
        })
    })
}

#[derive(Serialize)]
struct ItemsAnswer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    items: Vec<Item>,
    unknown: Vec<&'a str>,
}

/// `GET /v1/{collection}/items` with `ids` or `title`.
pub(crate) fn items(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["ids", "title"])?;
    let ids = query.list("ids", MAXIMUM_ID_COUNT)?;
    let title = query.get("title").filter(|title| !title.trim().is_empty());
    if ids.is_empty() == title.is_none() {
        return Err(Problem::InvalidValue {
            field: "ids".to_owned(),
            what: "or `title` is needed, and only one of them".to_owned(),
        });
    }
    let keys = Keys {
        ids: &ids,
        titles: title.as_slice(),
    };
    let needs = Needs {
        kinds: &|_| Vec::new(),
        keys,
    };
    call.answer_from(&needs, Keeping::Everybody, &mut |collection| {
        let mut found = collection.generation.items_of_ids(keys.ids)?;
        found.extend(collection.generation.items_of_titles(keys.titles)?);
        let names = keys.ids.iter().chain(keys.titles);
        let unknown = names
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(name, _)| *name)
            .collect();
        let numbers: Vec<u32> = found.into_iter().flatten().collect();
        let records = collection.generation.records(&numbers)?;
        Response::json(ItemsAnswer {
            provenance: collection.provenance(),
            items: records.into_iter().map(Item::from).collect(),
            unknown,
        })
    })
}

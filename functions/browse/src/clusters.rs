//! The catalogue as clusters, to browse.

use index::{FileKind, Keys};
use kit::{
    Call, Keeping, Needs, Provenance,
    http::Response,
    limits::{COUNT_RANGE, DEFAULT_COUNT},
    problem::Problem,
    record::Item,
};
use serde::Serialize;

const CLUSTERS: Needs<'_> = Needs {
    kinds: &|_| vec![FileKind::Clusters],
    keys: Keys {
        ids: &[],
        titles: &[],
    },
};

#[derive(Serialize)]
struct ClustersAnswer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    clusters: Vec<Cluster>,
}

#[derive(Serialize)]
struct Cluster {
    #[serde(rename = "cluster")]
    number: u32,
    name: String,
    item_count: u32,
}

#[derive(Serialize)]
struct ClusterAnswer<'a> {
    #[serde(flatten)]
    provenance: Provenance<'a>,
    #[serde(flatten)]
    cluster: Cluster,
    items: Vec<Item>,
}

/// `GET /v1/{collection}/clusters`.
pub(crate) fn all(call: &Call<'_>) -> Result<Response, Problem> {
    call.query(&[])?;
    call.answer_from(&CLUSTERS, Keeping::Everybody, &mut |collection| {
        let names = collection.generation.cluster_names()?;
        let cluster = |(number, name): (u32, index::clusters::ClusterName)| Cluster {
            number,
            name: name.name,
            item_count: name.item_count,
        };
        Response::json(ClustersAnswer {
            provenance: collection.provenance(),
            clusters: (0..).zip(names).map(cluster).collect(),
        })
    })
}

/// `GET /v1/{collection}/clusters/{cluster}`: what is recommended most of it first.
pub(crate) fn members(call: &Call<'_>) -> Result<Response, Problem> {
    let query = call.query(&["count"])?;
    let count = query.count("count", COUNT_RANGE, DEFAULT_COUNT)?;
    let text = call.parameter("cluster");
    let number: u32 = text.parse().map_err(|_| Problem::InvalidValue {
        field: "cluster".to_owned(),
        what: "is to be the number of a cluster".to_owned(),
    })?;
    call.answer_from(&CLUSTERS, Keeping::Everybody, &mut |collection| {
        let generation = &collection.generation;
        let mut members = generation.cluster_members(number)?;
        let name = generation.cluster_names()?.into_iter().nth(number as usize);
        members.truncate(count);
        let records = generation.records(&members)?;
        let name = name.ok_or_else(|| Problem::Internal {
            what: format!("cluster {number} has no name"),
        })?;
        Response::json(ClusterAnswer {
            provenance: collection.provenance(),
            cluster: Cluster {
                number,
                name: name.name,
                item_count: name.item_count,
            },
            items: records.into_iter().map(Item::from).collect(),
        })
    })
}

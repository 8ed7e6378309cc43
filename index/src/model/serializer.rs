use std::collections::{BTreeMap, BTreeSet};

use super::{
    forest::LEAF,
    metadata::{Algorithm, LEAVES, Metadata, TERMS, THRESHOLDS, TREES},
    schema::Schema,
    writer::{Node, Parameters, Term},
};
use crate::{
    codec::write_varint,
    container::{ContainerSerializer, Section, SectionId},
    error::WriteError,
    metadata,
    source::FileKind,
};

pub(super) fn serialize(
    schema: Schema,
    description: String,
    parameters: &Parameters,
) -> Result<Vec<u8>, WriteError> {
    let column_count = schema.column_count();
    let (algorithm, sections) = match parameters {
        Parameters::Forest(trees) => {
            let tree_count = trees.len() as u32;
            (
                Algorithm::Forest { tree_count },
                forest(trees, column_count),
            )
        }
        Parameters::Logistic { base, terms } => (Algorithm::Logistic, vec![logistic(*base, terms)]),
    };
    let metadata = Metadata {
        description,
        schema,
        algorithm,
    };
    let metadata = metadata::encode(&metadata);
    // Readers take no more into their memory, and the length there is another than that of the bytes.
    if metadata::decode::<Metadata>(&metadata).is_none() {
        return Err(WriteError::Model {
            what: "its names of fields, categories and classes take more than a mebibyte",
        });
    }
    // There is no catalogue whose numbers it would use.
    let mut container = ContainerSerializer::new(FileKind::Model, 0, metadata);
    for section in sections {
        container.push_hot(section);
    }
    container.finish()
}

fn forest(trees: &[Vec<Node>], column_count: usize) -> Vec<Section> {
    let mut thresholds = vec![BTreeSet::new(); column_count];
    let mut leaves = BTreeMap::new();
    for node in trees.iter().flatten() {
        match node {
            Node::Split {
                column, threshold, ..
            } => {
                if let Some(thresholds) = thresholds.get_mut(*column as usize) {
                    thresholds.insert(sort_key(*threshold));
                }
            }
            Node::Leaf(counts) => {
                leaves.insert(counts, 0_u32);
            }
        }
    }
    for ((_, number), next) in leaves.iter_mut().zip(0..) {
        *number = next;
    }
    let thresholds: Vec<Vec<u64>> = thresholds
        .into_iter()
        .map(|thresholds| thresholds.into_iter().collect())
        .collect();

    let mut block = Vec::new();
    for thresholds in &thresholds {
        write_varint(thresholds.len() as u64, &mut block);
        for &key in thresholds {
            block.extend_from_slice(&threshold(key).to_le_bytes());
        }
    }
    let thresholds_section = single_block(THRESHOLDS, &block);
    let counts = leaves.keys().flat_map(|counts| counts.iter());
    let leaves_section = single_block(
        LEAVES,
        &counts
            .flat_map(|count| count.to_le_bytes())
            .collect::<Vec<u8>>(),
    );
    let mut trees_section = Section::new(FileKind::Model, TREES);
    for tree in trees {
        block.clear();
        for node in tree {
            let (column, rank, target) = match node {
                Node::Split {
                    column,
                    threshold,
                    left,
                } => {
                    let key = sort_key(*threshold);
                    let of_column = thresholds.get(*column as usize);
                    let rank =
                        of_column.map_or(0, |keys| keys.partition_point(|other| *other < key));
                    (*column as u16, rank as u32, *left)
                }
                Node::Leaf(counts) => (LEAF, 0, leaves.get(counts).copied().unwrap_or_default()),
            };
            block.extend_from_slice(&column.to_le_bytes());
            block.extend_from_slice(&rank.to_le_bytes());
            block.extend_from_slice(&target.to_le_bytes());
        }
        trees_section.push_block(&block);
    }
    vec![thresholds_section, leaves_section, trees_section]
}

fn logistic(base: f64, terms: &[Term]) -> Section {
    let mut block = base.to_le_bytes().to_vec();
    for term in terms {
        block.extend_from_slice(&term.coefficient.to_le_bytes());
        block.extend_from_slice(&term.mean.to_le_bytes());
    }
    single_block(TERMS, &block)
}

fn single_block(id: SectionId, content: &[u8]) -> Section {
    let mut section = Section::new(FileKind::Model, id);
    section.push_block(content);
    section
}

/// Integers in the order of the finite numbers that they stand for; -0 is 0.
fn sort_key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

fn threshold(sort_key: u64) -> f64 {
    f64::from_bits(if sort_key >> 63 == 1 {
        sort_key & !(1 << 63)
    } else {
        !sort_key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_the_numbers() {
        let numbers = [
            f64::MIN,
            -2.5,
            -f64::MIN_POSITIVE,
            0.0,
            1e-300,
            3.0,
            f64::MAX,
        ];
        let keys = numbers.map(sort_key);
        assert!(keys.is_sorted());
        assert_eq!(keys.map(threshold), numbers);
        assert_eq!(sort_key(-0.0), sort_key(0.0));
    }
}

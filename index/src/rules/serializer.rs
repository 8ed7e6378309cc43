use super::{
    metadata::{Metadata, RULES},
    rule::Rule,
};
use crate::{
    codec::write_varint,
    container::{ContainerSerializer, entries_section},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// The rules are sorted, each there once.
pub(super) fn serialize(
    rules: &[Rule],
    item_count: u32,
    basket_count: u32,
    description: &str,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let mut entries = vec![Vec::new(); item_count as usize];
    let mut group = Vec::new();
    for rules in rules.chunk_by(|left, right| left.antecedent == right.antecedent) {
        group.clear();
        // The writer lets no rule without an antecedent pass, and every item number has an entry.
        let Some((&last, others)) = rules.first().and_then(|rule| rule.antecedent.split_last())
        else {
            continue;
        };
        encode_group(rules, others, &mut group);
        if let Some(entry) = entries.get_mut(last as usize) {
            write_varint(group.len() as u64, entry);
            entry.extend_from_slice(&group);
        }
    }
    let (section, items_per_block) = entries_section(FileKind::Rules, RULES, &entries);
    let metadata = Metadata {
        item_count,
        items_per_block,
        basket_count,
        description: description.to_owned(),
    };
    let mut container =
        ContainerSerializer::new(FileKind::Rules, item_space, metadata::encode(&metadata));
    container.push_cold(section);
    container.finish()
}

/// The rules of one antecedent: its other items, its support, and a line a rule.
fn encode_group(rules: &[Rule], others: &[u32], bytes: &mut Vec<u8>) {
    write_varint(others.len() as u64, bytes);
    let mut next = 0;
    for &item in others {
        write_varint(u64::from(item - next), bytes);
        next = item + 1;
    }
    let support = rules.first().map_or(0, |rule| rule.antecedent_support);
    write_varint(u64::from(support), bytes);
    let mut next = 0;
    for rule in rules {
        write_varint(u64::from(rule.consequent - next), bytes);
        write_varint(u64::from(rule.support), bytes);
        write_varint(u64::from(rule.consequent_support), bytes);
        next = rule.consequent + 1;
    }
}

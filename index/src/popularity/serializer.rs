use bincode::{Decode, Encode};

use crate::{
    container::{ContainerSerializer, Section, SectionId},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// Eight bytes an item: its number and its score.
pub(super) const POPULAR: SectionId = SectionId(1);

/// Four bytes an item: its number.
pub(super) const ONBOARDING: SectionId = SectionId(2);

#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
}

pub(super) fn serialize(
    item_count: u32,
    popular: &[(u32, f32)],
    onboarding: &[u32],
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let mut popular_section = Section::new(FileKind::Popularity, POPULAR);
    let bytes: Vec<u8> = popular
        .iter()
        .flat_map(|(item, score)| [item.to_le_bytes(), score.to_le_bytes()].concat())
        .collect();
    popular_section.push_block(&bytes);
    let mut onboarding_section = Section::new(FileKind::Popularity, ONBOARDING);
    let bytes: Vec<u8> = onboarding
        .iter()
        .flat_map(|item| item.to_le_bytes())
        .collect();
    onboarding_section.push_block(&bytes);

    let metadata = metadata::encode(&Metadata { item_count });
    let mut container = ContainerSerializer::new(FileKind::Popularity, item_space, metadata);
    container.push_hot(popular_section);
    container.push_hot(onboarding_section);
    container.finish()
}

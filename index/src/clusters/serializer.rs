use super::{
    metadata::{
        CENTROIDS, CODES, CODES_PER_BLOCK, FRONTS, HOT_CODES_MAX_COUNT, MIDDLE_CODE, Metadata,
        NAMES, NO_CLUSTER, RESTS,
    },
    writer::{Cluster, Geometry, Member},
};
use crate::{
    codec::{best_rice_parameter, write_rice, write_text, write_varint},
    container::{ContainerSerializer, Section},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// One of so many items is in a front: those with the longest vectors, which are recommended most.
const FRONT_SHARE: usize = 5;

/// A small catalogue's fronts have at least so many items in all.
const FRONT_MIN_COUNT: usize = 512;

pub(super) fn serialize(
    clusters: &[Cluster],
    members: &[Option<Member>],
    geometry: &Geometry,
    description: &str,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let largest = clusters
        .iter()
        .flat_map(|cluster| &cluster.centroid)
        .fold(0.0, |largest: f32, value| largest.max(value.abs()));
    // Of zeros alone the scale does not matter.
    let centroid_scale = if largest == 0.0 { 1.0 } else { largest / 127.0 };
    let centroids: Vec<Vec<i8>> = clusters
        .iter()
        .map(|cluster| {
            let code = |value: &f32| (value / centroid_scale).round() as i8;
            cluster.centroid.iter().map(code).collect()
        })
        .collect();

    let section = |id| Section::new(FileKind::Clusters, id);
    let mut codes = section(CODES);
    for members in members.chunks(CODES_PER_BLOCK as usize) {
        let code = |member: &Option<Member>| {
            let cluster = member.as_ref().map(|member| member.cluster as u8);
            cluster.unwrap_or(NO_CLUSTER)
        };
        codes.push_block(&members.iter().map(code).collect::<Vec<u8>>());
    }
    let mut centroid_section = section(CENTROIDS);
    let bytes = centroids.iter().flatten().map(|&code| code as u8);
    centroid_section.push_block(&bytes.collect::<Vec<u8>>());

    let is_front = fronts(members);
    let mut names = Vec::new();
    let (mut front_section, mut rest_section) = (section(FRONTS), section(RESTS));
    for (number, (cluster, centroid)) in (0..).zip(clusters.iter().zip(&centroids)) {
        let of_cluster = (0..).zip(members).filter_map(|(item, member)| {
            let member = member.as_ref()?;
            (member.cluster == number).then_some((item, member.vector.as_slice()))
        });
        let (front, rest): (Vec<(u32, &[f32])>, Vec<_>) =
            of_cluster.partition(|(item, _)| is_front.get(*item as usize) == Some(&true));
        write_text(&cluster.name, &mut names);
        write_varint((front.len() + rest.len()) as u64, &mut names);
        let centroid: Vec<f32> = centroid
            .iter()
            .map(|&code| f32::from(code) * centroid_scale)
            .collect();
        front_section.push_block(&encode_list(&front, &centroid));
        rest_section.push_block(&encode_list(&rest, &centroid));
    }
    let mut name_section = section(NAMES);
    name_section.push_block(&names);

    let metadata = Metadata {
        item_count: members.len() as u32,
        cluster_count: clusters.len() as u32,
        confidence: geometry.confidence,
        centroid_scale,
        diagonal: geometry.diagonal.clone(),
        description: description.to_owned(),
    };
    let metadata = metadata::encode(&metadata);
    let mut container = ContainerSerializer::new(FileKind::Clusters, item_space, metadata);
    if members.len() <= HOT_CODES_MAX_COUNT as usize {
        container.push_hot(codes);
    } else {
        container.push_cold(codes);
    }
    container.push_hot(centroid_section);
    container.push_cold(front_section);
    container.push_cold(rest_section);
    container.push_cold(name_section);
    container.finish()
}

/// Which items are in the front of their cluster: a share of those that have one, those with the longest vectors, equals by number.
fn fronts(members: &[Option<Member>]) -> Vec<bool> {
    let mut by_length: Vec<(f32, usize)> = members
        .iter()
        .enumerate()
        .filter_map(|(item, member)| {
            let vector = &member.as_ref()?.vector;
            Some((vector.iter().map(|value| value * value).sum(), item))
        })
        .collect();
    by_length.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    let front_count = (by_length.len() / FRONT_SHARE).max(FRONT_MIN_COUNT);
    let mut is_front = vec![false; members.len()];
    for (_, item) in by_length.into_iter().take(front_count) {
        if let Some(is_front) = is_front.get_mut(item) {
            *is_front = true;
        }
    }
    is_front
}

/// A list of members: how many, the scale, the Rice parameter, half a byte a coordinate, the items' gaps. The empty list is no bytes.
///
/// A coordinate is what the member's differs by from the centroid's, in sixteen steps of the scale.
fn encode_list(list: &[(u32, &[f32])], centroid: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if list.is_empty() {
        return bytes;
    }
    let residuals = |vector: &[f32]| -> Vec<f32> {
        vector
            .iter()
            .zip(centroid)
            .map(|(value, mean)| value - mean)
            .collect()
    };
    let largest = list
        .iter()
        .flat_map(|(_, vector)| residuals(vector))
        .fold(0.0, |largest: f32, value| largest.max(value.abs()));
    let scale = if largest == 0.0 {
        1.0
    } else {
        largest / MIDDLE_CODE
    };
    let items: Vec<u32> = list.iter().map(|(item, _)| *item).collect();
    let parameter = best_rice_parameter(&items);
    write_varint(items.len() as u64, &mut bytes);
    bytes.extend_from_slice(&scale.to_le_bytes());
    bytes.push(parameter);
    for (_, vector) in list {
        let code = |value: f32| (value / scale + MIDDLE_CODE).round().clamp(0.0, 15.0) as u8;
        let codes: Vec<u8> = residuals(vector).into_iter().map(code).collect();
        let pair = |pair: &[u8]| match *pair {
            [low, high] => low | high << 4,
            [low] => low,
            _ => 0,
        };
        bytes.extend(codes.chunks(2).map(pair));
    }
    write_rice(&items, parameter, &mut bytes);
    bytes
}

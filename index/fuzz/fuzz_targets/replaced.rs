//! Asks a generation of golden files of which one was replaced.

use index::{FileKind, Outline};

#[path = "../../tests/it/damage.rs"]
mod damage;

pub(crate) fn ask(kind: FileKind, bytes: &[u8]) {
    let golden: [(FileKind, &[u8]); 8] = [
        (FileKind::Baskets, include_bytes!("../../tests/golden/v1/baskets.kdx")),
        (FileKind::Catalogue, include_bytes!("../../tests/golden/v1/catalogue.kdx")),
        (FileKind::Clusters, include_bytes!("../../tests/golden/v1/clusters.kdx")),
        (FileKind::Content, include_bytes!("../../tests/golden/v1/content.kdx")),
        (FileKind::Neighbours, include_bytes!("../../tests/golden/v1/neighbours.kdx")),
        (FileKind::Popularity, include_bytes!("../../tests/golden/v1/popularity.kdx")),
        (FileKind::Rules, include_bytes!("../../tests/golden/v1/rules.kdx")),
        (FileKind::Text, include_bytes!("../../tests/golden/v1/text.kdx")),
    ];
    let mut files: Vec<(FileKind, Vec<u8>)> =
        golden.iter().map(|(kind, file)| (*kind, file.to_vec())).collect();
    let mut outlines = Vec::new();
    for (number, (found, file)) in files.iter_mut().enumerate() {
        let mut outline = Outline::of(*found, file).expect("a golden file");
        if *found == kind {
            *file = bytes.to_vec();
            let Some(field) = file.get(12..16) else { return };
            let head_len_bytes = u32::from_le_bytes([field[0], field[1], field[2], field[3]]);
            if file.len() < 48 || file.len() < head_len_bytes as usize || head_len_bytes < 48 {
                return;
            }
            // The same catalogue as the others', or the generation would not be opened.
            let item_space = golden[(number + 1) % golden.len()].1[24..32].to_vec();
            file[24..32].copy_from_slice(&item_space);
            damage::reseal(file, head_len_bytes as usize);
            // What a manifest would say of this file, if it is one; otherwise of the one that was there.
            outline = Outline::of(kind, file).unwrap_or(outline);
            outline.head_len_bytes = head_len_bytes;
        }
        outlines.push(outline);
    }
    let _ = damage::ask_everything(files, outlines);
}

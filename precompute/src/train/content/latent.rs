use factors::{FactorError, SparseRows, SvdSettings, svd};
use ndarray::Array2;

use super::TermVectors;

/// Of a vector of length 1, what the decomposition leaves below this is rounding, and says nothing.
const MINIMUM_LEN: f32 = 1e-3;

/// The places of the items in the space of the largest singular values of the matrix of items and terms: a row an item, of length 1, or of zeros where none of the
/// item's terms is another's. There are no columns for 0 dimensions. O(entries × dimensions + (items + terms) × dimensions²).
///
/// # Errors
///
/// When the numbers overflow, which weights of vectors of length 1 do not.
pub fn latent_vectors(terms: &TermVectors, dimensions: u32) -> Result<Array2<f32>, FactorError> {
    if dimensions == 0 {
        return Ok(Array2::zeros((terms.items.len(), 0)));
    }
    let mut item_counts = vec![0_u32; terms.term_count];
    for &(term, _) in terms.items.iter().flatten() {
        item_counts[term as usize] += 1;
    }
    // A term of one item relates it to no other: it would be a direction of its own.
    let mut columns = vec![None; terms.term_count];
    let shared = (0..terms.term_count).filter(|&term| 1 < item_counts[term]);
    let mut column_count = 0;
    for term in shared {
        columns[term] = Some(column_count);
        column_count += 1;
    }
    let mut offsets = vec![0];
    let (mut indices, mut weights) = (Vec::new(), Vec::new());
    for vector in &terms.items {
        for &(term, weight) in vector {
            if let Some(column) = columns[term as usize] {
                indices.push(column);
                weights.push(weight);
            }
        }
        offsets.push(indices.len());
    }
    let rows = SparseRows::new(&offsets, &indices, column_count as usize)?.weighted(&weights)?;
    let settings = SvdSettings {
        dimensions: dimensions as usize,
        ..SvdSettings::default()
    };
    let decomposed = svd(rows, &settings)?;
    let mut vectors = decomposed.users;
    for mut vector in vectors.rows_mut() {
        for (coordinate, singular_value) in vector.iter_mut().zip(&decomposed.singular_values) {
            *coordinate *= singular_value;
        }
        let len = vector.dot(&vector).sqrt();
        if len < MINIMUM_LEN {
            vector.fill(0.0);
        } else {
            vector /= len;
        }
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two themes: items 0 to 2 are of the first, 3 and 4 of the second; item 5 has a term of its own, and item 6 none.
    fn terms() -> TermVectors {
        let half = 0.5_f32.sqrt();
        TermVectors {
            items: vec![
                vec![(0, half), (1, half)],
                vec![(1, half), (2, half)],
                vec![(0, half), (2, half)],
                vec![(3, 1.0)],
                vec![(3, half), (4, half)],
                vec![(5, 1.0)],
                vec![],
            ],
            term_count: 6,
        }
    }

    #[test]
    fn items_of_a_theme_are_in_one_direction() {
        let vectors = latent_vectors(&terms(), 2).unwrap();
        assert_eq!(vectors.dim(), (7, 2));
        let cosines = vectors.dot(&vectors.t());
        let themes = [0, 0, 0, 1, 1];
        for (item, theme) in themes.iter().enumerate() {
            for (other, other_theme) in themes.iter().enumerate() {
                let expected = if theme == other_theme { 1.0 } else { 0.0 };
                assert!(
                    (cosines[(item, other)] - expected).abs() < 1e-4,
                    "{cosines}"
                );
            }
        }
        for item in [5, 6] {
            assert!(
                vectors
                    .row(item)
                    .iter()
                    .all(|&coordinate| coordinate == 0.0)
            );
        }
    }

    /// All of the matrix of the shared terms, when there are as many dimensions as it has.
    #[test]
    fn in_all_dimensions_cosines_are_those_of_the_terms() {
        let vectors = latent_vectors(&terms(), 50).unwrap();
        let cosines = vectors.dot(&vectors.t());
        assert!((cosines[(0, 1)] - 0.5).abs() < 1e-4, "{cosines}");
        assert!((cosines[(3, 4)] - 1.0).abs() < 1e-4, "{cosines}");
        assert!(cosines[(0, 3)].abs() < 1e-4, "{cosines}");
    }

    #[test]
    fn there_may_be_no_dimensions_no_terms_and_no_items() {
        assert_eq!(latent_vectors(&terms(), 0).unwrap().dim(), (7, 0));
        let empty = |item_count| TermVectors {
            items: vec![Vec::new(); item_count],
            term_count: 0,
        };
        assert_eq!(latent_vectors(&empty(3), 5).unwrap().dim(), (3, 0));
        assert_eq!(latent_vectors(&empty(0), 5).unwrap().dim(), (0, 0));
    }
}

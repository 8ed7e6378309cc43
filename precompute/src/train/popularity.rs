use crate::dataset::Interaction;

const SECONDS_A_DAY: f64 = 86_400.0;

/// How popular each item is: its interactions, each counting half as much for every `half_life_days` that it is older than the newest of all.
///
/// With a half-life of zero, or where no interaction has a time, each counts one.
pub fn popularity<'a>(
    item_count: usize,
    interactions: impl Iterator<Item = &'a Interaction> + Clone,
    half_life_days: u32,
) -> Vec<f32> {
    let newest_s = interactions
        .clone()
        .map(|interaction| interaction.time_s)
        .max()
        .unwrap_or(0);
    let mut scores = vec![0.0_f64; item_count];
    for interaction in interactions {
        let age_days = newest_s.saturating_sub(interaction.time_s) as f64 / SECONDS_A_DAY;
        scores[interaction.item as usize] += if half_life_days == 0 {
            1.0
        } else {
            (-age_days / f64::from(half_life_days)).exp2()
        };
    }
    scores.into_iter().map(|score| score as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times_s: &[(u32, i64)], half_life_days: u32, expected: &[f32]) {
        let interactions: Vec<Interaction> = times_s
            .iter()
            .map(|&(item, time_s)| Interaction {
                user: 0,
                item,
                value: 1.0,
                time_s,
            })
            .collect();
        assert_eq!(
            popularity(expected.len(), interactions.iter(), half_life_days),
            expected
        );
    }

    #[test]
    fn old_interactions_count_less() {
        let day_s = SECONDS_A_DAY as i64;
        check(
            &[(0, 100 * day_s), (1, 90 * day_s), (1, 80 * day_s)],
            10,
            &[1.0, 0.75, 0.0],
        );
        check(
            &[(0, 100 * day_s), (1, 90 * day_s), (1, 80 * day_s)],
            0,
            &[1.0, 2.0, 0.0],
        );
    }

    #[test]
    fn without_times_all_count_the_same() {
        check(&[(0, 0), (0, 0), (1, 0)], 10, &[2.0, 1.0]);
        check(&[], 10, &[0.0]);
    }
}

//! Random numbers that are the same on every platform and in every version: `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number
//! generators, 2014). It is ten lines, so that no release of another crate can change the demo.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// One of many streams of a seed; streams do not depend on each other, so that a user's ratings do not depend on how many users there are.
    pub fn stream(seed: u64, stream: u64) -> Self {
        Self {
            state: mix(mix(seed).wrapping_add(stream)),
        }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number in 0 <= x < 1, every one a multiple of 2^-53 and therefore exact.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number in 0 <= x < `end`; `end` is small beside 2^53, so that the bias is too.
    pub fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// A number around 0 with variance 1: six units less their mean, scaled. Close to a bell, between -4.2 and 4.2, and without a logarithm.
    pub fn bell(&mut self) -> f64 {
        let sum: f64 = (0..6).map(|_| self.unit()).sum();
        // The variance of six units is 6/12, and 1.414... is the square root of its inverse.
        (sum - 3.0) * std::f64::consts::SQRT_2
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // The first outputs of the reference implementation for the state 1234567.
        let mut random = SplitMix64 { state: 1_234_567 };
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn ranges_and_moments() {
        let mut random = SplitMix64::stream(1, 2);
        let units: Vec<f64> = (0..10_000).map(|_| random.unit()).collect();
        assert!(units.iter().all(|unit| (0.0..1.0).contains(unit)));
        assert!((0..10_000).all(|_| random.below(7) < 7));
        let bells: Vec<f64> = (0..10_000).map(|_| random.bell()).collect();
        let mean = bells.iter().sum::<f64>() / 10_000.0;
        let variance = bells.iter().map(|bell| bell * bell).sum::<f64>() / 10_000.0;
        assert!(
            mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}

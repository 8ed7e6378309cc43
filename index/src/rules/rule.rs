/// "Who has the antecedent, has the consequent as well", and the counts that tell how sure that is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rule {
    /// Item numbers, strictly ascending; never empty.
    pub antecedent: Vec<u32>,
    /// One item that is not among them.
    pub consequent: u32,
    /// How many baskets have all of it.
    pub support: u32,
    /// How many baskets have the antecedent.
    pub antecedent_support: u32,
    /// How many baskets have the consequent.
    pub consequent_support: u32,
}

impl Rule {
    /// The share of the antecedent's baskets that have the consequent (Agrawal, Imieliński and Swami, SIGMOD 1993).
    pub fn confidence(&self) -> f32 {
        self.support as f32 / self.antecedent_support as f32
    }

    /// The confidence by the share of all baskets that have the consequent: 1 where the two have nothing to do with each other.
    pub fn lift(&self, basket_count: u32) -> f64 {
        f64::from(self.support) * f64::from(basket_count)
            / (f64::from(self.antecedent_support) * f64::from(self.consequent_support))
    }

    /// The share of baskets that have all of it, less what it would be if the two had nothing to do with each other (Piatetsky-Shapiro 1991).
    pub fn leverage(&self, basket_count: u32) -> f64 {
        let share = |support: u32| f64::from(support) / f64::from(basket_count);
        share(self.support) - share(self.antecedent_support) * share(self.consequent_support)
    }

    /// How much more often the rule would be wrong if the two had nothing to do with each other; `None` where it never is (Brin et al., SIGMOD 1997).
    pub fn conviction(&self, basket_count: u32) -> Option<f64> {
        let exceptions = f64::from(self.antecedent_support) - f64::from(self.support);
        let without = f64::from(basket_count) - f64::from(self.consequent_support);
        let expected = f64::from(self.antecedent_support) * without / f64::from(basket_count);
        (0.0 < exceptions).then(|| expected / exceptions)
    }
}

use super::{rule::Rule, serializer::serialize};
use crate::error::WriteError;

/// Rules in the making.
///
/// ```
/// use index::rules::{Rule, RulesWriter};
///
/// let mut writer = RulesWriter::new(3, 10, "made by hand")?;
/// writer.push(Rule { antecedent: vec![0, 2], consequent: 1, support: 3, antecedent_support: 4, consequent_support: 5 })?;
/// let file = writer.finish(0x5eed)?;
/// assert!(file.starts_with(b"\x89KDX"));
/// # Ok::<(), index::WriteError>(())
/// ```
#[derive(Debug)]
pub struct RulesWriter {
    item_count: u32,
    basket_count: u32,
    description: String,
    rules: Vec<Rule>,
}

impl RulesWriter {
    /// A writer for rules between `item_count` items, out of `basket_count` baskets. The description says how they were found.
    pub fn new(
        item_count: usize,
        basket_count: usize,
        description: &str,
    ) -> Result<Self, WriteError> {
        let number = |count: usize| {
            let number = u32::try_from(count).ok();
            let number = number.filter(|&count| count < u32::MAX);
            number.ok_or(WriteError::TooManyItems { count })
        };
        Ok(Self {
            item_count: number(item_count)?,
            basket_count: number(basket_count)?,
            description: description.to_owned(),
            rules: Vec::new(),
        })
    }

    /// Adds a rule; any order will do.
    ///
    /// # Errors
    ///
    /// [`WriteError::BadRule`] says what a rule cannot be: without an antecedent, about an item that does not exist, with supports that no baskets could have.
    pub fn push(&mut self, rule: Rule) -> Result<(), WriteError> {
        let what = if rule.antecedent.is_empty() {
            Some("asks for nothing")
        } else if !rule.antecedent.is_sorted_by(|left, right| left < right) {
            Some("does not name its items in ascending order, each once")
        } else if rule.antecedent.contains(&rule.consequent) {
            Some("asks for what it promises")
        } else if self.item_count <= rule.consequent
            || rule.antecedent.iter().any(|&item| self.item_count <= item)
        {
            Some("names an item that does not exist")
        } else if rule.support == 0
            || rule.antecedent_support.min(rule.consequent_support) < rule.support
            || self.basket_count < rule.antecedent_support.max(rule.consequent_support)
        {
            Some("has supports that contradict each other")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(WriteError::BadRule {
                consequent: rule.consequent,
                what,
            });
        }
        self.rules.push(rule);
        Ok(())
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the rules use. O(rules · log rules).
    ///
    /// # Errors
    ///
    /// [`WriteError::BadRule`] also where a rule was added twice.
    pub fn finish(mut self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        self.rules.sort_unstable();
        let is_same = |(left, right): &(&Rule, &Rule)| {
            left.antecedent == right.antecedent
                && (left.consequent == right.consequent
                    || left.antecedent_support != right.antecedent_support)
        };
        if let Some((rule, _)) = self
            .rules
            .iter()
            .zip(self.rules.iter().skip(1))
            .find(is_same)
        {
            return Err(WriteError::BadRule {
                consequent: rule.consequent,
                what: "is there twice, or its antecedent has two supports",
            });
        }
        serialize(
            &self.rules,
            self.item_count,
            self.basket_count,
            &self.description,
            item_space,
        )
    }
}

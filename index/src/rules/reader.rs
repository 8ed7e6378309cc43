use super::{
    metadata::{Metadata, RULES},
    rule::Rule,
};
use crate::{
    codec::{Cursor, OutOfBytes},
    container::{Blocks, Container, Entries, Plan},
    error::Error,
};

/// An open file of rules.
#[derive(Debug)]
pub struct Rules {
    container: Container,
    metadata: Metadata,
    entries: Entries,
}

impl Rules {
    /// Opens a head in O(1).
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let entries = Entries::open(
            &container,
            RULES,
            metadata.item_count,
            metadata.items_per_block,
        )?;
        Ok(Self {
            container,
            metadata,
            entries,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items the catalogue has.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// Of how many baskets the supports are.
    pub fn basket_count(&self) -> u32 {
        self.metadata.basket_count
    }

    /// How the rules were found, as the writer was told.
    pub fn description(&self) -> &str {
        &self.metadata.description
    }

    /// Adds the block of the rules whose antecedent's last item this is.
    pub(crate) fn plan(&self, item: u32, plan: &mut Plan) -> Result<(), Error> {
        self.entries.plan(&self.container, item, plan)
    }

    /// Calls `visit` for every rule that fires: all of its antecedent is in the basket, and its consequent is not. `basket` is ascending, and the blocks of its
    /// items have been fetched. In the order of the antecedents' last items, then of the antecedents, then of the consequents.
    ///
    /// O(lengths of the items' entries).
    pub(crate) fn fire(
        &self,
        basket: &[u32],
        blocks: &Blocks,
        visit: &mut dyn FnMut(&Rule),
    ) -> Result<(), Error> {
        for &item in basket {
            let entry = self.entries.get(&self.container, item, blocks)?;
            self.fire_entry(entry, item, basket, visit)
                .map_err(|OutOfBytes| self.container.corrupt("a rule is cut off"))?;
        }
        Ok(())
    }

    fn fire_entry(
        &self,
        entry: &[u8],
        item: u32,
        basket: &[u32],
        visit: &mut dyn FnMut(&Rule),
    ) -> Result<(), OutOfBytes> {
        let is_in_basket = |item: &u32| basket.binary_search(item).is_ok();
        let mut rule = Rule {
            antecedent: Vec::new(),
            consequent: 0,
            support: 0,
            antecedent_support: 0,
            consequent_support: 0,
        };
        let mut groups = Cursor::new(entry);
        while !groups.is_empty() {
            let mut group = Cursor::new(groups.sized()?);
            rule.antecedent.clear();
            let mut next = 0;
            for _ in 0..group.varint()? {
                rule.antecedent.push(self.ascending(&mut next, &mut group)?);
            }
            if !rule.antecedent.iter().all(is_in_basket) {
                continue;
            }
            rule.antecedent.push(item);
            rule.antecedent_support = group.varint_u32()?;
            let mut next = 0;
            while !group.is_empty() {
                rule.consequent = self.ascending(&mut next, &mut group)?;
                rule.support = group.varint_u32()?;
                rule.consequent_support = group.varint_u32()?;
                if rule.support == 0
                    || rule.antecedent_support.min(rule.consequent_support) < rule.support
                {
                    return Err(OutOfBytes);
                }
                if !is_in_basket(&rule.consequent) {
                    visit(&rule);
                }
            }
        }
        Ok(())
    }

    /// The next number of an ascending sequence, of which `next` is the least that it can be.
    fn ascending(&self, next: &mut u32, cursor: &mut Cursor<'_>) -> Result<u32, OutOfBytes> {
        let number = next.checked_add(cursor.varint_u32()?).ok_or(OutOfBytes)?;
        if self.metadata.item_count <= number {
            return Err(OutOfBytes);
        }
        *next = number + 1;
        Ok(number)
    }
}

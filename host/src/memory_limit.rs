//! How much memory an instance may have.

use wasmtime::ResourceLimiter;

/// Counts the linear memories of one instance together and ends it when they outgrow the limit.
///
/// A refused growth could be told to the instance, which would abort in its allocator with a message of its own; ending it here says what the
/// matter is.
pub(crate) struct MemoryLimit {
    limit_bytes: usize,
    used_bytes: usize,
    exceeded: bool,
}

impl MemoryLimit {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            exceeded: false,
        }
    }

    /// How large the memories are. They never shrink, so it is also how large they have ever been.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Whether the instance was ended for wanting more.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.exceeded
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| maximum < desired) {
            // More than its own memory type allows, which is told to the instance as everywhere.
            return Ok(false);
        }
        let wanted_bytes = self
            .used_bytes
            .saturating_sub(current)
            .saturating_add(desired);
        if self.limit_bytes < wanted_bytes {
            self.exceeded = true;
            wasmtime::bail!(
                "{wanted_bytes} bytes of memory are more than the limit of {}",
                self.limit_bytes
            );
        }
        self.used_bytes = wanted_bytes;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool bounds tables, and a table is small beside a memory.
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.memory_growing(0, 60, None).unwrap());
        assert!(limit.memory_growing(0, 30, Some(1000)).unwrap());
        assert!(limit.memory_growing(60, 70, None).unwrap());
        assert_eq!(limit.used_bytes(), 100);
        assert!(!limit.memory_growing(30, 40, Some(39)).unwrap());
        assert!(!limit.is_exceeded());
        assert!(limit.memory_growing(30, 31, None).is_err());
        assert!(limit.is_exceeded());
        assert_eq!(limit.used_bytes(), 100);
    }
}

//! The memory of a function.
//!
//! An instance lives for one request, so nothing is ever given back: a block is the next bytes that are free. There is a reserve among the function's statics,
//! then what `memory.grow` gives. Nobody has written to a new block, so that it is zero as WebAssembly's memory is. The heap takes the place of libc's as well
//! (the module `libc`), which would be 8 kB and grow the memory in every request.

#![allow(unsafe_code, reason = "an allocator hands out raw memory")]

/// The unit in which a memory grows.
const PAGE_LEN_BYTES: usize = 64 << 10;

/// How long the reserve is, and how far the memory grows at once, at least. Most requests need less and never grow it, which would cost the host some 40
/// microseconds: it changes the protection of the pages, for all its threads, and changes it back. What is never touched costs it nothing.
const MINIMUM_GROWTH_PAGES: usize = 32;

/// A memory that grows and never shrinks.
trait Pages {
    /// Adds pages of zeros and returns the address of the first, or `None` when there are no more. They need not follow those of the call before: others grow
    /// the memory as well.
    fn grow(&mut self, num_pages: usize) -> Option<usize>;
}

/// Blocks of memory. No two ever overlap, and all lie in what [`Pages`] gave.
struct Heap<P> {
    pages: P,
    /// From here to `end` nothing was ever handed out.
    top: usize,
    end: usize,
}

impl<P: Pages> Heap<P> {
    const fn new(pages: P) -> Self {
        Self {
            pages,
            top: 0,
            end: 0,
        }
    }

    /// The address of a new block of zeros, or `None` when there is no memory. The alignment is a power of two.
    #[inline]
    fn allocate(&mut self, size_bytes: usize, alignment_bytes: usize) -> Option<usize> {
        let block = self.top.checked_add(alignment_bytes - 1)? & !(alignment_bytes - 1);
        let end = block.checked_add(size_bytes)?;
        if self.end < end {
            return self.allocate_grown(size_bytes, alignment_bytes);
        }
        self.top = end;
        Some(block)
    }

    #[cold]
    #[inline(never)]
    fn allocate_grown(&mut self, size_bytes: usize, alignment_bytes: usize) -> Option<usize> {
        self.grow(size_bytes.checked_add(alignment_bytes)?)?;
        self.allocate(size_bytes, alignment_bytes)
    }

    /// The address of a block of another size with the same content, and zeros behind it. The old one is gone, if it is another.
    fn resize(
        &mut self,
        block: usize,
        old_size_bytes: usize,
        size_bytes: usize,
        alignment_bytes: usize,
    ) -> Option<usize> {
        if size_bytes <= old_size_bytes {
            return Some(block);
        }
        // What was handed out last grows where it is.
        if block + old_size_bytes == self.top {
            let end = block.checked_add(size_bytes)?;
            if end <= self.end {
                self.top = end;
                return Some(block);
            }
        }
        let longer = self.allocate(size_bytes, alignment_bytes)?;
        // SAFETY: both blocks are in use, so they do not overlap, and have at least the old size.
        unsafe { pointer::<u8>(longer).copy_from_nonoverlapping(pointer(block), old_size_bytes) };
        Some(longer)
    }

    /// Makes room for so many bytes more.
    fn grow(&mut self, len_bytes: usize) -> Option<()> {
        let num_pages = len_bytes.div_ceil(PAGE_LEN_BYTES);
        let generous = num_pages.max(MINIMUM_GROWTH_PAGES);
        let (first, num_pages) = match self.pages.grow(generous) {
            Some(first) => (first, generous),
            None => (self.pages.grow(num_pages)?, num_pages),
        };
        let end = first.checked_add(num_pages * PAGE_LEN_BYTES)?;
        if first != self.end {
            self.top = first;
        }
        self.end = end;
        Some(())
    }
}

fn pointer<T>(address: usize) -> *mut T {
    std::ptr::with_exposed_provenance_mut(address)
}

#[cfg(target_arch = "wasm32")]
mod function {
    //! The heap of a function, for Rust and for C.

    use std::alloc::{GlobalAlloc, Layout};
    use std::cell::UnsafeCell;

    use super::{Heap, MINIMUM_GROWTH_PAGES, PAGE_LEN_BYTES, Pages, pointer};

    #[global_allocator]
    static HEAP: SharedHeap = SharedHeap(UnsafeCell::new(Heap::new(LinearMemory {
        has_reserve: true,
    })));

    /// What the first pages are taken from. It is nowhere in the function's file, since it begins with nothing but zeros.
    static RESERVE: Reserve = Reserve(UnsafeCell::new([0; RESERVE_LEN_BYTES]));

    #[repr(align(16))]
    struct Reserve(UnsafeCell<[u8; RESERVE_LEN_BYTES]>);

    const RESERVE_LEN_BYTES: usize = MINIMUM_GROWTH_PAGES * PAGE_LEN_BYTES;

    // SAFETY: a function has one thread.
    unsafe impl Sync for Reserve {}

    /// The memory of the function.
    struct LinearMemory {
        has_reserve: bool,
    }

    impl Pages for LinearMemory {
        fn grow(&mut self, num_pages: usize) -> Option<usize> {
            if self.has_reserve && num_pages == MINIMUM_GROWTH_PAGES {
                self.has_reserve = false;
                return Some(RESERVE.0.get().expose_provenance());
            }
            let num_pages_before = core::arch::wasm32::memory_grow::<0>(num_pages);
            // All bits are set when there is no more.
            num_pages_before.checked_mul(PAGE_LEN_BYTES)
        }
    }

    struct SharedHeap(UnsafeCell<Heap<LinearMemory>>);

    #[cfg(target_feature = "atomics")]
    compile_error!("the heap has no lock: functions have one thread");

    // SAFETY: a function has one thread.
    unsafe impl Sync for SharedHeap {}

    impl SharedHeap {
        fn with(&self, act: impl FnOnce(&mut Heap<LinearMemory>) -> Option<usize>) -> *mut u8 {
            // SAFETY: there is one thread, and what the heap does calls nothing that allocates, so this is the only reference.
            let address = act(unsafe { &mut *self.0.get() });
            address.map_or(std::ptr::null_mut(), pointer)
        }
    }

    // SAFETY: blocks do not overlap, are at least as long and as aligned as asked, begin as zeros, and nothing here panics.
    unsafe impl GlobalAlloc for SharedHeap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.with(|heap| heap.allocate(layout.size(), layout.align()))
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            self.with(|heap| heap.allocate(layout.size(), layout.align()))
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size_bytes: usize) -> *mut u8 {
            let block = block.expose_provenance();
            self.with(|heap| heap.resize(block, layout.size(), size_bytes, layout.align()))
        }
    }

    mod libc {
        //! The functions of C's `malloc`, all that libc itself calls and more. Since they are here, the linker never takes libc's own out of its archive;
        //! should a program need one more function of that, the two collide and the program is not linked.

        use super::{HEAP, pointer};

        /// How all of C's memory is aligned, and how long the number is that lies before it: its size, since C does not tell it again.
        const ALIGNMENT_BYTES: usize = 16;

        /// "Not enough memory", as WASI numbers it.
        const ENOMEM: i32 = 48;

        fn allocate(size_bytes: usize, alignment_bytes: usize) -> *mut u8 {
            let alignment_bytes = alignment_bytes.max(ALIGNMENT_BYTES);
            HEAP.with(|heap| {
                let block =
                    heap.allocate(size_bytes.checked_add(alignment_bytes)?, alignment_bytes)?;
                let memory = block + alignment_bytes;
                // SAFETY: the block has as many bytes before the memory as it is aligned to, which are at least 16.
                unsafe { pointer::<usize>(memory - ALIGNMENT_BYTES).write(size_bytes) };
                Some(memory)
            })
        }

        #[unsafe(no_mangle)]
        extern "C" fn malloc(size_bytes: usize) -> *mut u8 {
            allocate(size_bytes, 1)
        }

        #[unsafe(no_mangle)]
        extern "C" fn free(_: *mut u8) {}

        #[unsafe(no_mangle)]
        extern "C" fn calloc(num_parts: usize, part_size_bytes: usize) -> *mut u8 {
            let size_bytes = num_parts.checked_mul(part_size_bytes);
            size_bytes.map_or(std::ptr::null_mut(), |size_bytes| malloc(size_bytes))
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn realloc(memory: *mut u8, size_bytes: usize) -> *mut u8 {
            let longer = malloc(size_bytes);
            if !memory.is_null() && !longer.is_null() {
                // SAFETY: the caller gives what one of these functions gave it, with its size before it; the new memory is another.
                unsafe {
                    let before = memory.expose_provenance() - ALIGNMENT_BYTES;
                    let old_size_bytes = pointer::<usize>(before).read();
                    longer.copy_from_nonoverlapping(memory, old_size_bytes.min(size_bytes));
                }
            }
            longer
        }

        #[unsafe(no_mangle)]
        extern "C" fn aligned_alloc(alignment_bytes: usize, size_bytes: usize) -> *mut u8 {
            allocate(size_bytes, alignment_bytes)
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn posix_memalign(
            memory: *mut *mut u8,
            alignment_bytes: usize,
            size_bytes: usize,
        ) -> i32 {
            let allocated = allocate(size_bytes, alignment_bytes);
            if allocated.is_null() {
                return ENOMEM;
            }
            // SAFETY: the caller gives the place of a pointer.
            unsafe { memory.write(allocated) };
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A memory of some pages, of which others take one now and then.
    struct TestPages {
        next: usize,
        end: usize,
        num_calls: usize,
        others_take_every: usize,
    }

    impl TestPages {
        fn new(num_pages: usize, others_take_every: usize) -> Self {
            let memory = vec![0_u8; (num_pages + 1) * PAGE_LEN_BYTES].leak();
            let start = memory.as_mut_ptr().expose_provenance();
            let next = start.next_multiple_of(PAGE_LEN_BYTES);
            Self {
                next,
                end: next + num_pages * PAGE_LEN_BYTES,
                num_calls: 0,
                others_take_every,
            }
        }
    }

    impl Pages for TestPages {
        fn grow(&mut self, num_pages: usize) -> Option<usize> {
            self.num_calls += 1;
            if self.num_calls.is_multiple_of(self.others_take_every) {
                self.next += PAGE_LEN_BYTES;
            }
            let first = self.next;
            let next = first + num_pages * PAGE_LEN_BYTES;
            (next <= self.end).then(|| {
                self.next = next;
                first
            })
        }
    }

    fn check(block: usize, size_bytes: usize, byte: u8) {
        let content = unsafe { std::slice::from_raw_parts(pointer::<u8>(block), size_bytes) };
        assert!(content.iter().all(|&found| found == byte), "{block:x}");
    }

    /// Blocks in use, with what they are filled with.
    struct Model {
        heap: Heap<TestPages>,
        blocks: BTreeMap<usize, (usize, u8)>,
    }

    impl Model {
        fn fill(&mut self, block: usize, size_bytes: usize, byte: u8) {
            unsafe { pointer::<u8>(block).write_bytes(byte, size_bytes) };
            self.blocks.insert(block, (size_bytes, byte));
        }

        fn check_all(&self) {
            let mut end = 0;
            for (&block, &(size_bytes, byte)) in &self.blocks {
                assert!(end <= block, "{block:x} overlaps");
                end = block + size_bytes;
                check(block, size_bytes, byte);
            }
        }
    }

    #[test]
    fn blocks_begin_as_zeros_and_keep_their_content_whatever_happens_to_others() {
        for others_take_every in [2, 3, usize::MAX] {
            let mut model = Model {
                heap: Heap::new(TestPages::new(2000, others_take_every)),
                blocks: BTreeMap::new(),
            };
            // A linear congruential generator; its upper bits are good enough.
            let mut state = 1_u64;
            let mut random = |below: usize| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            };
            for step in 0..20_000 {
                let most = 1 << random(16);
                let size_bytes = 1 + random(most);
                let byte = 1 + random(255) as u8;
                let chosen = random(model.blocks.len().max(1));
                let chosen = model.blocks.iter().nth(chosen);
                // What was handed out last is the most likely to grow.
                let chosen = if random(2) == 0 {
                    model.blocks.iter().next_back()
                } else {
                    chosen
                };
                match (
                    random(2),
                    chosen.map(|(&block, &of_block)| (block, of_block)),
                ) {
                    (0, _) | (_, None) => {
                        let alignment_bytes = 1 << random(8);
                        let block = model.heap.allocate(size_bytes, alignment_bytes).unwrap();
                        assert_eq!(block % alignment_bytes, 0);
                        check(block, size_bytes, 0);
                        model.fill(block, size_bytes, byte);
                    }
                    (_, Some((block, (old_size_bytes, old_byte)))) => {
                        model.blocks.remove(&block);
                        let resized = model.heap.resize(block, old_size_bytes, size_bytes, 1);
                        let resized = resized.unwrap();
                        check(resized, old_size_bytes.min(size_bytes), old_byte);
                        let added_bytes = size_bytes.saturating_sub(old_size_bytes);
                        check(resized + size_bytes - added_bytes, added_bytes, 0);
                        model.fill(resized, size_bytes, byte);
                    }
                }
                if step % 500 == 0 {
                    model.check_all();
                }
            }
            model.check_all();
        }
    }

    #[test]
    fn what_was_handed_out_last_grows_where_it_is() {
        let mut heap = Heap::new(TestPages::new(64, usize::MAX));
        let first = heap.allocate(100, 1).unwrap();
        let growing = heap.allocate(100, 1).unwrap();
        let mut old_size_bytes = 100;
        for size_bytes in [200, 5_000, 70_000, 1_500_000] {
            let resized = heap.resize(growing, old_size_bytes, size_bytes, 1);
            assert_eq!(resized, Some(growing));
            old_size_bytes = size_bytes;
        }
        assert_eq!(heap.resize(first, 100, 50, 1), Some(first));
        assert_eq!(heap.resize(first, 100, 101, 1), Some(growing + 1_500_000));
    }

    #[test]
    fn a_memory_at_its_end_is_used_up_to_there_and_then_refuses() {
        // Half as much again as it grows at once.
        let num_pages = MINIMUM_GROWTH_PAGES * 3 / 2;
        let mut heap = Heap::new(TestPages::new(num_pages, usize::MAX));
        for _ in 0..num_pages - 1 {
            assert!(heap.allocate(PAGE_LEN_BYTES, 1).is_some());
        }
        for size_bytes in [2 * PAGE_LEN_BYTES, isize::MAX as usize, usize::MAX] {
            assert_eq!(heap.allocate(size_bytes, 16), None);
        }
    }
}

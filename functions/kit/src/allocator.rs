//! The memory of a function.
//!
//! A sealed function carries its index behind everything that its memory begins with (see `storage/sealed.rs`), so no allocator may take that range for free
//! memory. libc's does, in some of its releases: without the linker's `__heap_end` it believes that all that the memory begins with behind `__heap_base` is
//! its own, and overwrites the index when a request needs more than usual. The allocator here hands out a reserve of its own, a static, and then what `memory.grow`
//! gives it, and nothing else. It also takes the place of libc's (the module `libc`), so that there is no second one.
//!
//! An instance lives for one request, so nothing is ever given back and neighbours are never merged: a block is taken from what is free, or from the top. All
//! blocks have the length of a power of two. Vectors double, so they fit, and the last one of them grows where it is; and what remains of a block that becomes
//! shorter is exactly one block of each length in between.

#![allow(
    unsafe_code,
    reason = "an allocator hands out raw memory and keeps its lists in what is free"
)]

/// The unit in which a memory grows.
const PAGE_LEN_BYTES: usize = 64 << 10;

/// How long the reserve is, and how far the memory grows at once, at least. Most requests need less and never grow it, which would cost the host some 40
/// microseconds: it changes the protection of the pages, for all its threads, and changes it back. What is never touched costs it nothing.
const MINIMUM_GROWTH_PAGES: usize = 16;

/// The shortest block, and how all blocks are aligned: enough for every type, and for what lies before C's memory.
const MINIMUM_BLOCK_LEN_BYTES: usize = 16;

/// The number of block lengths: every power of two that an address can hold.
const NUM_CLASSES: usize = usize::BITS as usize;

/// A memory that grows and never shrinks.
trait Pages {
    /// Adds pages and returns the address of the first, or `None` when there are no more. They need not follow those of the call before: others grow the
    /// memory as well.
    fn grow(&mut self, num_pages: usize) -> Option<usize>;
}

/// Blocks of memory. Two blocks that are in use never overlap, and all lie in what [`Pages`] gave.
struct Heap<P> {
    pages: P,
    /// From here to `end` is free: never handed out, or given back from the very end.
    top: usize,
    end: usize,
    /// A free block of each length, by its binary logarithm; it begins with the address of the next one.
    free: [usize; NUM_CLASSES],
    /// Which of them there are, a bit each.
    is_free: usize,
}

/// The binary logarithm of the length of the block for a size, which is at most half of what an address can hold.
fn class_of(size_bytes: usize) -> usize {
    let len_bytes = size_bytes.max(MINIMUM_BLOCK_LEN_BYTES);
    (usize::BITS - (len_bytes - 1).leading_zeros()) as usize
}

impl<P: Pages> Heap<P> {
    const fn new(pages: P) -> Self {
        Self {
            pages,
            top: 0,
            end: 0,
            free: [0; NUM_CLASSES],
            is_free: 0,
        }
    }

    /// The address of a new block, or `None` when there is no memory.
    fn allocate(&mut self, size_bytes: usize, alignment_bytes: usize) -> Option<usize> {
        let class = class_of(size_bytes);
        // More than the usual alignment is rare enough to be taken from the top alone.
        if alignment_bytes <= MINIMUM_BLOCK_LEN_BYTES
            && let Some(block) = self.take_free(class)
        {
            return Some(block);
        }
        let alignment_bytes = alignment_bytes.max(MINIMUM_BLOCK_LEN_BYTES);
        let mut block = self.top.checked_next_multiple_of(alignment_bytes)?;
        if self.end < block.checked_add(1 << class)? {
            self.grow(alignment_bytes.checked_add(1 << class)?)?;
            block = self.top.checked_next_multiple_of(alignment_bytes)?;
        }
        self.top = block + (1 << class);
        Some(block)
    }

    /// Takes the shortest free block that is long enough; what is too much of it stays free.
    fn take_free(&mut self, class: usize) -> Option<usize> {
        let found = class + (self.is_free >> class).trailing_zeros() as usize;
        let first = self.free.get_mut(found)?;
        let block = *first;
        // SAFETY: `is_free` has a bit only where there is a free block. It has at least 16 bytes, is aligned to them, and begins with the address of the next.
        *first = unsafe { pointer::<usize>(block).read() };
        if *first == 0 {
            self.is_free &= !(1 << found);
        }
        self.shorten(block, found, class);
        Some(block)
    }

    /// Frees a block.
    fn free(&mut self, block: usize, class: usize) {
        if block + (1 << class) == self.top {
            self.top = block;
        } else if let Some(first) = self.free.get_mut(class) {
            // SAFETY: the block is of this heap, of at least 16 bytes and aligned to them, and nobody else uses it any more.
            unsafe { pointer::<usize>(block).write(*first) };
            *first = block;
            self.is_free |= 1 << class;
        }
    }

    /// Makes a block one of a lower class: what is beyond is exactly one free block of each class in between, the longest last.
    fn shorten(&mut self, block: usize, from: usize, to: usize) {
        for class in (to..from).rev() {
            self.free(block + (1 << class), class);
        }
    }

    /// The address of a block of another size with the same content. The old one is gone, if it is another.
    fn resize(
        &mut self,
        block: usize,
        old_size_bytes: usize,
        size_bytes: usize,
        alignment_bytes: usize,
    ) -> Option<usize> {
        let (from, to) = (class_of(old_size_bytes), class_of(size_bytes));
        if to <= from {
            self.shorten(block, from, to);
            return Some(block);
        }
        if block + (1 << from) == self.top {
            let end = block.checked_add(1 << to)?;
            if self.end < end {
                self.grow(end - self.end)?;
            }
            // Where the new pages do not follow the old ones, the top is elsewhere now.
            if block + (1 << from) == self.top {
                self.top = end;
                return Some(block);
            }
        }
        let longer = self.allocate(size_bytes, alignment_bytes)?;
        // SAFETY: both blocks are in use, so they do not overlap, and have at least the old size.
        unsafe { pointer::<u8>(longer).copy_from_nonoverlapping(pointer(block), old_size_bytes) };
        self.free(block, from);
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

    use super::{
        Heap, MINIMUM_BLOCK_LEN_BYTES, MINIMUM_GROWTH_PAGES, PAGE_LEN_BYTES, Pages, pointer,
    };

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
        fn with<T>(&self, act: impl FnOnce(&mut Heap<LinearMemory>) -> T) -> T {
            // SAFETY: there is one thread, and what the heap does calls nothing that allocates, so this is the only reference.
            act(unsafe { &mut *self.0.get() })
        }
    }

    // SAFETY: blocks in use do not overlap, are at least as long and as aligned as asked, and nothing here panics.
    unsafe impl GlobalAlloc for SharedHeap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            pointer_or_null(self.with(|heap| heap.allocate(layout.size(), layout.align())))
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.with(|heap| heap.free(block.expose_provenance(), super::class_of(layout.size())));
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size_bytes: usize) -> *mut u8 {
            let block = block.expose_provenance();
            pointer_or_null(
                self.with(|heap| heap.resize(block, layout.size(), size_bytes, layout.align())),
            )
        }
    }

    fn pointer_or_null(address: Option<usize>) -> *mut u8 {
        address.map_or(std::ptr::null_mut(), pointer)
    }

    mod libc {
        //! The functions of C's `malloc`, all that libc itself calls and more. Since they are here, the linker never takes libc's own out of its archive;
        //! should a program need one more function of that, the two collide and the program is not linked.

        use std::ptr::null_mut;

        use super::{HEAP, MINIMUM_BLOCK_LEN_BYTES, pointer, pointer_or_null};

        /// What lies before C's memory, since C does not tell sizes when it gives memory back.
        #[repr(C, align(16))]
        struct Header {
            block: usize,
            block_size_bytes: usize,
            size_bytes: usize,
        }

        const HEADER_LEN_BYTES: usize = size_of::<Header>();
        const _: () = assert!(HEADER_LEN_BYTES == MINIMUM_BLOCK_LEN_BYTES);

        /// "Not enough memory", as WASI numbers it.
        const ENOMEM: i32 = 48;

        fn allocate(size_bytes: usize, alignment_bytes: usize) -> Option<usize> {
            let alignment_bytes = alignment_bytes.max(HEADER_LEN_BYTES);
            let block_size_bytes = size_bytes.checked_add(alignment_bytes)?;
            if isize::MAX as usize <= block_size_bytes {
                return None;
            }
            let block = HEAP.with(|heap| heap.allocate(block_size_bytes, HEADER_LEN_BYTES))?;
            let address = (block + HEADER_LEN_BYTES).next_multiple_of(alignment_bytes);
            let header = Header {
                block,
                block_size_bytes,
                size_bytes,
            };
            // SAFETY: a block begins at a multiple of 16, so that before the next multiple of the alignment there is room for a header within the block, and
            // behind it room for the size.
            unsafe { header_of(address).write(header) };
            Some(address)
        }

        fn header_of(address: usize) -> *mut Header {
            pointer(address - HEADER_LEN_BYTES)
        }

        #[unsafe(no_mangle)]
        extern "C" fn malloc(size_bytes: usize) -> *mut u8 {
            pointer_or_null(allocate(size_bytes, 1))
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn free(memory: *mut u8) {
            if memory.is_null() {
                return;
            }
            // SAFETY: the caller gives back what one of these functions gave it, behind a header.
            let header = unsafe { header_of(memory.expose_provenance()).read() };
            let class = super::super::class_of(header.block_size_bytes);
            HEAP.with(|heap| heap.free(header.block, class));
        }

        #[unsafe(no_mangle)]
        extern "C" fn calloc(num_parts: usize, part_size_bytes: usize) -> *mut u8 {
            let Some(size_bytes) = num_parts.checked_mul(part_size_bytes) else {
                return null_mut();
            };
            let memory = pointer_or_null(allocate(size_bytes, 1));
            if !memory.is_null() {
                // SAFETY: the memory is new and has this size.
                unsafe { memory.write_bytes(0, size_bytes) };
            }
            memory
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn realloc(memory: *mut u8, size_bytes: usize) -> *mut u8 {
            let longer = pointer_or_null(allocate(size_bytes, 1));
            if !memory.is_null() && !longer.is_null() {
                // SAFETY: the caller gives back what one of these functions gave it, behind a header that says its size; the new memory is another.
                unsafe {
                    let header = header_of(memory.expose_provenance()).read();
                    longer.copy_from_nonoverlapping(memory, header.size_bytes.min(size_bytes));
                    free(memory);
                }
            }
            longer
        }

        #[unsafe(no_mangle)]
        extern "C" fn aligned_alloc(alignment_bytes: usize, size_bytes: usize) -> *mut u8 {
            pointer_or_null(allocate(size_bytes, alignment_bytes))
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn posix_memalign(
            memory: *mut *mut u8,
            alignment_bytes: usize,
            size_bytes: usize,
        ) -> i32 {
            let allocated = pointer_or_null(allocate(size_bytes, alignment_bytes));
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
    fn blocks_keep_their_content_whatever_happens_to_others() {
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
                let byte = step as u8;
                let chosen = random(model.blocks.len().max(1));
                let chosen = model.blocks.iter().nth(chosen);
                match (
                    random(3),
                    chosen.map(|(&block, &block_of)| (block, block_of)),
                ) {
                    (0, _) | (_, None) => {
                        let alignment_bytes = 1 << random(8);
                        let block = model.heap.allocate(size_bytes, alignment_bytes).unwrap();
                        assert_eq!(block % alignment_bytes, 0);
                        assert_eq!(block % MINIMUM_BLOCK_LEN_BYTES, 0);
                        model.fill(block, size_bytes, byte);
                    }
                    (1, Some((block, (old_size_bytes, _)))) => {
                        model.blocks.remove(&block);
                        model.heap.free(block, class_of(old_size_bytes));
                    }
                    (_, Some((block, (old_size_bytes, old_byte)))) => {
                        model.blocks.remove(&block);
                        let resized = model.heap.resize(block, old_size_bytes, size_bytes, 1);
                        let resized = resized.unwrap();
                        check(resized, old_size_bytes.min(size_bytes), old_byte);
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
    fn what_grows_at_the_top_stays_where_it_is_and_what_is_freed_is_used_again() {
        let mut heap = Heap::new(TestPages::new(64, usize::MAX));
        let first = heap.allocate(100, 1).unwrap();
        let growing = heap.allocate(100, 1).unwrap();
        for size_bytes in [200, 5_000, 70_000, 2_000_000] {
            assert_eq!(heap.resize(growing, 100, size_bytes, 1), Some(growing));
            assert_eq!(heap.resize(growing, size_bytes, 100, 1), Some(growing));
        }
        // Between others it moves, and what it leaves is taken, in parts if need be.
        let last = heap.allocate(100, 1).unwrap();
        assert_ne!(heap.resize(first, 100, 129, 1), Some(first));
        assert_eq!(heap.allocate(20, 1), Some(first));
        assert_eq!(heap.allocate(30, 1), Some(first + 32));
        assert_eq!(heap.allocate(64, 1), Some(first + 64));
        assert!(last < heap.allocate(16, 1).unwrap());
    }

    #[test]
    fn a_memory_at_its_end_is_used_up_to_there_and_then_refuses() {
        // Half as much again as it grows at once.
        let num_pages = MINIMUM_GROWTH_PAGES * 3 / 2;
        let mut heap = Heap::new(TestPages::new(num_pages, usize::MAX));
        for _ in 0..num_pages {
            assert!(heap.allocate(PAGE_LEN_BYTES, 1).is_some());
        }
        for size_bytes in [1, PAGE_LEN_BYTES, isize::MAX as usize] {
            assert_eq!(heap.allocate(size_bytes, 1), None);
        }
    }

    #[test]
    fn a_size_has_the_shortest_block_that_holds_it() {
        for (size_bytes, class) in [(1, 4), (16, 4), (17, 5), (32, 5), (33, 6), (1 << 20, 20)] {
            assert_eq!(class_of(size_bytes), class, "{size_bytes}");
        }
    }
}

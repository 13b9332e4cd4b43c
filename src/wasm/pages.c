/*
 * Writable pages of a memory that comes from an image.
 *
 * Three things can happen to a page: its first write makes it writable (fault handler), a rewind
 * copies it back, and when a review or a bound says that it is no longer worth it, it is given up:
 * its private copy is dropped, so that it is the image's again, and read-only.
 */
#include "wasm/pages.h"

#include <sys/mman.h>

static void protect(struct wasm_memory *memory, uint32_t first, uint32_t count, int protection)
{
    size_t page = memory->pages->image->page_size;
    if (mprotect(memory->base + first * page, count * page, protection) < 0)
        BUG("pages of a memory cannot be protected");
}

static bool is_hot(const struct wasm_image_memory *image, uint32_t page)
{
    return (atomic_load_explicit(&image->hot[page / 64], memory_order_relaxed) >> page % 64) & 1;
}

static void set_hot(struct wasm_image_memory *image, uint32_t page, bool hot)
{
    uint64_t bit = (uint64_t)1 << page % 64;
    if (hot)
        atomic_fetch_or_explicit(&image->hot[page / 64], bit, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&image->hot[page / 64], ~bit, memory_order_relaxed);
}

/* Index of the first run that begins after `page`. */
static uint32_t run_after(const struct wasm_memory_pages *pages, uint32_t page)
{
    uint32_t low = 0, high = pages->run_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (pages->runs[middle].first <= page)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t run_end(const struct wasm_run *run)
{
    return run->first + run->count;
}

/* Makes one of two neighbours, with the pages between them. */
static void merge(struct wasm_memory *memory, uint32_t index)
{
    struct wasm_memory_pages *pages = memory->pages;
    struct wasm_run *left = &pages->runs[index], *right = left + 1;
    uint32_t gap = right->first - run_end(left);
    if (gap > 0)
        protect(memory, run_end(left), gap, PROT_READ | PROT_WRITE);
    pages->writable += gap;
    left->count += gap + right->count;
    pages->run_count--;
    memmove(right, right + 1, (pages->run_count - index - 1) * sizeof(*right));
}

static void merge_closest(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    uint32_t best = 0, best_gap = UINT32_MAX;
    for (uint32_t i = 0; i + 1 < pages->run_count; i++) {
        uint32_t gap = pages->runs[i + 1].first - run_end(&pages->runs[i]);
        if (gap < best_gap) {
            best = i;
            best_gap = gap;
        }
    }
    merge(memory, best);
}

/* Makes a page writable that is in no run. */
static void add_page(struct wasm_memory *memory, uint32_t page)
{
    struct wasm_memory_pages *pages = memory->pages;
    uint32_t at = run_after(pages, page);
    protect(memory, page, 1, PROT_READ | PROT_WRITE);
    memmove(&pages->runs[at + 1], &pages->runs[at], (pages->run_count - at) * sizeof(*pages->runs));
    pages->runs[at] = (struct wasm_run){page, 1};
    pages->run_count++;
    pages->writable++;
    if (at + 1 < pages->run_count && pages->runs[at + 1].first - page - 1 <= WASM_RUN_GAP)
        merge(memory, at);
    if (at > 0 && page - run_end(&pages->runs[at - 1]) <= WASM_RUN_GAP)
        merge(memory, at - 1);
    if (pages->run_count > WASM_RUNS)
        merge_closest(memory);
}

static bool is_writable(const struct wasm_memory_pages *pages, uint32_t page)
{
    uint32_t at = run_after(pages, page);
    return at > 0 && page < run_end(&pages->runs[at - 1]);
}

bool wasm_pages_first_write(struct wasm_memory *memory, uint64_t offset)
{
    struct wasm_memory_pages *pages = memory->pages;
    if (!pages->image || offset >= pages->image->size)
        return false;
    uint32_t page = (uint32_t)(offset / pages->image->page_size);
    if (is_writable(pages, page))
        return false;
    add_page(memory, page);
    set_hot(pages->image, page, true);
    return true;
}

/* Makes the pages of the hot set writable, as far as the bound goes. */
static void add_hot_pages(struct wasm_memory *memory)
{
    const struct wasm_image_memory *image = memory->pages->image;
    for (uint32_t word = 0; word < (image->page_count + 63) / 64; word++) {
        uint64_t bits = atomic_load_explicit(&image->hot[word], memory_order_relaxed);
        for (; bits != 0; bits &= bits - 1) {
            uint32_t page = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (memory->pages->writable >= WASM_HOT_PAGES)
                return;
            if (!is_writable(memory->pages, page))
                add_page(memory, page);
        }
    }
}

int wasm_pages_map(struct wasm_memory *memory, struct error *err)
{
    struct wasm_image_memory *image = memory->pages->image;
    if (image->size == 0)
        return 0;
    if (mmap(memory->base, image->size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
            image->fd, 0) == MAP_FAILED)
        return error_set(err, ERROR_MEMORY, "an image's memory cannot be mapped");
    wasm_map_sparingly(memory->base, image->size);
    add_hot_pages(memory);
    return 0;
}

/* All pages are the image's again, and read-only but for the hot ones. */
static void give_up(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    for (uint32_t i = 0; i < pages->run_count; i++) {
        size_t page = pages->image->page_size;
        madvise(
            memory->base + pages->runs[i].first * page, pages->runs[i].count * page, MADV_DONTNEED);
        protect(memory, pages->runs[i].first, pages->runs[i].count, PROT_READ);
    }
    pages->run_count = 0;
    pages->writable = 0;
    add_hot_pages(memory);
}

/*
 * More than the bound was written. Such a request is taken to be rare: the pages beyond what was
 * hot before it are not remembered, so the hot set keeps only what fits.
 */
static void forget_excess(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pages->run_count; i++)
        for (uint32_t page = pages->runs[i].first; page < run_end(&pages->runs[i]); page++)
            if (is_hot(pages->image, page) && ++kept > WASM_HOT_PAGES / 8)
                set_hot(pages->image, page, false);
    give_up(memory);
}

static uint32_t copy_back(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    size_t size = pages->image->page_size;
    for (uint32_t i = 0; i < pages->run_count; i++) {
        size_t offset = pages->runs[i].first * size;
        memcpy(memory->base + offset, pages->image->bytes + offset, pages->runs[i].count * size);
    }
    return pages->writable;
}

/* As copy_back, noting in `seen` which pages were really written. */
static void review(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    size_t size = pages->image->page_size;
    for (uint32_t i = 0; i < pages->run_count; i++)
        for (uint32_t page = pages->runs[i].first; page < run_end(&pages->runs[i]); page++)
            if (memcmp(memory->base + page * size, pages->image->bytes + page * size, size) != 0)
                pages->seen[page / 64] |= (uint64_t)1 << page % 64;
}

/* Pages that were not written during the review are cold. */
static void end_review(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    uint32_t cold = 0;
    for (uint32_t i = 0; i < pages->run_count; i++)
        for (uint32_t page = pages->runs[i].first; page < run_end(&pages->runs[i]); page++)
            if (!((pages->seen[page / 64] >> page % 64) & 1)) {
                set_hot(pages->image, page, false);
                cold++;
            }
    if (cold > 4 && cold > pages->writable / 4)
        give_up(memory);
    free(pages->seen);
    pages->seen = NULL;
    pages->rewinds = 0;
    pages->settled = pages->writable;
}

/*
 * The first rewinds of a review interval only count; the last ones look. When much was written for
 * the first time the interval is over: either the pages are hot from now on, or they were one
 * request's.
 */
static void step_review(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    if (!pages->seen && pages->writable > pages->settled + WASM_REVIEW_GROWTH)
        pages->rewinds = WASM_REVIEW_INTERVAL;
    if (++pages->rewinds < WASM_REVIEW_INTERVAL)
        return;
    if (!pages->seen)
        pages->seen = calloc((pages->image->page_count + 63) / 64, sizeof(*pages->seen));
    if (!pages->seen)
        pages->rewinds = 0; /* no memory for it now: next time */
    else
        review(memory);
}

/* Drops what was grown beyond the image. */
static void shrink(struct wasm_memory *memory)
{
    uint64_t kept = memory->pages->image->size;
    uint64_t grown = memory->size - kept;
    if (grown == 0)
        return;
    if (madvise(memory->base + kept, grown, MADV_DONTNEED) < 0 ||
        mprotect(memory->base + kept, grown, PROT_NONE) < 0)
        BUG("grown pages of a memory cannot be dropped");
    memory->pages->store->memory_used -= grown;
    memory->size = kept;
}

uint32_t wasm_pages_rewind(struct wasm_memory *memory)
{
    struct wasm_memory_pages *pages = memory->pages;
    shrink(memory);
    step_review(memory);
    uint32_t copied = pages->writable;
    if (copied > WASM_HOT_PAGES)
        forget_excess(memory);
    else
        copy_back(memory);
    if (pages->seen && pages->rewinds >= WASM_REVIEW_INTERVAL + WASM_REVIEW_LENGTH)
        end_review(memory);
    return copied;
}

void wasm_pages_release(struct wasm_memory_pages *pages)
{
    free(pages->seen);
    pages->seen = NULL;
}

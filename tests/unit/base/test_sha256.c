#include "../unit.h"

#include "base/sha256.h"

static void check(const char *bytes, size_t len, size_t step, const char *expected)
{
    struct sha256 s;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    sha256_init(&s);
    for (size_t i = 0; i < len; i += step)
        sha256_update(&s, bytes + i, len - i < step ? len - i : step);
    sha256_final(&s, digest);
    sha256_hex(digest, text);
    assert_string_equal(text, expected);
}

/* The examples of FIPS 180-2, appendix B. */
static void agrees_with_the_standard(void **state)
{
    (void)state;
    check("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t step = 1; step <= 56; step += 11)
        check(two_blocks, strlen(two_blocks), step,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_standard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

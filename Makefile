# A front for CMake, Ninja and tools/bootstrap. CONTRIBUTING.md explains the targets.
#
# Local files in place of source packages that are out of reach:
#   make CPYTHON_TARBALL=... WASI_LIBC_DEB=... ZLIB_TARBALL=... LLHTTP_DEB=... \
#       DEADLIB_TARBALL=...

PREFIX ?= /usr/local
export CPYTHON_TARBALL WASI_LIBC_DEB ZLIB_TARBALL LLHTTP_DEB DEADLIB_TARBALL

all: checked
	@tools/bootstrap build release

dev asan: checked
	@tools/bootstrap build $@

# The only step that needs root.
deps:
	@tools/deps

# Stops with the command to run when something is missing. As root it installs it.
checked:
	@tools/deps --quiet

demo: all
	@tools/demo

test: all
	@tools/run-tests build

test-asan: asan
	@tools/run-tests build-asan

test-long: all
	@SPINDLE_LONG=1 tools/run-tests build

# Looks for inputs that break a decoder, FUZZ_SECONDS (20) for each one, or for those of TARGETS.
fuzz: checked
	@tools/bootstrap fuzz
	@fuzz/run build-fuzz $(TARGETS)

bench: all
	@tools/bootstrap venv bench
	@tools/bootstrap venv tests
	@tools/bootstrap venv upstream
	@tools/bootstrap unpack nginx
	@bench/run

bench-services: all
	@tools/bootstrap unpack nginx
	@bench/services.py

# The reference of the SDK: build/docs/index.html.
docs: all
	@tools/bootstrap venv docs
	@tools/docs

install: all
	@cmake --install build --prefix $(PREFIX) > build/install.log && echo "installed in $(PREFIX)"

uninstall:
	@rm -f $(DESTDIR)$(PREFIX)/bin/spin $(DESTDIR)$(PREFIX)/bin/componentize-py
	@rm -rf $(DESTDIR)$(PREFIX)/lib/spindle
	@echo "removed from $(PREFIX)"

# What is in the user's cache stays: it is what makes the next build short.
clean:
	@rm -rf build build-dev build-asan build-fuzz

.PHONY: all dev asan deps checked demo test test-asan test-long fuzz bench bench-services docs install uninstall clean

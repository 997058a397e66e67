# trialsh: an analysis shell for randomised clinical trials.
#   make         build/trialsh              make deps        what it needs (apt)
#   make demo    the example trials         make check       all quick tests
#   make asan    build-asan/trialsh         make check-long  sanitizers, valgrind
#   make check-report  files in LibreOffice, LaTeX and a browser
#   make fuzz FUZZ=csv SECONDS=60           make bench, format, clean
# Every .c below core/ and lua/ is compiled, every file below lua/lib/ is
# embedded, every test below tests/ is run: a new file needs no line here.

PREFIX ?= /usr/local
B ?= build
CC = gcc
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc) --no-print-directory
endif

# Packages --------------------------------------------------------------------
# Debian names. Add a package to the first list that needs it.

GCC := $(shell gcc -dumpversion)
DEPS = libc6-dev liblua5.4-dev libreadline-dev libsqlite3-dev r-mathlib \
       liblapacke-dev liblapack-dev libblas-dev libgfortran-$(GCC)-dev \
       libssl-dev zlib1g-dev libcjson-dev libreadstat-dev \
       librandom123-dev \
       gnuplot-nox fonts-liberation
TEST_DEPS = libcmocka-dev lua-unit tmux poppler-utils libxml2-utils sqlite3 \
            unzip \
            procps
LONG_DEPS = clang valgrind clang-format r-cran-haven r-cran-foreign \
            r-cran-jsonlite r-cran-readxl \
            $(if $(shell apt-cache show libclang-rt-dev 2>&-),libclang-rt-dev)

REPORT_DEPS = libreoffice-writer-nogui libreoffice-calc-nogui chromium \
              texlive-latex-base texlive-latex-recommended \
              texlive-fonts-recommended cmark-gfm

# Flags -----------------------------------------------------------------------

OPT = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
       -Wformat=2 $(WERROR)
HARDEN = -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# no fast-math, no contraction, no native: the same digits on every machine
NUMERIC = -ffp-contract=off -fno-fast-math
CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(NUMERIC) $(SANITIZE)
CPPFLAGS = -D_GNU_SOURCE -Iinclude -Ilua/bind -I$(B) -I/usr/include/lua5.4
LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SANITIZE)

LIBDIR := /usr/lib/$(shell gcc -print-multiarch)
RMATH = $(firstword $(shell ls $(LIBDIR)/libRmath.a /usr/lib/libRmath.a 2>&-) \
        -lRmath)
# reference LAPACK, linked statically: the same digits, and 2 ms to start
LAPACK = $(LIBDIR)/liblapacke.a $(LIBDIR)/lapack/liblapack.a \
         $(LIBDIR)/blas/libblas.a -l:libgfortran.a \
         $(filter /%,$(shell gcc -print-file-name=libquadmath.a))
LIBS = -l:liblua5.4.a -lreadline -lsqlite3 $(RMATH) $(LAPACK) \
       -lcrypto -lz -lcjson -lreadstat -lm

# Build -----------------------------------------------------------------------

CORE := $(wildcard core/*/*.c)
LUAC := $(wildcard lua/bind/*.c lua/shell/*.c)
LIB := $(shell find lua/lib -type f 2>/dev/null | LC_ALL=C sort)
CORE_O := $(CORE:%.c=$(B)/%.o)
LUA_O := $(LUAC:%.c=$(B)/%.o)

all: $(B)/trialsh

# a file of these lines, written only when they change: who depends on it is
# made again when a flag, the commit or the list of sources is another
keep = @+mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || \
       printf '%s\n' $(1) > $@

$(B)/version.h: FORCE
	$(call keep,'#define TS_VERSION "$(VERSION)"' '#define TS_COMMIT "$(COMMIT)"')

$(B)/flags: FORCE | need
	$(call keep,'$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LIBS)')

$(B)/sources: FORCE
	$(call keep,$(CORE) $(LUAC) $(LIB))

$(B)/%.o: %.c $(B)/flags | $(B)/version.h need
	@mkdir -p $(@D)
	@echo cc $<
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libtrialsh.a: $(CORE_O) $(B)/sources
	@rm -f $@
	@ar rcs $@ $(CORE_O)

# the Lua library in the binary, its text and its code, and a table of both
$(B)/embed: lua/embed.c $(B)/flags
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(LDFLAGS) -l:liblua5.4.a -lm

$(B)/embedded.S: $(B)/embed $(LIB) $(B)/sources
	@$(B)/embed $(B)/embedded.code $(LIB) > $@

$(B)/embedded.o: $(B)/embedded.S
	@$(CC) -c -o $@ $<

$(B)/trialsh: $(LUA_O) $(B)/embedded.o $(B)/libtrialsh.a
	@echo link $@
	@$(CC) $(LDFLAGS) -o $@ $(LUA_O) $(B)/embedded.o $(B)/libtrialsh.a $(LIBS)

clean:
	rm -rf build build-*

# Dependencies ----------------------------------------------------------------
# demo, check and deps install what is missing; plain make only names it.

GOALS := $(or $(MAKECMDGOALS),all)
WANT = $(DEPS) \
       $(if $(filter deps check check-long check-report,$(GOALS)),$(TEST_DEPS)) \
       $(if $(filter check-report,$(GOALS)),$(REPORT_DEPS)) \
       $(if $(filter check-long asan fuzz format,$(GOALS)),$(LONG_DEPS))
AUTO := $(filter deps demo check check-long check-report,$(GOALS))
SUDO = $(if $(filter-out 0,$(shell id -u)),sudo)
APT = $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq
INSTALL = $(APT) -o Dpkg::Use-Pty=0 install --no-install-recommends $(M) >/dev/null
missing = $(if $(wildcard /usr/bin/dpkg-query),$(filter-out \
  $(patsubst installed/%,%,$(filter installed/%,$(shell dpkg-query -W \
    -f '$${db:Status-Status}/$${Package} ' $(WANT) 2>/dev/null))),$(WANT)))

need:
	$(eval M := $(strip $(missing)))
	@$(if $(M),$(if $(AUTO), \
	  echo "installing: $(M) (apt-get install --no-install-recommends)"; \
	  apt-cache show $(M) >/dev/null 2>&1 || $(APT) update; \
	  $(INSTALL) || { $(APT) update && $(INSTALL); }, \
	  echo "missing packages: $(M) (make deps installs them)"; exit 1),:)

deps: need

# Tests -----------------------------------------------------------------------

UNIT := $(patsubst tests/core/%.c,$(B)/tests/%,$(wildcard tests/core/test_*.c))
SEED := $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ ?= csv
SECONDS ?= 60
ASAN = B=build-asan OPT='-O1 -g -fno-omit-frame-pointer' \
       SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined'

$(B)/tests/test_%: tests/core/test_%.c $(B)/libtrialsh.a $(B)/flags
	@mkdir -p $(@D)
	@echo cc $<
	@$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/core -MMD -MP -o $@ $< \
	  $(B)/libtrialsh.a $(LDFLAGS) -lcmocka $(LIBS)

# a fuzz target as a plain program: it runs the files it is given
$(B)/tests/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/driver.c $(B)/libtrialsh.a
	@mkdir -p $(@D)
	@echo cc $<
	@$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -o $@ $< \
	  tests/fuzz/driver.c $(B)/libtrialsh.a $(LDFLAGS) $(LIBS)

$(B)/libfuzzer/%: tests/fuzz/fuzz_%.c $(B)/libtrialsh.a
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-missing-prototypes -fsanitize=fuzzer \
	  -o $@ $< $(B)/libtrialsh.a $(LDFLAGS) $(LIBS)

programs: all $(UNIT) $(SEED)

check: programs
	@B=$(B) tests/run

check-long: programs
	@$(MAKE) $(ASAN) WERROR=-Werror programs
	@$(MAKE) B=build-clang CC=clang WERROR=-Werror programs
	@B=$(B) TRIALSH_LONG=1 tests/run long

check-report: all
	@B=$(B) TRIALSH_LIMIT=600 tests/run report

asan:
	@$(MAKE) $(ASAN) all

fuzz:
	@$(MAKE) B=build-fuzz CC=clang build-fuzz/libfuzzer/$(FUZZ) \
	  SANITIZE='-fsanitize=address,undefined,fuzzer-no-link'
	@mkdir -p build-fuzz/corpus/$(FUZZ)
	build-fuzz/libfuzzer/$(FUZZ) -max_total_time=$(SECONDS) -timeout=10 \
	  -artifact_prefix=build-fuzz/ build-fuzz/corpus/$(FUZZ) \
	  $(wildcard tests/fuzz/seeds/$(FUZZ))

bench: all
	@for f in tests/bench/*.sh; do echo "== $$f"; B=$(B) bash $$f; done

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

# Demo ------------------------------------------------------------------------

demo: all
	@$(B)/trialsh scripts/cgd/report.lua
	@echo
	@$(B)/trialsh --jobs $(shell nproc) scripts/iris7/report.lua

# Manual and installation -----------------------------------------------------

doc: all
	@mkdir -p $(B)/doc
	@$(B)/trialsh -e 'require "trialsh.manual".write "$(B)/doc"'
	@echo $(B)/doc/trialsh.1 $(B)/doc/manual.html $(B)/doc/trialsh.lua

SCRIPTS = $(filter-out %/.gitignore, \
  $(shell git ls-files scripts 2>/dev/null || find scripts -type f))

install: doc
	install -Dm755 $(B)/trialsh $(DESTDIR)$(PREFIX)/bin/trialsh
	install -Dm644 $(B)/doc/trialsh.1 $(DESTDIR)$(PREFIX)/share/man/man1/trialsh.1
	install -Dm644 $(B)/doc/manual.html $(DESTDIR)$(PREFIX)/share/trialsh/manual.html
	install -Dm644 $(B)/doc/trialsh.lua $(DESTDIR)$(PREFIX)/share/trialsh/editor/trialsh.lua
	for f in $(SCRIPTS); do \
	  install -Dm644 $$f $(DESTDIR)$(PREFIX)/share/trialsh/$$f || exit; done

-include $(CORE_O:.o=.d) $(LUA_O:.o=.d) $(UNIT:=.d)

FORCE:
.PHONY: all clean need deps programs check check-long check-report asan fuzz bench format \
        demo doc install FORCE
.SECONDARY:
.DELETE_ON_ERROR:

# trialsh: an analysis shell for randomised clinical trials.
#   make           build/trialsh             make demo    the example trial
#   make check     all quick tests           make check-long   sanitizers, ...
# Every .c below core/ and lua/ is compiled; every file below lua/lib/ is
# embedded. A new file needs no line here.

PREFIX ?= /usr/local
B ?= build
CC = gcc
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

OPT = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
       -Wformat=2
HARDEN = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
# no fast-math, no contraction, no native: the same digits on every machine
NUMERIC = -ffp-contract=off -fno-fast-math
CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(NUMERIC) $(SANITIZE)
CPPFLAGS = -D_GNU_SOURCE -Iinclude -Ilua/bind -I$(B) -I/usr/include/lua5.4
LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE)

ARCH := $(shell $(CC) -print-multiarch)
LIBDIR := /usr/lib/$(ARCH)
# reference LAPACK, linked statically: the same digits, and 2 ms to start
LAPACK = $(LIBDIR)/liblapacke.a $(LIBDIR)/lapack/liblapack.a \
         $(LIBDIR)/blas/libblas.a -l:libgfortran.a -l:libquadmath.a
LIBS = -l:liblua5.4.a -lreadline -lsqlite3 /usr/lib/libRmath.a $(LAPACK) \
       -lcrypto -lz -lcjson -lm

CORE := $(wildcard core/*/*.c)
LUAC := $(wildcard lua/bind/*.c lua/shell/*.c)
LIB := $(shell find lua/lib -type f 2>/dev/null | LC_ALL=C sort)
CORE_O := $(CORE:%.c=$(B)/%.o)
LUA_O := $(LUAC:%.c=$(B)/%.o)

all: $(B)/trialsh

$(B)/%.o: %.c | $(B)/version.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/version.h: Makefile
	@mkdir -p $(@D)
	@printf '#define TS_VERSION "%s"\n#define TS_COMMIT "%s"\n' \
	  '$(VERSION)' '$(COMMIT)' > $@

$(B)/libtrialsh.a: $(CORE_O)
	@rm -f $@
	ar rcs $@ $^

# the Lua library as bytes in the binary, and a table of what is where
$(B)/embedded.S: $(LIB) Makefile
	@mkdir -p $(@D)
	@{ echo '.section .rodata'; n=0; \
	   for f in $(LIB); do \
	     printf 'n%d: .asciz "%s"\nf%d: .incbin "%s"\ne%d: .byte 0\n' \
	       $$n "$${f#lua/lib/}" $$n "$$f" $$n; n=$$((n+1)); done; \
	   echo '.section .data.rel.ro,"aw"'; echo '.balign 8'; \
	   echo '.globl tsl_embedded'; echo 'tsl_embedded:'; i=0; \
	   while [ $$i -lt $$n ]; do \
	     printf '.quad n%d, f%d, e%d - f%d\n' $$i $$i $$i $$i; \
	     i=$$((i+1)); done; \
	   echo '.quad 0, 0, 0'; echo '.section .note.GNU-stack,"",@progbits'; \
	 } > $@

$(B)/embedded.o: $(B)/embedded.S
	$(CC) -c -o $@ $<

$(B)/trialsh: $(LUA_O) $(B)/embedded.o $(B)/libtrialsh.a
	$(CC) $(LDFLAGS) -o $@ $(LUA_O) $(B)/embedded.o $(B)/libtrialsh.a $(LIBS)

-include $(CORE_O:.o=.d) $(LUA_O:.o=.d)

# Tests -----------------------------------------------------------------------

UNIT := $(patsubst tests/core/%.c,$(B)/tests/%,$(wildcard tests/core/test_*.c))

$(B)/tests/%: tests/core/%.c $(B)/libtrialsh.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/core -o $@ $< $(B)/libtrialsh.a \
	  $(LDFLAGS) -lcmocka $(LIBS)

check: all $(UNIT)
	@B=$(B) tests/run

clean:
	rm -rf build build-*

.PHONY: all check clean
.SECONDARY:

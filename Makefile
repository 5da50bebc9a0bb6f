# SPDX-License-Identifier: GPL-2.0-or-later
#
# ringpost: one Makefile, not recursive by folder. `make help` lists the targets.
#
# Everything a compiler or a test writes goes to build/; build/<flavour>/ holds what one set of
# compiler flags made (release, asan, ubsan, tsan, valgrind, cover, fuzz; chosen by FLAVOUR=x).
# New files are found by wildcard: a .c in src/<floor>/, tools/, bench/ or tests/<suite>/ needs no
# line here.
# CC=clang builds with clang, V=1 shows the commands, CFLAGS and LDFLAGS are added to ours.
# wolfSSL is built once for all flavours, tuned, by tools/wolfssl in build/wolfssl/; WOLFSSL=system
# links the distribution's library.

VERSION := 0.1.0
FLAVOUR ?= release
B       := build/$(FLAVOUR)
ARGS    ?=
V       ?= 0
WOLFSSL ?= tuned

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/ringpost
UNITDIR    ?= $(PREFIX)/lib/systemd/system
INSTALL    ?= install

ifeq ($(origin CC),default)
CC := $(firstword $(foreach c,gcc clang cc,$(if $(shell command -v $(c)),$(c))) gcc)
endif
ifeq ($(FLAVOUR),fuzz)
override CC := clang
endif
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --no-builtin-rules
# nginx, smtp-source and haproxy live where users of Debian do not look.
export PATH := $(PATH):/usr/sbin:/sbin
Q := $(if $(filter 0,$(V)),@)
# say KIND: one short line per command, in place of the command itself
say = $(if $(filter 0,$(V)),@printf '  %-5s %s\n' $(1) '$@')

# --- flags --------------------------------------------------------------------------------------

# Warnings are errors in a git checkout. A release tarball must build with compilers to come.
WERROR ?= $(if $(wildcard .git),-Werror)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wwrite-strings -Wcast-qual -Wvla -Wformat=2 -Wswitch-enum -Wundef -Wno-unused-parameter

HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
	-fPIE $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
HARDEN_LD := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

FLAGS_release := -O2 -g $(HARDEN)
FLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
FLAGS_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_valgrind := -O1 -g -fno-omit-frame-pointer
FLAGS_cover   := -Og -g --coverage -DRINGPOST_COVER \
	-DRINGPOST_MOVES='"$(CURDIR)/build/cover/moves"'
FLAGS_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
LD_release    := $(HARDEN_LD)
LD_fuzz       := -fsanitize=address,undefined
LD_valgrind   := -Wl,--wrap=io_uring_submit_and_wait,--wrap=io_uring_submit_and_wait_timeout
ifeq ($(FLAGS_$(FLAVOUR)),)
$(error FLAVOUR=$(FLAVOUR) is none of release asan ubsan tsan valgrind cover fuzz)
endif

# The floor tls/ is made of wolfSSL. What its stamp says changes only when it is built anew.
ifeq ($(WOLFSSL),tuned)
WOLFSSL_STAMP := build/wolfssl/stamp
WOLFSSL_UPDATE := tools/wolfssl update
WOLFSSL_C     := -isystem build/wolfssl/include
WOLFSSL_LIBS  := build/wolfssl/lib/libwolfssl.a -lm
else ifeq ($(WOLFSSL),system)
WOLFSSL_STAMP :=
WOLFSSL_UPDATE := :
WOLFSSL_C     := $(shell pkg-config --cflags wolfssl 2>/dev/null) -DRINGPOST_WOLFSSL_SYSTEM
WOLFSSL_LIBS  := $(shell pkg-config --libs wolfssl 2>/dev/null || echo -lwolfssl)
else
$(error WOLFSSL=$(WOLFSSL) is none of tuned system)
endif

CFLAGS  ?=
LDFLAGS ?=
COMMON  := $(WARN) $(WERROR) $(FLAGS_$(FLAVOUR)) -Iinclude -Isrc -I. $(WOLFSSL_C) -MMD -MP \
	-DRINGPOST_VERSION='"$(VERSION)"' $(CFLAGS)
# The floors that may call the kernel see GNU names; the pure ones see ISO C only.
PURE_C  := -std=c17
GNU_C   := -std=gnu17 -D_GNU_SOURCE
LINK    := $(FLAGS_$(FLAVOUR)) $(LD_$(FLAVOUR)) $(LDFLAGS)

# --- what there is ------------------------------------------------------------------------------

PURE_FLOORS   := base proto session tls
KERNEL_FLOORS := io app
SUITES        := unit laws dialog it twin

c_in     = $(wildcard $(addsuffix /*.c,$(1)))
o_of     = $(patsubst %.c,$(B)/%.o,$(1))

SRC      := $(call c_in,$(addprefix src/,$(PURE_FLOORS) $(KERNEL_FLOORS)))
MAIN     := $(filter src/app/main.c,$(SRC))
LIB      := $(B)/libringpost.a
LIB_OBJ  := $(call o_of,$(filter-out $(MAIN),$(SRC)))
# What notes the moves of state machines, linked for coverage only.
COVER_C  := $(call c_in,tools/cover)
ifeq ($(FLAVOUR),cover)
LIB_OBJ  += $(B)/tools/cover/moves.o
endif
# What lets a ring wait under valgrind.
VALGRIND_C := $(call c_in,tests/lib/valgrind)
ifeq ($(FLAVOUR),valgrind)
LIB_OBJ  += $(call o_of,$(VALGRIND_C))
endif

TOOL     := $(call c_in,tools)
BENCH    := $(call c_in,bench)
FUZZ     := $(wildcard tests/fuzz/fuzz_*.c)
SHARED   := tools/lib bench/lib tests/lib tests/lib/plain tests/it/lib
# Where a tool watches what a test does, our own runner stands in for Criterion's.
WATCHED  := $(filter asan ubsan tsan valgrind cover,$(FLAVOUR))
SHARED_C := $(foreach d,$(SHARED),$(call c_in,$(d)))
shared_of = $(if $(call c_in,$(1)),$(B)/$(1).a)

TOOL_BIN  := $(TOOL:%.c=$(B)/%)
BENCH_BIN := $(BENCH:%.c=$(B)/%)
FUZZ_BIN  := $(FUZZ:%.c=$(B)/%)
# The simulated world: its kernel is linked before the library, in place of ring_uring and net.
SIM       := $(call c_in,tests/sim)
SIM_BIN   := $(if $(filter %/sim.c,$(SIM)),$(B)/sim-tests)
SIM_WRAPS := -Wl,--wrap=calloc,--wrap=slab_get,--wrap=pages_take
SUITE_BIN := $(SIM_BIN) $(foreach s,$(SUITES),$(if $(call c_in,tests/$(s)),$(B)/$(s)-tests))
PROGRAM   := $(B)/ringpost
ALL_C     := $(SRC) $(COVER_C) $(VALGRIND_C) $(TOOL) $(BENCH) $(FUZZ) $(SIM) $(SHARED_C) \
	$(foreach s,$(SUITES),$(call c_in,tests/$(s)))

LIBS       := $(WOLFSSL_LIBS) -luring -lcares -ljansson -lpthread
TOOL_LIBS  := $(LIBS) -lm
TEST_LIBS  := $(if $(WATCHED),,-lcriterion) $(TOOL_LIBS) -lseccomp

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests own-tests fuzzers run test check tidy pure format asan ubsan tsan cover
.PHONY: valgrind cover-quick fuzz-smoke fuzz bench soak man install uninstall dist clean help FORCE
.PHONY: distclean house sim plants $(SUITES)

# A certificate that nobody trusts, so that conf.example/mail.conf is whole where it stands.
EXAMPLE_CERT := conf.example/tls/mail.example.org.pem
all: $(PROGRAM) $(TOOL_BIN) $(BENCH_BIN) $(EXAMPLE_CERT)
tests: all $(SUITE_BIN)
# What runs under sanitizers and for coverage, with the programs that it starts.
OWN_SUITES := $(foreach s,unit laws dialog sim it,$(filter %/$(s)-tests,$(SUITE_BIN)))
COUNTERS   := $(if $(filter cover,$(FLAVOUR)),$(B)/machines)
own-tests: $(PROGRAM) $(TOOL_BIN) $(OWN_SUITES) $(COUNTERS)
# T is the one wanted, without "fuzz_"
fuzzers: $(if $(T),$(B)/tests/fuzz/fuzz_$(T),$(FUZZ_BIN))

# --- how it is built ----------------------------------------------------------------------------

# Rewritten only when compiler, flags or the set of sources change; objects depend on the first,
# archives on the second, so that nothing stale is ever linked. What compiles and what is linked
# have a line each in the first.
flags_text = printf '%s\n' '$(subst ','\'',$(CC) $(COMMON) $(LINK))' '$(LIBS)'
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@$(flags_text) | cmp -s - $@ || $(flags_text) > $@
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(ALL_C)' | cmp -s - $@ || echo '$(ALL_C)' > $@

# One build for all flavours, quick when it is there; tests and programs see its headers too.
ifneq ($(WOLFSSL_STAMP),)
$(WOLFSSL_STAMP): FORCE
	@tools/wolfssl
$(call o_of,$(filter src/tls/% tests/% bench/%,$(ALL_C))): $(WOLFSSL_STAMP)
endif

DIALECT = $(GNU_C)
$(foreach f,$(PURE_FLOORS),$(B)/src/$(f)/%.o): DIALECT = $(PURE_C)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(DIALECT) $(COMMON) -c -o $@ $<

# q, not r: two floors may each have a file of the same name
archive = $(Q)rm -f $@ && ar qcs $@ $(filter %.o,$^)
$(LIB): $(LIB_OBJ) $(B)/sources
	@mkdir -p $(@D)
	$(archive)

define shared_rule
$(B)/$(1).a: $(call o_of,$(call c_in,$(1))) $(B)/sources
	$$(archive)
endef
$(foreach d,$(SHARED),$(eval $(call shared_rule,$(d))))

link = $(Q)$(CC) $(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^)
$(B)/ringpost: $(call o_of,$(MAIN)) $(LIB)
	$(call say,LD)
	$(link) $(LIBS)

$(TOOL_BIN): $(B)/%: $(B)/%.o $(call shared_of,tools/lib) $(LIB)
	$(call say,LD)
	$(link) $(TOOL_LIBS)

$(BENCH_BIN): $(B)/%: $(B)/%.o $(call shared_of,bench/lib) $(call shared_of,tools/lib) $(LIB)
	$(call say,LD)
	$(link) $(TOOL_LIBS)

# Every state machine of the library, also one that no program uses yet.
build/cover/machines: build/cover/tools/cover/machines.o $(LIB)
	$(call say,LD)
	$(Q)$(CC) $(LINK) -o $@ $< -Wl,--whole-archive $(LIB) -Wl,--no-whole-archive $(LIBS)

define suite_rule
$(B)/$(1)-tests: $(call o_of,$(call c_in,tests/$(1))) $(call shared_of,tests/$(1)/lib) \
		$(if $(WATCHED),$(B)/tests/lib/plain.a) $(call shared_of,tests/lib) \
		$(call shared_of,bench/lib) $(call shared_of,tools/lib) $(LIB)
	$$(call say,LD)
	$$(link) $$(TEST_LIBS)
$(B)/quick/$(1)-tests: $(call o_of,$(call c_in,tests/$(1))) $(call shared_of,tests/$(1)/lib) \
		$(B)/tests/lib/plain.a $(call shared_of,tests/lib) \
		$(call shared_of,bench/lib) $(call shared_of,tools/lib) $(LIB)
	@mkdir -p $$(@D)
	$$(call say,LD)
	$$(link) $$(filter-out -lcriterion,$$(TEST_LIBS))
$(1): all $(if $(call c_in,tests/$(1)),$(B)/$(1)-tests)
	@tools/run-tests $(1)
endef
$(foreach s,$(SUITES),$(eval $(call suite_rule,$(s))))

$(B)/sim-tests: $(call o_of,$(SIM)) $(call shared_of,tests/lib) $(LIB)
	$(call say,LD)
	$(link) $(SIM_WRAPS) $(LIBS)
# N worlds from SEED on; a SEED alone is one world with its trace, as is one run of a SWEEP.
N     ?=
SEED  ?=
SWEEP ?=
sim: $(SIM_BIN)
ifneq ($(SWEEP),)
	@$(SIM_BIN) -x $(SWEEP)
else ifneq ($(N),)
	@$(SIM_BIN) -n $(N) -s $(or $(SEED),1)
else ifneq ($(SEED),)
	@$(SIM_BIN) -t $(SEED)
else
	@tools/run-tests sim
endif
plants: $(SIM_BIN)
	@tools/run-tests plants

$(FUZZ_BIN): $(B)/%: $(B)/%.o $(call shared_of,tests/lib) $(LIB)
	$(call say,LD)
	$(link) -fsanitize=fuzzer $(TOOL_LIBS)

-include $(patsubst %.c,$(B)/%.d,$(ALL_C))

# --- running and testing ------------------------------------------------------------------------

run:
	@tools/setup run
	@$(WOLFSSL_UPDATE)
	@$(MAKE) --no-print-directory all
	@tools/run-demo $(ARGS)

test:
	@tools/setup test
	@$(WOLFSSL_UPDATE)
	@$(MAKE) --no-print-directory tests
	@$(MAKE) --no-print-directory FLAVOUR=asan own-tests
	@$(MAKE) --no-print-directory FLAVOUR=cover own-tests
	@$(MAKE) --no-print-directory FLAVOUR=fuzz fuzzers
	@tools/run-tests tidy pure unit laws dialog sim plants house asan cover-quick fuzz-smoke \
		it twin

# Criterion makes a process of each test from its file; a plain fork takes a fifth of the time.
QUICK := $(foreach s,unit laws dialog,$(if $(call c_in,tests/$(s)),$(B)/quick/$(s)-tests))
check: tests $(QUICK)
	@tools/run-tests tidy pure quick

tidy: $(LIB)
	@tools/tidy $(B)

pure: $(LIB)
	@tools/pure $(B)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

house: $(LIB)
	@tools/run-tests house

asan ubsan tsan valgrind:
	@tools/setup test
	@$(MAKE) --no-print-directory FLAVOUR=$@ own-tests
	@tools/run-tests $@

cover cover-quick:
	@$(MAKE) --no-print-directory FLAVOUR=cover own-tests
	@tools/run-tests $@

fuzz-smoke:
	@$(MAKE) --no-print-directory FLAVOUR=fuzz fuzzers
	@FUZZ_TARGET='$(T)' FUZZ_SECONDS='$(S)' tools/run-tests fuzz-smoke

fuzz:
	@$(MAKE) --no-print-directory FLAVOUR=fuzz fuzzers
	@FUZZ_TARGET='$(T)' FUZZ_SECONDS='$(or $(S),600)' tools/run-tests fuzz

# Minutes or hours: ARGS="--seconds 3600".
soak:
	@tools/setup bench
	@$(WOLFSSL_UPDATE)
	@$(MAKE) --no-print-directory all
	@$(B)/bench/soak $(ARGS)

bench:
	@tools/setup bench
	@$(WOLFSSL_UPDATE)
	@$(MAKE) --no-print-directory all
	@$(B)/bench/bench $(ARGS)

$(EXAMPLE_CERT):
	$(call say,CERT)
	@mkdir -p $(@D)
	@umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 3650 -subj /CN=mail.example.org -addext subjectAltName=DNS:mail.example.org \
		-keyout $(@:.pem=.key) -out $@ 2>/dev/null || \
		echo 'no openssl command: conf.example/mail.conf needs a certificate of yours'

# --- delivering ---------------------------------------------------------------------------------

MAN := build/man/ringpost.conf.5
man: $(MAN)

# The directive list is printed by the program from its own table.
build/man/ringpost.conf.5: man/ringpost.conf.5.in $(B)/ringpost
	@mkdir -p $(@D)
	$(Q)$(B)/ringpost --man-directives > $@.list
	$(Q)sed -e '/^@DIRECTIVES@$$/{r $@.list' -e 'd;}' $< > $@
	@rm -f $@.list

install: $(B)/ringpost $(MAN)
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(MANDIR)/man5
	$(INSTALL) -d $(DESTDIR)$(DOCDIR) $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 755 $(B)/ringpost $(DESTDIR)$(SBINDIR)/ringpost
	$(INSTALL) -m 644 man/ringpost.8 $(DESTDIR)$(MANDIR)/man8/
	$(INSTALL) -m 644 $(MAN) $(DESTDIR)$(MANDIR)/man5/
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE tools/seccomp-ringpost.json \
		$(DESTDIR)$(DOCDIR)/
	cp -R conf.example $(DESTDIR)$(DOCDIR)/
	rm -rf $(DESTDIR)$(DOCDIR)/conf.example/tls
	sed 's|@SBINDIR@|$(SBINDIR)|' tools/ringpost.service > $(DESTDIR)$(UNITDIR)/ringpost.service
	chmod 644 $(DESTDIR)$(UNITDIR)/ringpost.service

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/ringpost $(DESTDIR)$(UNITDIR)/ringpost.service
	rm -f $(DESTDIR)$(MANDIR)/man8/ringpost.8 $(DESTDIR)$(MANDIR)/man5/ringpost.conf.5
	rm -rf $(DESTDIR)$(DOCDIR)

dist:
	@mkdir -p build
	git archive --format=tar.gz --prefix=ringpost-$(VERSION)/ \
		-o build/ringpost-$(VERSION).tar.gz HEAD

# wolfSSL stays, which is the same for all flavours and compilers; distclean removes it too.
clean:
	rm -rf $(filter-out build/wolfssl,$(wildcard build/*))

distclean:
	rm -rf build conf.example/tls

help:
	@echo 'make            build/release/ringpost, the tools and the bench programs'
	@echo 'make run        auth service, ringpost and mail sink, and real mail (ARGS=--once)'
	@echo 'make test       everything: installs what the tests need, runs every suite'
	@echo 'make check      the quick gate: tidy, pure, unit, laws, dialogs'
	@echo 'make unit|laws|dialog|house|it|twin     one suite'
	@echo 'make plants     planted bugs, each to be found by a check of the simulation'
	@echo 'make sim        worlds of the simulation (N=1000 SEED=1; SEED=7 shows one)'
	@echo 'make tidy pure  the house rules; the floors that may not call the kernel'
	@echo 'make format     clang-format over all C files'
	@echo 'make asan ubsan tsan valgrind           the suites under a watcher; leaks fail'
	@echo 'make cover      what the tests have run, and every move of each state machine'
	@echo 'make fuzz-smoke fuzz                    libFuzzer targets, seconds or minutes each'
	@echo '                                        (T=session one of them, S=600 seconds)'
	@echo 'make bench      the comparison with other proxies (ARGS=--help)'
	@echo 'make soak       memory and descriptors under unruly clients (ARGS="--seconds 3600")'
	@echo 'make man install uninstall dist         PREFIX=$(PREFIX) DESTDIR='
	@echo 'make clean distclean                    all but wolfSSL, which is built once; all'
	@echo 'Variables: CC=clang FLAVOUR=asan WOLFSSL=system V=1 CFLAGS= LDFLAGS= WERROR='

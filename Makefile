# ringpost: one Makefile, not recursive by folder. `make help` lists the targets.
#
# Every compiler output goes to build/<flavour>/; a flavour is a set of compiler flags
# (release, asan, ubsan, tsan, cover). FLAVOUR=x chooses it.

FLAVOUR ?= release
B       := build/$(FLAVOUR)
CC      ?= gcc

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wwrite-strings -Wcast-qual -Wvla -Wformat=2 -Wswitch-enum -Wundef -Wno-unused-parameter -Werror
FLAGS_release := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
FLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_cover   := -O0 -g --coverage
CFLAGS  ?=
ALL_CFLAGS = -std=c17 $(WARN) $(FLAGS_$(FLAVOUR)) -Iinclude -Isrc -MMD -MP $(CFLAGS)

PURE_FLOORS := base proto session
KERNEL_FLOORS := io app
SRC  := $(wildcard $(foreach f,$(PURE_FLOORS) $(KERNEL_FLOORS),src/$(f)/*.c))
OBJ  := $(SRC:%.c=$(B)/%.o)
LIBOBJ := $(filter-out $(B)/src/app/main.o,$(OBJ))
LIBS := -luring -lpthread

UNIT := $(wildcard tests/unit/*.c)
UNIT_OBJ := $(UNIT:%.c=$(B)/%.o)

.PHONY: all check test unit clean
all: $(B)/ringpost

$(B)/src/io/%.o $(B)/src/app/%.o $(B)/tests/%.o: ALL_CFLAGS += -D_GNU_SOURCE -std=gnu17

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/ringpost: $(OBJ)
	$(CC) $(FLAGS_$(FLAVOUR)) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/unit-tests: $(UNIT_OBJ) $(LIBOBJ)
	$(CC) $(FLAGS_$(FLAVOUR)) $(LDFLAGS) -o $@ $^ $(LIBS) -lcriterion

unit: $(B)/unit-tests
	$(B)/unit-tests

check: unit

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d)

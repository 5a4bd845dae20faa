# pg_hotpath: PGXS build, and the commands of the README (demo, test, bench, deb).

# The README's commands install what they need, so they must work where there is no PGXS yet; and they get
# REGRESS and its like from the environment, which the definitions below would replace.
ifneq (,$(filter demo test bench deb,$(MAKECMDGOALS)))

.PHONY: demo test bench deb
demo:
	@bash test/demo/demo.sh
test:
	@bash test/run.sh
bench:
	@bash test/installed.sh bench bash test/bench/run.sh
deb:
	@bash debian/make_deb.sh

else

EXTENSION = pg_hotpath
# The control file alone says the version; the library and the install script get it from here.
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" pg_hotpath.control)
MODULE_big = pg_hotpath
PGFILEDESC = "pg_hotpath - exact row cache and other hot paths of application backends"

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
OUR_HEADERS = $(sort $(wildcard src/*.h src/*/*.h))

# The install script is the rooms' SQL files in floor order.
SQL_PARTS = src/cache/cache.sql src/json/json.sql src/export/export.sql src/page/page.sql src/eager/eager.sql
DATA_built = $(EXTENSION)--$(EXTVERSION).sql
# What was released, and the ways from there.
DATA = $(sort $(wildcard upgrade/*.sql))

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --load-extension=pg_hotpath
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --load-extension=pg_hotpath --inputdir=test
TAP_TESTS = $(if $(wildcard test/t/*.pl),1)
PROVE_TESTS = test/t/*.pl

# Expected outputs are the same on every machine.
ENCODING = UTF8
NO_LOCALE = 1

PG_CPPFLAGS = -I$(srcdir)/src -DHP_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers $(HP_CFLAGS)
# Debian's server passes on options that only gcc knows, and headers with gcc's printf format.
ifneq (,$(findstring clang,$(CC)))
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes
endif
SHLIB_LINK = -lz -lzstd -llz4
EXTRA_CLEAN = $(DATA_built)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS does not track headers: any of them changed means all objects are stale.
$(OBJS) $(OBJS:.o=.bc): $(OUR_HEADERS)
src/pg_hotpath.o src/pg_hotpath.bc: pg_hotpath.control

$(DATA_built): $(SQL_PARTS)
	cat $^ > $@

endif

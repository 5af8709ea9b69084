# Two commands to begin with: `make fly` lands on the emulated Moon, `make test` runs the tests.
# Everything is installed into .venv; nothing outside the checkout changes.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
SEED   ?= 1
RUNS   ?= 100
SEEDS  ?= 200
WORKERS ?= $(shell nproc 2>/dev/null || echo 1)

NATIVE := $(shell find native -name '*.[ch]' -o -name 'CMakeLists.txt' -o -path 'native/cffi/*.py')

.PHONY: fly test check prove format docs bench bench-vision crater-views lost-views reliability images firmware campaign descents incidents hil hil-full radiation ctest mutation fuzz fuzz-link fuzz-vision recovery lockstep unplug lab clean

fly: $(VENV)/.fly
	$(VENV)/bin/hil run frigoris --seed $(SEED)

test: $(VENV)/.dev
	$(PY) -m pytest -n auto --dist worksteal

check: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/onboard dictionary check lander
	$(VENV)/bin/onboard faults check lander
	$(VENV)/bin/onboard faults check resilience
	$(VENV)/bin/onboard dictionary check rover
	$(VENV)/bin/onboard faults check rover

# Every pair of faults with resets at every step: 15 million states a table, nine minutes of a processor for two.
prove: $(VENV)/.dev
	$(VENV)/bin/onboard faults check lander --every-pair
	$(VENV)/bin/onboard faults check resilience --every-pair
	$(VENV)/bin/onboard faults check rover --every-pair

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The pages that are made from the tables; a test fails when the committed ones are stale.
docs: $(VENV)/.dev
	rm -rf docs/reference/lander/faults
	$(VENV)/bin/onboard faults document lander --out docs/reference/lander/faults
	for vehicle in lander rover; do $(VENV)/bin/onboard dictionary export $$vehicle --format icd \
	  --output docs/reference/$$vehicle/icd.md || exit 1; done
	rm -rf docs/reference/rover/faults
	$(VENV)/bin/onboard faults document rover --out docs/reference/rover/faults
	$(VENV)/bin/onboard dictionary export rover --format markdown --output docs/dictionary/rover.md
	$(PY) tests/broken_tables.py docs/broken_tables.md

bench: $(VENV)/.dev
	$(PY) -m pytest tests/benchmarks --benchmark-enable --benchmark-only -o addopts= -s \
	  --benchmark-columns=min,median,ops --benchmark-sort=name
	$(VENV)/bin/hil profile frigoris

# Rates of crater identification; OPTIONS=--mirrored for a Moon that is not in the catalogue.
VIEWS ?= 100000
crater-views: $(VENV)/.dev
	$(PY) tests/crater_campaign.py --views $(VIEWS) $(OPTIONS)

# The same without attitude and position; OPTIONS also --tilt DEG.
lost-views: $(VENV)/.dev
	$(PY) tests/lost_campaign.py --views $(VIEWS) $(OPTIONS)

# How often a fix of the landing's matcher is false, and whether stated probabilities are right: FRAMES of simulated ones.
FRAMES ?= 300000
reliability: $(VENV)/.dev
	$(PY) tests/crater_reliability.py --frames $(FRAMES) $(OPTIONS)

# Vision beside the libraries that people use: CPU time of one thread, both sides by turns.
bench-vision: $(VENV)/.dev
	$(VENV)/bin/pip install --quiet -e '.[bench]'
	for version in 4.14.0.94 5.0.0.93; do test -d build/peers/opencv-$$version || $(VENV)/bin/pip install --quiet \
	  --no-deps --target build/peers/opencv-$$version opencv-python-headless==$$version || exit 1; done
	$(PY) tests/benchmarks/vision $(TASKS)

campaign: $(VENV)/.fly
	$(VENV)/bin/hil campaign frigoris --runs $(RUNS) --workers $(WORKERS)

# Nominal descents without camera frames, in batches of C steps: none may trip a fault.
descents: RUNS = 10000
descents: $(VENV)/.fly
	$(VENV)/bin/hil campaign frigoris_quiet --runs $(RUNS) --workers $(WORKERS)

# Every incident three ways; SEEDS of each.
incidents: $(VENV)/.fly
	$(VENV)/bin/hil incidents --seeds $(SEEDS) --workers $(WORKERS)

# The C tests under AddressSanitizer and UndefinedBehaviorSanitizer.
ctest: $(VENV)/.dev
	$(VENV)/bin/cmake -S native -B build/ctest -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(VENV)/bin/ninja \
	  -DCMAKE_BUILD_TYPE=Release -DONBOARD_TESTS=ON -DONBOARD_EXTENSIONS=OFF -DONBOARD_SANITIZE=address,undefined
	$(VENV)/bin/cmake --build build/ctest
	$(VENV)/bin/ctest --test-dir build/ctest --output-on-failure

# Does any test notice a small change of the fault protection engine? EVERY=7 takes each seventh.
EVERY ?= 1
mutation: $(VENV)/.dev
	$(PY) tests/mutation/run.py --every $(EVERY)

# Tables, images, commands and memory, damaged at random.
INPUTS ?= 1000000
fuzz: $(VENV)/.dev
	$(PY) tests/fuzz/run.py --inputs $(INPUTS)

# What parses the octets of a line, and both ends of one that flies (the firmware's messages, the desk's decoders), in C
# under AddressSanitizer and UndefinedBehaviorSanitizer.
fuzz-link: INPUTS = 10000000
fuzz-link: ctest
	build/ctest/fuzz_framing $(INPUTS)
	build/ctest/fuzz_board $(INPUTS)

# Every routine of the vision library on arbitrary images, points, indices, under the same.
fuzz-vision: ctest
	build/ctest/fuzz_vision $(if $(filter command line,$(origin INPUTS)),$(INPUTS),100000)

# Frames lost for each event on the line: the table of docs/link.md.
recovery: $(VENV)/.dev
	$(PY) tests/link_recovery.py

# An hour of ticks at 100 Hz with a program that plays the board, over a pseudo-terminal.
lockstep: $(VENV)/.dev
	$(PY) tests/link_lockstep.py

# A drive on a board whose plug is pulled and put back a hundred times; FLIGHT=frigoris_final is a landing.
PULLS ?= 100
FLIGHT ?= rover_square
unplug: $(VENV)/.dev
	$(PY) tests/unplug.py $(FLIGHT) --pulls $(PULLS)

# labgrid and Jumpstarter, each in an environment of its own, with two emulated boards of a lab: reserve, power, fly, release.
# LAB_BOARDS="posix posix" takes programs in their place, which needs no emulator.
LAB_BOARDS ?= mps2-an386 mps2-an500
lab: export LAB_BOARDS := $(LAB_BOARDS)
lab: $(VENV)/.dev
	@[ -z "$(filter-out posix,$(LAB_BOARDS))" ] || native/firmware/tools.sh
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" native/firmware/build.sh $(sort $(LAB_BOARDS))
	adapters/run.sh labgrid $(PYTHON)
	adapters/run.sh jumpstarter $(PYTHON)

# The firmware of every board: flash, RAM and deepest stack, within the budgets.
images: $(VENV)/.dev
	@native/firmware/tools.sh
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" native/firmware/build.sh

# The same, and the core on emulated boards; its state hashes must be the desk's.
firmware: images
	$(PY) -m pytest tests/hil

# The last minute of a landing, flown by an emulated board; the same bits at every tick.
BOARD ?= mps2-an386
hil: $(VENV)/.dev
	@native/firmware/tools.sh
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" native/firmware/build.sh $(BOARD)
	$(VENV)/bin/hil run frigoris_final --seed $(SEED) --link $(if $(filter posix,$(BOARD)),posix,qemu:$(BOARD))

# The whole descent on both emulated boards, and what a tick costs there: half an hour or so. The square is part of CI.
hil-full: $(VENV)/.dev
	@native/firmware/tools.sh
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" native/firmware/build.sh mps2-an386 mps2-an500
	for board in mps2-an386 mps2-an500; do \
	  $(VENV)/bin/hil run frigoris --seed $(SEED) --link qemu:$$board --no-record --quiet || exit 1; \
	  $(VENV)/bin/hil profile frigoris_final --seed $(SEED) --link qemu:$$board || exit 1; done

# Bit flips in an emulated board while it lands: docs/radiation.md. 10,000 take half an hour or more.
FLIPS ?= 10000
radiation: BOARD = mps2-an500
radiation: $(VENV)/.dev
	@native/firmware/tools.sh
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" native/firmware/build.sh $(BOARD)
	$(VENV)/bin/hil radiation frigoris_final --board $(BOARD) --flips $(FLIPS) --seed $(SEED) --workers $(WORKERS)

clean:
	rm -rf $(VENV) build

# --- installation ---------------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "onboard needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 ..."; exit 2; }
	@command -v cc >/dev/null || { echo "onboard needs a C compiler. On Debian: apt-get install gcc libc6-dev"; exit 2; }
	@$(PYTHON) -c 'import sysconfig, os; p = sysconfig.get_path("include"); raise SystemExit(not os.path.exists(os.path.join(p, "Python.h")))' || \
	  { echo "onboard needs Python's headers. On Debian: apt-get install python3-dev"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "onboard needs the venv module. On Debian: apt-get install python3-venv"; exit 2; }

$(VENV)/.fly: $(PY) pyproject.toml $(NATIVE)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[report]'
	@touch $@

$(VENV)/.dev: $(PY) pyproject.toml $(NATIVE)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.fly

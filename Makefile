# Two commands do everything on a machine that has Python 3.11 or newer and make:
#
#   make book   sets up, builds the book: open _build/html/index.html
#   make test   sets up, builds the book, proves it: in a few minutes
#
# Two more prove the rest: make test-all takes twenty minutes, make test-weekly hours.
# docs/tests.md says what is proved where. And a few more: make test-hwlib · nbval · coverage ·
# reproducible · elsewhere · newest · links · starter · autograder · offline · pdf · lab · outputs ·
# bench · bench-page · mutants · sizes · picture · screenshots · site-report · lock · clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# A process for each core, at most four; a notebook's cells, and a file's tests, stay in one.
PYTEST = $(BIN)/python -m pytest
PARALLEL := -n logical --maxprocesses 4 --dist loadfile
# What make bench measures with: it brings this one, or takes another that has the peers.
BENCH := .venv-bench
BENCH_PYTHON ?= $(BENCH)/bin/python
# JupyterLite, which make bench-page compares with.
LITE := .venv-lite
# The book's own packages, and mutmut besides.
MUTANTS := .venv-mutants

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONHASHSEED ?= 0
export PYTHONUTF8 = 1

REQUIREMENTS ?= requirements.txt
COMPILE = $(BIN)/python -m pip install --quiet uv && \
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(1) \
	    --output-file $(2)

.PHONY: book test test-all test-full test-rare test-weekly nbval test-hwlib coverage reproducible elsewhere \
        elsewhere-hardest newest links starter autograder offline pdf lab \
        outputs bench bench-page mutants sizes picture screenshots site-report lock clean chromium firefox

# From nothing, aside, and then moved to its place: no page of an older book stays, none is half done.
book: $(VENV)/ready
	$(BIN)/python -m tools.build_book

# The first tier: every number, every page, every wall of the grader, once.
test: book chromium
	$(PYTEST) $(PARALLEL) --tier quick --nbval $(NOTEBOOKS) tests

# The second tier, after the first.
test-all: test test-full coverage elsewhere-hardest

# What breaks rarely, or by itself.
test-weekly: test-rare reproducible elsewhere links newest mutants

# The parts of these, for those who want one.
test-full: book chromium
	$(PYTEST) $(PARALLEL) --tier full tests

test-rare: book chromium firefox
	$(PYTEST) --tier weekly tests

nbval: $(VENV)/ready
	$(PYTEST) $(PARALLEL) --nbval $(NOTEBOOKS)

# They start no browser and read no built book; they run on Linux, macOS and Windows.
test-hwlib: $(VENV)/ready
	$(PYTEST) $(PARALLEL) tests/hwlib

# They reach every line and every branch of hwlib, or this fails.
coverage: $(VENV)/ready
	$(PYTEST) $(PARALLEL) tests/hwlib --cov

# The same notebooks and the same site under other clocks, locales, hash seeds and numbers of
# threads, and from a tree that cannot be written: about half an hour.
reproducible: $(VENV)/ready
	$(BIN)/python -m tools.reproducible

# All that is stored, on other processors, BLAS kernels, C libraries and versions, and in a browser's
# WebAssembly: a quarter of an hour.
elsewhere: book chromium
	$(BIN)/python -m tools.elsewhere

elsewhere-hardest: $(VENV)/ready
	$(BIN)/python -m tools.elsewhere --hardest

# The first tier with the newest packages that requirements.in allows, in an environment of its own.
newest: $(VENV)/ready
	mkdir -p _build
	$(call COMPILE,requirements.in,_build/newest.txt) --upgrade
	$(MAKE) test VENV=.venv-newest REQUIREMENTS=_build/newest.txt

# What the book refers to on other sites is there: asks all of them (settings in _config.yml).
links: $(VENV)/ready
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links

# The homework's starter, dist/hw3.zip, out of hwlib.
starter: $(VENV)/ready
	$(BIN)/python -m homework.starter dist/hw3.zip

# What Gradescope takes, dist/autograder.zip; SEED=7 fixes the hidden inputs.
autograder: $(VENV)/ready
	$(BIN)/python -m homework.gradescope.build dist/autograder.zip $(if $(SEED),--seed $(SEED))

# The book for a memory stick, dist/hw3-book-offline.zip: unpacked, it needs no server, no network.
offline: book
	$(BIN)/python -m tools.zip_site _build/html dist/hw3-book-offline.zip

# The whole book on paper, dist/hw3-book.pdf, printed by Chromium.
pdf: book chromium
	$(BIN)/python -m tools.make_pdf _build/html dist/hw3-book.pdf

lab: $(VENV)/ready
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/lab/tree/notebooks/1_backprop.ipynb

# Runs the notebooks and stores what they print and draw, for the page and for the tests.
outputs: $(VENV)/ready
	$(BIN)/python -m tools.store_outputs $(NOTEBOOKS)

# The algorithms beside others', and on two workers, measured; and the two pages that show it.
bench: $(VENV)/ready $(if $(filter $(BENCH)/%,$(BENCH_PYTHON)),$(BENCH)/ready)
	$(BENCH_PYTHON) bench/run.py
	$(BIN)/python bench/colors.py
	$(BIN)/python bench/map_reduce.py
	$(BIN)/python -m tools.store_outputs notebooks/4_speed.ipynb notebooks/5_map_reduce.ipynb

# How soon a page computes, beside JupyterLite and a bare worker; the table of docs/performance.md.
bench-page: book chromium $(LITE)/ready
	$(BIN)/python bench/page.py --lite $(LITE)/bin/python --write docs/performance.md

# Small changes to hwlib, each of which a test has to notice; MODULES="backprop quick.kmeans" for
# some, JOBS=4 for as many at a time. All of it takes hours.
mutants: $(MUTANTS)/ready
	$(MUTANTS)/bin/python -m tools.mutants $(MODULES)

# How long the book's own work takes, and how much it stores.
sizes: book chromium
	$(BIN)/python -m tools.sizes

# Takes the picture of the built book that the README shows.
picture: book chromium
	$(BIN)/python -m tools.take_picture

# Takes the small pictures of all pages that the tests compare with: look at them, then commit.
screenshots: book chromium
	$(BIN)/python -m tests.weekly.screenshots

# Lighthouse, axe, weight, requests and sliders beside a stock book; PAGES="book/index" for some.
site-report: book chromium
	$(BIN)/python -m tools.site_report $(PAGES)

chromium: $(VENV)/ready
	@$(BIN)/python tools/browser/find.py chromium

# Where none can be had, the tests in Firefox fail and say so.
firefox: $(VENV)/ready
	-@$(BIN)/python tools/browser/find.py firefox

# Pins everything that requirements.in asks for, with hashes; and what make bench needs. Pins that
# are still allowed stay, unless UPGRADE=1 asks for the newest. Extras are named, since an older pip
# takes coverage for something else than coverage[toml].
lock: $(VENV)/ready
	$(call COMPILE,requirements.in,requirements.txt) $(if $(UPGRADE),--upgrade)
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --quiet requirements-bench.in --output-file requirements-all.txt
	# what Linux alone needs are torch's CUDA libraries; it asks for them itself
	grep -v "sys_platform == 'linux'" requirements-all.txt > requirements-bench.txt
	rm requirements-all.txt

clean:
	rm -rf $(VENV) $(BENCH) $(LITE) $(MUTANTS) .venv-oldest .venv-newest _build dist build *.egg-info .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

$(VENV)/ready: $(REQUIREMENTS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed; $(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once; a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $(REQUIREMENTS)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCH)/ready: requirements-bench.txt
	@echo "Setting up $(BENCH) (once; a few minutes)"
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --requirement requirements-bench.txt
	@touch $@

$(LITE)/ready:
	$(PYTHON) -m venv $(LITE)
	$(LITE)/bin/python -m pip install --quiet jupyterlite-core==0.8.6 \
	    jupyterlite-pyodide-kernel==0.8.6 jupyter-server
	@touch $@

$(MUTANTS)/ready: $(VENV)/ready
	$(PYTHON) -m venv $(MUTANTS)
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	    > $$($(MUTANTS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/book.pth
	$(MUTANTS)/bin/python -m pip install --quiet mutmut==3.8.1
	@touch $@

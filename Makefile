# `make` lists what there is; CONTRIBUTING.md says more.

PREFIX ?= /usr/local
UNITS ?= /lib/systemd/system
CONFIGURATION = $(DESTDIR)/etc/hotsync
MANUAL = $(DESTDIR)$(PREFIX)/share/man
# A static Swift runtime, so that the executables run where no Swift is installed; without symbols, a quarter of them.
RELEASE := --configuration release --static-swift-stdlib -Xlinker --strip-all
# make test FILTER=HotsyncDeltaTests: only tests whose names match this expression.
FILTER ?=
# make simulate SEEDS=20: how many seeds.
SEEDS ?= 4
# make bench BENCH='--only W4,W5 --runs 5': what scripts/bench takes.
BENCH ?=
# make cuts CUTS=1000: how many cuts for each transport.
CUTS ?= 200
# make lab SCENARIOS="pair isolation": only these of Tests/Lab/scenarios.
SCENARIOS ?=
BUILT = $(shell swift build $(RELEASE) --show-bin-path)
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks

.PHONY: help bootstrap build run test simulate cuts acceptance bench bench-quick lab lab-tools lint format install clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

bootstrap: ## install what building needs and is missing (Debian)
	@scripts/bootstrap

build: bootstrap ## build the executables for release
	swift build $(RELEASE)

run: build ## show a master and a slave at work: TRANSPORT=ssh, SRC=FOLDER, KEEP=1
	@BIN="$(BUILT)" scripts/demo

test: ## build for debugging and run all tests: FILTER=NAME
	@scripts/bootstrap --tests
	swift build
	swift test $(if $(FILTER),--filter '$(FILTER)')

acceptance: build ## measure wire, disk and memory against their limits: TRANSPORT=ssh, KEEP=1, SEED=N
	@BIN="$(BUILT)" scripts/acceptance

bench: build ## run rsync and HotSync side by side, for half an hour: BENCH='--only W4 --runs 5'
	BIN="$(BUILT)" scripts/bench $(BENCH)

bench-quick: build ## the same with little data, in two minutes
	BIN="$(BUILT)" scripts/bench --scale quick --runs 1 $(BENCH)

simulate: ## run random edits, cycles and disasters from SEEDS=N seeds, and weeks of them from a tenth: HOTSYNC_SEED=FIRST
	HOTSYNC_SEEDS=$(SEEDS) swift test --filter SimulationTests

cuts: ## cut the line over SSH at CUTS=N random bytes: HOTSYNC_SEED=FIRST
	HOTSYNC_CUTS=$(CUTS) swift test --filter BadLineTests

lab: $(if $(filter skip,$(LAB)),,build lab-tools) ## run the scenarios on whole Debian machines, as root: SCENARIOS="pair …", JOBS=N, LAB=skip
	@Tests/Lab/run $(SCENARIOS)

lab-tools:
	@scripts/bootstrap --lab

lint: ## check the form of the Swift sources
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format: ## bring the Swift sources into that form
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

install: ## copy what make build made, configuration, units and manual: DESTDIR, PREFIX
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(UNITS)"
	install -m 755 "$(BUILT)/hotsync" "$(BUILT)/hotsync-slave" "$(BUILT)/hotsync-promote" "$(DESTDIR)$(PREFIX)/bin"
	install -d "$(CONFIGURATION)/conf.d"
	install -d -m 700 "$(CONFIGURATION)/keys"
	test -e "$(CONFIGURATION)/hotsync.yaml" || install -m 644 etc/hotsync.yaml "$(CONFIGURATION)"
	install -d "$(DESTDIR)$(PREFIX)/share/doc/hotsync/examples"
	install -m 644 etc/examples/* "$(DESTDIR)$(PREFIX)/share/doc/hotsync/examples"
	install -d "$(MANUAL)/man5" "$(MANUAL)/man8"
	install -m 644 docs/man/*.5 "$(MANUAL)/man5"
	install -m 644 docs/man/*.8 "$(MANUAL)/man8"
	sed -i 's|/usr/local/share/|$(PREFIX)/share/|' "$(MANUAL)/man5/hotsync.yaml.5"
	for unit in systemd/*; do \
	  sed 's|/usr/bin/|$(PREFIX)/bin/|g' "$$unit" >"$(DESTDIR)$(UNITS)/$${unit##*/}" || exit; \
	done

clean: ## remove what was built
	swift package clean

# Everything a person does here. `make` alone tells.
# Bun's version stands in package.json ("packageManager"); scripts/bun.sh brings it through npm
# where the machine does not have it.

BUN := sh scripts/bun.sh
PACKAGES := node_modules/.installed
RUNTIMES := node_modules/.runtimes
SOURCES := $(shell find src scripts/release -name '*.ts') package.json bun.lock scripts/build.ts scripts/bun.sh
SIMULATOR := $(shell find scripts/simulator -name '*.ts')

# what needs no binary, no tools and no rights
UNIT_TESTS := $(addprefix test/,architecture.test.ts docs/ golden/ unit/)

.DEFAULT_GOAL := help
.PHONY: help build check test fuzz lab lab-defects lab-peers demo bench golden smoke clean docs record simulator sizes release release-test

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST) | expand -t 22

build: dist/ec2nic ## the executable, dist/ec2nic

check: $(PACKAGES) ## format, lint, types, unit tests: under 10 s
	$(BUN) fmt --check
	$(BUN) node_modules/oxlint/bin/oxlint --type-aware --deny-warnings
	$(BUN) check
	$(BUN) test --only-failures --timeout=30000 $(UNIT_TESTS)

test: $(PACKAGES) dist/ec2nic ## everything, on the real parts; installs what it needs (as root)
	$(BUN) scripts/test.ts

fuzz: $(PACKAGES) dist/ec2nic ## mutated answers of imds against the client: N=1000000, SEED=, MINUTES=; ROUND=seed: one
	$(BUN) scripts/fuzz.ts

lab: $(PACKAGES) dist/ec2nic ## virtual machines with real hot-plug: an hour and more; SCENARIO=name: one, with its console
	$(BUN) scripts/vm-lab.ts $(SCENARIO)

lab-peers: $(PACKAGES) dist/ec2nic ## cloud-init and ec2-net-utils (EC2_NET_UTILS=DIR) in the same guests: an hour
	$(BUN) scripts/vm-peers.ts

lab-defects: $(PACKAGES) ## does the laboratory see what is broken on purpose? DEFECT=bus: some
	$(BUN) scripts/vm-defects.ts

demo: $(PACKAGES) dist/ec2nic ## the main job against a simulated EC2, in network namespaces
	$(BUN) scripts/demo.ts

bench: $(PACKAGES) dist/ec2nic ## figures beside others', in one run; PART=start,crawl: some; CHECK=1: hold them
	$(BUN) scripts/bench.ts

golden: $(PACKAGES) ## show where the expected files of test/golden/cases differ; ACCEPT=1 takes them
	$(BUN) scripts/golden.ts $(if $(ACCEPT),--accept)

sizes: $(PACKAGES) ## files, lines, folders and imports of src/ in figures
	$(BUN) scripts/sizes.ts

docs: $(PACKAGES) ## the man page and completions for bash, zsh and fish, in dist/
	$(BUN) scripts/docs.ts

record: $(PACKAGES) dist/ec2nic ## what the documents show of the program, played again; CHECK=1: compared only
	$(BUN) scripts/record.ts $(if $(CHECK),--check)

simulator: dist/ec2nic-imds-simulator ## a simulated IMDS as one executable, to test user-data with

release: $(RUNTIMES) ## all that is handed out, in dist/: executables, packages, sums; twice the same bytes
	$(BUN) scripts/release.ts

release-test: $(RUNTIMES) ## installs, runs and removes what `make release` makes; minutes, as root
	$(BUN) scripts/release-test.ts

smoke: dist/ec2nic ## does the executable start and say what it is?
	dist/ec2nic --version
	dist/ec2nic --help >/dev/null

clean: ## remove what was built and brought
	rm -rf dist node_modules .tools

dist/ec2nic: $(PACKAGES) $(SOURCES)
	$(BUN) scripts/build.ts

dist/ec2nic-imds-simulator: $(PACKAGES) $(SOURCES) $(SIMULATOR)
	$(BUN) scripts/build.ts ec2nic-imds-simulator

# a mark of its own: an install that broke off leaves the folder behind
$(PACKAGES): package.json bun.lock
	$(BUN) install --frozen-lockfile --ignore-scripts
	@touch $@

# what the executables for other machines are made of: only a release needs it
$(RUNTIMES): $(PACKAGES)
	$(BUN) install --frozen-lockfile --ignore-scripts --os=linux --cpu='*' --libc='*'
	@touch $@

# All tasks of this repository; `make` lists them.
# package.json ("packageManager") pins the version of Bun; where the machine does not have it,
# scripts/bun.sh installs it with npm.

BUN := sh scripts/bun.sh
PACKAGES := node_modules/.installed
RUNTIMES := node_modules/.runtimes
SOURCES := $(shell find src scripts/release -name '*.ts') package.json bun.lock scripts/build.ts scripts/bun.sh
SIMULATOR := $(shell find scripts/simulator -name '*.ts')

.DEFAULT_GOAL := help
.PHONY: help build check test defects fuzz lab lab-defects lab-peers demo bench golden smoke clean docs record simulator sizes release release-test

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST) | expand -t 22

build: dist/ec2nic ## build the executable dist/ec2nic

check: $(PACKAGES) ## check format, lint and types, and run unit tests (20 s)
	$(BUN) scripts/test.ts style,unit

test: $(PACKAGES) dist/ec2nic ## run all tests except the long ones (root: installs tools); PART=unit,cli
	$(BUN) scripts/test.ts "$(PART)"

fuzz: $(PACKAGES) dist/ec2nic ## send N=1000000 mutated answers to the client (or MINUTES=)
	$(BUN) scripts/fuzz.ts

lab: $(PACKAGES) dist/ec2nic ## test in virtual machines (hours); SCENARIO=NAME: only one
	$(BUN) scripts/vm-lab.ts $(SCENARIO)

lab-peers: $(PACKAGES) dist/ec2nic ## compare with other programs in virtual machines (hours)
	$(BUN) scripts/vm-peers.ts

lab-defects: $(PACKAGES) ## check that make lab detects deliberate defects; DEFECT=bus
	AREA=vm $(BUN) scripts/defects.ts

defects: $(PACKAGES) ## check that tests detect deliberate defects; AREA=plan DEFECT=rule
	$(BUN) scripts/defects.ts

demo: $(PACKAGES) dist/ec2nic ## show ec2nic on a simulated instance in network namespaces
	$(BUN) scripts/demo.ts

bench: $(PACKAGES) dist/ec2nic ## compare the speed with other programs; PART=start; CHECK=1
	$(BUN) scripts/bench.ts

golden: $(PACKAGES) ## compare with test/golden/cases; ACCEPT=1: replace them
	$(BUN) scripts/golden.ts $(if $(ACCEPT),--accept)

sizes: $(PACKAGES) ## count files, lines, folders and imports of src/
	$(BUN) scripts/sizes.ts

docs: $(PACKAGES) ## write the man page and shell completions into dist/
	$(BUN) scripts/docs.ts

record: $(PACKAGES) dist/ec2nic ## record the examples in the documents; CHECK=1: compare
	$(BUN) scripts/record.ts $(if $(CHECK),--check)

simulator: dist/ec2nic-imds-simulator ## build the simulated IMDS, dist/ec2nic-imds-simulator

release: $(RUNTIMES) ## build executables, packages and checksums into dist/
	$(BUN) scripts/release.ts

release-test: $(RUNTIMES) ## install and test the files of a release (root, minutes)
	$(BUN) scripts/release-test.ts

smoke: dist/ec2nic ## run dist/ec2nic --version and --help
	dist/ec2nic --version
	dist/ec2nic --help >/dev/null

clean: ## remove dist, node_modules and .tools
	rm -rf dist node_modules .tools

dist/ec2nic: $(PACKAGES) $(SOURCES)
	$(BUN) scripts/build.ts

dist/ec2nic-imds-simulator: $(PACKAGES) $(SOURCES) $(SIMULATOR)
	$(BUN) scripts/build.ts ec2nic-imds-simulator

# a file that is written last: an interrupted install leaves node_modules behind
$(PACKAGES): package.json bun.lock
	$(BUN) install --frozen-lockfile --ignore-scripts
	@touch $@

# the runtimes of other machines, which only a release needs
$(RUNTIMES): $(PACKAGES)
	$(BUN) install --frozen-lockfile --ignore-scripts --os=linux --cpu='*' --libc='*'
	@touch $@

# openMosix: how it is built, tested and shown. `make check` is what CI runs.

GO       ?= go
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The entry sees how signals stood before the runtime changes them (internal/linux/birth).
ENTRY    := openmosix/internal/linux/birth.entry
LDFLAGS  := -s -w -X main.version=$(VERSION) -E $(ENTRY)
UNIT     := ./cmd/... ./internal/...
FUZZTIME ?= 10s
export CGO_ENABLED = 0

.PHONY: deb rpm package tarball build setup test race bench fuzz lint judge check demo soak machines clean

build:
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/openmosix ./cmd/openmosix
	@bin/openmosix install-links --force bin

# What the tests and the demo need of a fresh Debian; installs only what is missing.
setup:
	@scripts/setup

# What needs no other programs than Go's. All of it and more is in check, whose
# steps can be run alone: go run ./test/check STEP...
test:
	$(GO) test $(UNIT) ./lab/...

race:
	CGO_ENABLED=1 $(GO) test -race -short $(UNIT) ./lab/...

# The zoo, to-and-fro and churn in their short forms, on a lab.
judge: build
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) run ./test/check judges

# The alternatives it compares with come from Debian: distcc, icecream, parallel, ssh.
SOURCES ?= /var/tmp/openmosix-sources
bench: build
	@scripts/setup --bench
	@scripts/sources $(SOURCES) >/dev/null
	$(GO) test -run '^$$' -bench . -benchtime 1s $(UNIT)
	OPENMOSIX=$(CURDIR)/bin/openmosix OPENMOSIX_SOURCES=$(SOURCES) $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 90m ./test/bench

# Each fuzz test of the tree for FUZZTIME.
fuzz:
	@scripts/fuzz $(FUZZTIME)

lint:
	$(GO) run ./test/check format vet staticcheck layering

check: setup build
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) run ./test/check

demo: build
	@scripts/setup --demo
	bin/openmosix demo

# The long forms of what check does in short: all programs, all cases, a thousand
# hops, every death, a thousand joins and leaves, and ten minutes of threads and processes coming and going;
# a line of summary for each at the end.
soak: build
	@scripts/setup --soak
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) run ./test/check soak

# Between two kernels, in virtual machines: half an hour.
machines:
	scripts/machines

# Packages for Debian and for RPM's systems of what `openmosix install` installs,
# in out/. DEBVERSION must begin with a digit.
NFPM       ?= github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4
DEBVERSION ?= 0.0.$(shell git rev-list --count HEAD 2>/dev/null || echo 0)

OUT        ?= out
BINARY     ?= bin/openmosix

deb rpm: build
	@$(MAKE) --no-print-directory package PACKAGER=$@

# The package of a binary that has been built already. Outside Debian zsh looks
# for completions elsewhere.
PACKAGER ?= deb
package:
	@rm -rf $(OUT)/root && mkdir -p $(OUT)/root
	$(BINARY) install --root $(OUT)/root
	@mkdir -p $(OUT)/root/usr/share/doc/openmosix && $(GO) run ./packaging/notices $(BINARY) >$(OUT)/root/usr/share/doc/openmosix/NOTICES
	@[ $(PACKAGER) = deb ] || mv $(OUT)/root/usr/share/zsh/vendor-completions $(OUT)/root/usr/share/zsh/site-functions
	OUT=$(OUT) VERSION=$(DEBVERSION) $(GO) run $(NFPM) package --config packaging/nfpm.yaml --packager $(PACKAGER) --target $(OUT)/

# For other systems: unpack it, and `./openmosix install` as root.
tarball: build
	@rm -rf $(OUT)/openmosix-$(DEBVERSION) && mkdir -p $(OUT)/openmosix-$(DEBVERSION)
	cp README.md $(OUT)/openmosix-$(DEBVERSION)/
	cp $(BINARY) $(OUT)/openmosix-$(DEBVERSION)/openmosix
	@$(GO) run ./packaging/notices $(BINARY) >$(OUT)/openmosix-$(DEBVERSION)/NOTICES
	tar -C $(OUT) --owner=0 --group=0 -czf $(OUT)/openmosix-$(DEBVERSION).tar.gz openmosix-$(DEBVERSION)

clean:
	rm -rf bin out

# openMosix: how it is built, tested and shown. `make check` is what CI runs.

GO       ?= go
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Packages whose tests need neither root nor a lab, and those the race detector
# watches: the pure ones and those with goroutines of their own.
UNIT     := ./cmd/... ./internal/...
RACE     := ./internal/model/... ./internal/linux/unixmsg/... ./internal/role/... ./internal/node/...
FUZZTIME ?= 10s
export CGO_ENABLED = 0

.PHONY: build setup test unit race bench fuzz lint arch lab-test judge check demo soak clean

build:
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/openmosix ./cmd/openmosix
	@bin/openmosix install-links --force bin

# What the tests and the demo need of a fresh Debian; installs only what is missing.
setup:
	@scripts/setup

test: unit lab-test

unit:
	$(GO) test $(UNIT)

race:
	CGO_ENABLED=1 $(GO) test -race -short $(RACE)

lab-test:
	$(GO) test -count=1 ./lab/...

# The zoo, to-and-fro and churn in their short forms, on a lab.
judge: build
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) test -count=1 -short -timeout 14m ./test/...

bench: build
	$(GO) test -run '^$$' -bench . -benchtime 1s $(UNIT)

# Each fuzz test of the tree for FUZZTIME.
fuzz:
	@scripts/fuzz $(FUZZTIME)

arch:
	$(GO) test -count=1 ./test

lint: arch
	@bad=$$(gofmt -l cmd internal lab test); test -z "$$bad" || { echo "not formatted (gofmt -w mends it):"; echo "$$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

check: setup build
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) run ./test/check

demo: setup build
	bin/openmosix demo

# The long forms of what check does in short.
soak: setup build
	OPENMOSIX=$(CURDIR)/bin/openmosix $(GO) test -count=1 -timeout 6h ./test/... -duration 10m

clean:
	rm -rf bin out

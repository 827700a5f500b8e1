# Thingdesk. `make run` and `make test` are all a newcomer needs: each installs
# what it lacks and does its job.

TAGS    := x11,migrated_fynedo
BIN     := bin/thingdesk
LINT    := bin/golangci-lint
LINTV   := v2.15.0
GOFLAGS_TEST := -tags $(TAGS) -shuffle=on -timeout 10m
# Package main is tested without the race detector: it would compile OpenGL a
# second time. Everything it is made of is tested with it.
PARTS    = $(shell go list ./... | grep -v '^github.com/thingdesk/thingdesk$$')

.PHONY: run build test lint fmt bench fuzz screenshots needs-build needs-test clean

run: build
	./$(BIN) $(ARGS)

build: needs-build
	go build -tags $(TAGS) -o $(BIN) .

test: build needs-test
	go test -race $(GOFLAGS_TEST) $(PARTS)
	go test $(GOFLAGS_TEST) -count=1 .

lint: needs-build $(LINT)-$(LINTV)
	$(LINT)-$(LINTV) run

$(LINT)-$(LINTV):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTV)
	mv $(LINT) $@

fmt: $(LINT)-$(LINTV)
	$(LINT)-$(LINTV) fmt

# Benchmarks only; compare two runs with benchstat.
bench: needs-build
	go test -tags $(TAGS) -run '^$$' -bench . -benchmem $(BENCHARGS) $(PARTS)

# A minute of fuzzing for each target.
FUZZTIME ?= 60s
fuzz: needs-build
	@scripts/fuzz.sh $(TAGS) $(FUZZTIME)

# Makes docs/screenshot.png from the real window under Xvfb.
screenshots: build needs-test
	scripts/screenshots.sh

needs-build:
	@scripts/needs.sh build

needs-test: needs-build
	@scripts/needs.sh test

clean:
	rm -rf bin

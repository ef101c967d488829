# make run: build what has to be built, and serve. make test: all tests.
SHELL := /bin/bash
GO ?= go
# The program needs no C compiler; only the race detector does.
export CGO_ENABLED ?= 0
# A number of inputs: where a time (5s) ended, go test has failed with "context deadline exceeded" and no failing input.
FUZZTIME ?= 5000x
BENCH_SESSIONS ?= 20000
BENCH_FLAT ?= 10000,200000
BENCH_SIZING ?= 20000,100000

.PHONY: run build web web-tests clients generate test race fuzz lint bench bench-flat bench-sizing benchmarks pictures \
	tools-for-tests helm litestream release-check

run: build
	./sessiongraph serve

build: web
	$(GO) build -trimpath -o sessiongraph .

# Without npm the program is built all the same, with a Playground that loads from a CDN.
web:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web/dist/index.html; \
	else echo "npm is not installed: the Playground will load from a CDN"; fi

web/dist/index.html: web/package-lock.json web/index.html web/vite.config.ts \
		$(shell find web/src web/public graph/library -type f)
	cd web && npm ci --no-audit --no-fund && npm run build
	@touch $@

generate:
	$(GO) generate ./...

test: tools-for-tests web web-tests clients
	$(GO) test $(TESTFLAGS) ./...

# The tests beside the Playground's sources.
web-tests: web
	@if command -v npm >/dev/null; then cd web && npm test; fi

# The packages where goroutines share data. A test that finds nothing there, or takes too long, says so by
# tools.SkipUnderRace.
race: tools-for-tests web
	CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) ./internal/test/e2e ./graph/... ./ingest ./models/...

# The JavaScript clients that tests subscribe with.
clients:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory internal/test/e2e/clients/node_modules; fi

internal/test/e2e/clients/node_modules: internal/test/e2e/clients/package-lock.json
	cd internal/test/e2e/clients && npm ci --no-audit --no-fund
	@touch $@

# What tests need beside Go and npm: Debian as root gets it, elsewhere the tests
# that miss it say so and are skipped.
tools-for-tests:
	@bash internal/test/install

# What the tests of the chart and of continuous backups drive, if it is not installed: minutes of compiling, once.
helm:
	@command -v helm >/dev/null || GOBIN=$(CURDIR)/bin $(GO) install helm.sh/helm/v3/cmd/helm@v3.22.0

litestream:
	@command -v litestream >/dev/null || \
		GOBIN=$(CURDIR)/bin $(GO) install github.com/benbjohnson/litestream/cmd/litestream@v0.5.18

# Each fuzz target for FUZZTIME.
fuzz:
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$package; \
		done; \
	done

# Lines of 120 columns, where a tab is four. A struct tag, such as the help of a setting, cannot be wrapped.
LONG_LINES = git grep -nE $$'^(.{120}|\t.{116}|\t{2}.{112}|\t{3}.{108}|\t{4}.{104}|\t{5}.{100}|\t{6}.{96}|\t{7}.{92})' \
	-- '*.go' ':!graph/generated' ':!graph/schema.resolvers.go' | grep -v ' help:"'

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@! LC_ALL=C.UTF-8 $(LONG_LINES) || { echo "lines end before column 120"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@for os in darwin windows; do GOOS=$$os $(GO) list -deps . >/dev/null || exit 1; done

# Side by side with the hand-written program of bench/baseline, see docs/performance.md.
# BENCH_FLAGS=--postgres compares on PostgreSQL.
bench:
	$(GO) run ./bench/compare --sessions $(BENCH_SESSIONS) $(BENCH_FLAGS)

# The same questions on a small and on a large database.
bench-flat:
	$(GO) run ./bench/compare --flat $(BENCH_FLAT) $(BENCH_FLAGS)

# Bytes, processor time and memory, for docs/scaling.md.
bench-sizing:
	$(GO) run ./bench/compare --sizing $(BENCH_SIZING) $(BENCH_FLAGS)

# All Go benchmarks; that of the questions writes docs/benchmarks.md.
benchmarks: tools-for-tests
	BENCH_TABLE=$(CURDIR)/docs/benchmarks.md $(GO) test -run '^$$' -bench . -benchmem -timeout 2h ./...

# The pictures of README.md and docs, of the program and of generated sessions. Fonts for Chinese have to be installed.
pictures: tools-for-tests web
	mkdir -p docs/pictures
	$(GO) test ./internal/test/e2e -run '^TestPictures$$' -count=1 -args -pictures $(CURDIR)/docs/pictures

# Builds all of a release into dist/, but for what needs Docker, syft or cosign, and publishes nothing.
GORELEASER ?= $(shell command -v goreleaser || echo $(GO) run github.com/goreleaser/goreleaser/v2@v2.15.0)

release-check:
	$(GORELEASER) check
	$(GORELEASER) release --snapshot --clean --skip=docker,sbom,sign

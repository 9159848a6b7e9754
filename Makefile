# The words of this house. Each fetches what it needs and the machine lacks:
# Go, Node with npm, and for the tests PostgreSQL, are expected to be there.
.DEFAULT_GOAL := help
.PHONY: help run demo build test lint bench release

help: ## what each word does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: build ## build the page and the program, serve http://localhost:8080, keep data in ./data
	@bin/castellan serve

demo: build ## the same with a workspace filled with made-up people, kept in ./demo-data
	@bin/castellan demo

build: ## only build, to bin/
	@scripts/build

test: ## every check that a change must pass
	@scripts/check

lint: ## only the checks that run nothing: formatting, linters, known vulnerabilities
	@scripts/check lint

bench: ## measure what must stay fast, on both databases
	@scripts/bench

release: ## programs for every system with checksums and lists of parts, in dist/
	@scripts/release

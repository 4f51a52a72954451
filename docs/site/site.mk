# The documentation as a site.

site_tools := $(abspath $(BUILD))/site-tools
mkdocs      = CACHEKIT_DOCS='$(abspath $(BUILD))/docs' CACHEKIT_SITE='$(abspath $(BUILD))/site' \
    CACHEKIT_PYTHON='$(CURDIR)/bindings/python/src' NO_MKDOCS_2_WARNING=1 PYTHONDONTWRITEBYTECODE=1 SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' \
    '$(site_tools)/bin/mkdocs'

$(site_tools)/complete: docs/site/requirements.txt
	@python3 -m venv --clear '$(site_tools)' || { echo "make: the documentation needs python3 with venv (python3-venv)"; exit 1; }
	@'$(site_tools)/bin/python' -m pip install --quiet --no-input --only-binary :all: -r $< || \
	    { echo "make: what $< asks for cannot be had from PyPI"; exit 1; }
	@touch '$@'

.PHONY: docs
docs: cachekit $(site_tools)/complete ## build the documentation as a site, in build/site
	@rm -rf '$(BUILD)/docs'
	@$(GO) run ./docs/site '$(BUILD)/cachekit' '$(BUILD)/man' '$(BUILD)/docs'
	@# With --quiet it would not see the warnings that --strict is for.
	@said=$$($(mkdocs) build --strict -f docs/site/mkdocs.yml 2>&1) || { echo "$$said" | grep -v '^INFO'; exit 1; }
	@# These are for a site that has an address: 404.html looks for its styles at the root of a server.
	@rm -f '$(BUILD)/site/404.html' '$(BUILD)'/site/sitemap.xml*

.PHONY: test-docs
test-docs: ## build the documentation and check its links, and that it describes every public name
	GO='$(GO)' tests/go.sh -count=1 ./docs/site/... ./tests/docs/...

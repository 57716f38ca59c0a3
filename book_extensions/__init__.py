"""The book's own small Sphinx extensions. `_config.yml` names those that a build uses, in order."""

"""Compares what keeps a repository honest: settings, scripts, attributes, ignored sources."""

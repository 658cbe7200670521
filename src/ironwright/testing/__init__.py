"""For tests of gates, of plugins and of runs: a scripted model, `run_gate`, small crates, fault injection."""

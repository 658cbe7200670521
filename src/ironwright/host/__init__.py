"""The machine: processes, the sandbox, git, cargo and the clock; the only place that starts a process."""
